"""Change what an active reader gets, and when. Of a reader who is erased at this moment, nothing."""

from datetime import date, datetime

from django.db import transaction

from subscriptions import consent
from subscriptions.consent import Shown
from subscriptions.models import Subscriber
from subscriptions.preferences import Preferences
from subscriptions.rescheduling import reschedule
from subscriptions.schedule import edition_of, period

SCHEDULE = frozenset({"frequency", "weekday", "hour", "zone"})


def change(subscriber_id: int, preferences: Preferences, now: datetime, shown: Shown) -> bool:
    """Write new preferences; False when nothing differs. A changed schedule sets the next digest's time anew."""
    with transaction.atomic():
        subscriber = _locked(subscriber_id)
        if subscriber is None:
            return False
        was_paused = not subscriber.days
        changed = preferences.write_columns(subscriber)
        if not (preferences.write_interests(subscriber) or changed):
            return False
        if SCHEDULE.intersection(changed):
            reschedule(subscriber, now)
            if was_paused:
                _leave_out_pause(subscriber, now)
            changed += ["next_digest_at", "cutoff_at"]
        subscriber.save(update_fields=changed)
        consent.record(consent.Kind.CHANGED, subscriber, now, shown)
    return True


def pause(subscriber_id: int, until: date | None, now: datetime, shown: Shown) -> bool:
    """No digest before the reader's local date `until`; None: go on at once. False when it was so already."""
    with transaction.atomic():
        subscriber = _locked(subscriber_id)
        if subscriber is None or subscriber.paused_until == until:
            return False
        subscriber.paused_until = until
        reschedule(subscriber, now)
        if until is None:
            _leave_out_pause(subscriber, now)
        subscriber.save(update_fields=["paused_until", "next_digest_at", "cutoff_at"])
        consent.record(consent.Kind.CHANGED, subscriber, now, shown)
    return True


def _leave_out_pause(subscriber: Subscriber, now: datetime) -> None:
    """Begin the next digest at most one period back: what came while nothing was wished stays out."""
    if subscriber.cutoff_at and subscriber.days:
        subscriber.cutoff_at = max(
            subscriber.cutoff_at, now - period(subscriber.days, edition_of(now, subscriber.zone))
        )


def _locked(subscriber_id: int) -> Subscriber | None:
    return Subscriber.objects.select_for_update().filter(pk=subscriber_id).first()
