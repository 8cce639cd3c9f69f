"""What became of a reader's digests, in words for that reader."""

from datetime import date

from django.db.models import Count, Q, QuerySet
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from subscriptions.models import Delivery, Digest, DigestItem, Interest, Subscriber

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
    """The newest first, each with its delivery; `paper_count` and `matched_count` say how many papers it has."""
    matched = Q(items__section=DigestItem.Section.MATCHED)
    counted = reader.digests.select_related("delivery").annotate(
        paper_count=Count("items"), matched_count=Count("items", filter=matched)
    )
    return counted.order_by("-edition", "-pk")


def asked_of(reader: Subscriber) -> QuerySet[Interest, str]:
    """What papers are found by, as it was typed."""
    return reader.interests.filter(is_muted=False).order_by("pk").values_list("text", flat=True)


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


def left_out(digest: Digest) -> int:
    """How many more papers matched than the reader wants in one digest; for digests from this module."""
    count: int = getattr(digest, "matched_count", 0)
    return max(digest.matched - count, 0) if count else 0


def _content(digest: Digest) -> str:
    count: int = getattr(digest, "paper_count", 0)
    papers = ngettext("%(count)d paper", "%(count)d papers", count) % {"count": count}
    return _("%(papers)s, chosen from %(considered)s") % {
        "papers": papers,
        "considered": number_format(digest.considered, use_l10n=True, force_grouping=True),
    }
