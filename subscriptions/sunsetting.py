"""Ask readers who have given no sign for a year whether digests are still wanted; pause who stays silent (S25).

Opening a mail is watched by nobody, and fetching a page may be a scanner's doing. So a sign is what is sent from
one of our own pages: a confirmation, changed preferences, a pause, feedback, the answer to the question itself.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThanOrEqual

from subscriptions import changing, queueing
from subscriptions.consent import Shown
from subscriptions.models import Delivery, Subscriber
from subscriptions.models.subscriber import SubscriberQuerySet
from subscriptions.rescheduling import UNTIL_LIFTED

SILENCE = timedelta(days=365)
GRACE = timedelta(days=30)
BATCH = 500
_SIGN = Coalesce("seen_at", "confirmed_at", "created_at")


def note_sign(subscriber_id: int, now: datetime) -> None:
    """Remember that the reader has just sent something from one of our pages."""
    Subscriber.objects.filter(pk=subscriber_id).update(seen_at=now)


def stay(subscriber_id: int, now: datetime, shown: Shown) -> None:
    """Yes, still wanted: a sign, and the end of the pause that silence brought. Safe to run twice."""
    with transaction.atomic():
        silenced = _asked().filter(pk=subscriber_id, paused_until=UNTIL_LIFTED).exists()
        note_sign(subscriber_id, now)
        if silenced:
            changing.pause(subscriber_id, None, now, shown)


def ask_silent(now: datetime) -> int:
    """Queue one mail for each reader silent for a year; return how many. Safe to run twice and beside others."""
    # Who pauses is not asked: nothing comes to them.
    readers = Subscriber.objects.active().filter(next_digest_at__isnull=False)
    silent = readers.filter(LessThanOrEqual(_SIGN, now - SILENCE), Q(asked_at=None) | Q(asked_at__lt=_SIGN))
    return sum(_ask(silent, pk, now) for pk in _pages(silent))


def pause_silent(now: datetime) -> int:
    """Pause those who have not answered within 30 days of the mail, however it ended; return how many."""
    question = Delivery.objects.filter(subscriber=OuterRef("pk"), kind=Delivery.Kind.STILL_WANTED)
    too_new = question.filter(Q(settled_at=None) | Q(settled_at__gt=now - GRACE))
    silent = _asked().filter(next_digest_at__isnull=False, asked_at__lte=now - GRACE).exclude(Exists(too_new))
    return sum(_pause(silent, pk, now) for pk in _pages(silent))


def _asked() -> SubscriberQuerySet:
    """Those who have given no sign since they were asked."""
    return Subscriber.objects.active().filter(asked_at__gte=_SIGN)


def _pages(readers: SubscriberQuerySet) -> Iterator[int]:
    last = 0
    while pks := list(readers.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield from pks
        last = pks[-1]


def _ask(silent: SubscriberQuerySet, pk: int, now: datetime) -> bool:
    with transaction.atomic():
        reader = silent.filter(pk=pk).select_for_update().first()
        if reader is None:
            return False
        reader.asked_at = now
        reader.save(update_fields=["asked_at"])
        return queueing.queue(Delivery.Kind.STILL_WANTED, reader, now) is not None


def _pause(silent: SubscriberQuerySet, pk: int, now: datetime) -> bool:
    with transaction.atomic():
        if silent.filter(pk=pk).select_for_update().first() is None:
            return False
        return changing.pause(pk, UNTIL_LIFTED, now, Shown(form="no sign for a year"))
