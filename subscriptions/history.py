"""What became of a reader's digests, in words for that reader."""

from datetime import date

from django.db.models import Count, QuerySet
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from subscriptions.models import Delivery, Digest, Subscriber

State = Delivery.State

# What a delivery's state means to the one who waits for it.
_STATES = {
    State.QUEUED: gettext_lazy("about to be sent"),
    State.CLAIMED: gettext_lazy("about to be sent"),
    State.SENDING: gettext_lazy("being sent"),
    State.ACCEPTED: gettext_lazy("sent"),
    State.FAILED: gettext_lazy("your mail server refused it"),
    State.CANCELLED: gettext_lazy("not sent"),
    State.UNKNOWN: gettext_lazy("perhaps sent: the connection broke at that moment"),
}


def digests_of(reader: Subscriber) -> QuerySet[Digest]:
    """The newest first, each with its delivery and, as `paper_count`, how many papers it has."""
    counted = reader.digests.select_related("delivery").annotate(paper_count=Count("items"))
    return counted.order_by("-edition", "-pk")


def digest_of(reader: Subscriber, day: date) -> Digest | None:
    return digests_of(reader).filter(edition=day).first()


def outcome(digest: Digest) -> str:
    """What it held or why it held nothing, and whether it left; for digests from this module."""
    said = digest.reason_told or _content(digest)
    delivery = getattr(digest, "delivery", None)
    if delivery is None:
        return said
    became = str(_STATES[State(delivery.state)])
    if delivery.state == State.CANCELLED and delivery.reason:
        became = f"{became}: {_(delivery.reason)}"
    return f"{said.rstrip('.')} · {became}"


def _content(digest: Digest) -> str:
    count: int = getattr(digest, "paper_count", 0)
    papers = ngettext("%(count)d paper", "%(count)d papers", count) % {"count": count}
    return _("%(papers)s, chosen from %(considered)s") % {
        "papers": papers,
        "considered": number_format(digest.considered, use_l10n=True, force_grouping=True),
    }
