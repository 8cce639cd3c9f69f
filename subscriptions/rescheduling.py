"""When a reader's next digest is due after something about them changed. Never queries, never saves."""

from datetime import date, datetime, timedelta

from subscriptions.models import Subscriber
from subscriptions.schedule import next_send_at

# An operator's pause has no end: the reader's own frequency is kept for the day it is lifted.
UNTIL_LIFTED = date.max


def reschedule(subscriber: Subscriber, now: datetime) -> None:
    """Set `next_digest_at` from the reader's own fields; None while nothing is wished.

    Not on a day that had its edition, and not within 20 hours of the last one: no change of zone, hour or
    days brings a second copy.
    """
    subscriber.next_digest_at = _next(subscriber, now) if subscriber.is_active else None


def _next(subscriber: Subscriber, now: datetime) -> datetime | None:
    last_edition = subscriber.last_edition
    if subscriber.paused_until == UNTIL_LIFTED:
        return None
    if subscriber.paused_until is not None:
        # As if every day of the pause had had its edition.
        last_edition = max(filter(None, (last_edition, subscriber.paused_until - timedelta(days=1))))
    return next_send_at(
        subscriber.zone,
        subscriber.hour,
        subscriber.days,
        now,
        last_edition=last_edition,
        last_due_at=subscriber.last_due_at,
    )
