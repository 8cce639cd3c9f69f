"""What became of a reader's digests, in words for that reader."""

from datetime import date

from django.db.models import Count, QuerySet

from subscriptions.models import Delivery, Digest, Subscriber

SHOWN = 30
State = Delivery.State

# What a delivery's state means to the one who waits for it.
_STATES = {
    State.QUEUED: "about to be sent",
    State.CLAIMED: "about to be sent",
    State.SENDING: "being sent",
    State.ACCEPTED: "sent",
    State.FAILED: "your mail server refused it",
    State.CANCELLED: "not sent",
    State.UNKNOWN: "perhaps sent: the connection broke at that moment",
}


def last_digests(reader: Subscriber) -> list[Digest]:
    """The newest first, each with its delivery and, as `paper_count`, how many papers it has."""
    return list(_digests(reader)[:SHOWN])


def digest_of(reader: Subscriber, day: date) -> Digest | None:
    return _digests(reader).filter(edition=day).first()


def outcome(digest: Digest) -> str:
    """What it held or why it held nothing, and whether it left; for digests from this module."""
    said = digest.reason or _content(digest)
    delivery = getattr(digest, "delivery", None)
    if delivery is None:
        return said
    became = _STATES[State(delivery.state)]
    if delivery.state == State.CANCELLED and delivery.reason:
        became = f"{became}: {delivery.reason}"
    return f"{said.rstrip('.')} · {became}"


def _content(digest: Digest) -> str:
    count: int = getattr(digest, "paper_count", 0)
    return f"{count} paper{'' if count == 1 else 's'}, chosen from {digest.considered:,}"


def _digests(reader: Subscriber) -> QuerySet[Digest]:
    return reader.digests.select_related("delivery").annotate(paper_count=Count("items")).order_by("-edition")
