"""When a reader's next digest is due after something about them changed. Never queries, never saves."""

from datetime import UTC, date, datetime, time, timedelta

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
    after, last_edition = now, subscriber.last_edition
    pause = subscriber.paused_until
    if pause == UNTIL_LIFTED:
        return None
    if pause is not None:
        # Begin to look a little before the pause ends, wherever the reader lives; the edition does the rest.
        after = max(now, datetime.combine(pause, time(), UTC) - timedelta(days=2))
        last_edition = max(filter(None, (last_edition, pause - timedelta(days=1))))
    return next_send_at(
        subscriber.zone,
        subscriber.hour,
        subscriber.days,
        after,
        last_edition=last_edition,
        last_due_at=subscriber.last_due_at,
    )
