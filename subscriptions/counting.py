"""How sending goes, in numbers: for /metrics, alerts and the back office. Each is bounded in time, whatever the
ledger holds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from subscriptions.models import Delivery, DeliveryEvent, Digest, Subscriber
from subscriptions.models.ledger import DeliveryQuerySet

State = Delivery.State

OPEN = (State.QUEUED, State.CLAIMED, State.SENDING, State.UNKNOWN)
ENDED = (State.ACCEPTED, State.FAILED, State.CANCELLED)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
# Rows settled within a window were due at most this long before it: what the index on `not_before` needs to know.
WAITED = timedelta(hours=12)


@dataclass(frozen=True)
class Rates:
    """What became of mail that was accepted within a window. Shares are of 1."""

    accepted: int
    bounced: int
    complained: int

    @property
    def bounce(self) -> float:
        return self.bounced / self.accepted if self.accepted else 0.0

    @property
    def complaint(self) -> float:
        return self.complained / self.accepted if self.accepted else 0.0


@dataclass(frozen=True)
class Latencies:
    """From the moment digests fell due until the provider took them. `within[i]`: how many took at most bounds[i]."""

    within: tuple[int, ...]
    count: int
    seconds: float


def rates(now: datetime, window: timedelta = WEEK) -> Rates:
    events = DeliveryEvent.objects.filter(received_at__gt=now - window).exclude(delivery=None)
    told = events.aggregate(
        bounced=Count("delivery", filter=Q(kind=DeliveryEvent.Kind.BOUNCED), distinct=True),
        complained=Count("delivery", filter=Q(kind=DeliveryEvent.Kind.COMPLAINED), distinct=True),
    )
    return Rates(accepted=_settled(now, window).filter(state=State.ACCEPTED).count(), **told)


def deliveries(now: datetime, window: timedelta = DAY) -> dict[str, int]:
    """Messages by state: all that are open or unknown, and those that ended within the window."""
    counts = dict.fromkeys(State.values, 0)
    still = Delivery.objects.filter(state__in=OPEN)
    ended = _settled(now, window).filter(state__in=ENDED)
    for rows in (still, ended):
        counts |= dict(rows.order_by().values_list("state").annotate(Count("pk")))
    return counts


def digests(now: datetime) -> dict[str, int]:
    """Digests of the last two editions by outcome."""
    recent = Digest.objects.filter(edition__gte=(now - DAY).date()).order_by()
    return dict.fromkeys(Digest.Outcome.values, 0) | dict(recent.values_list("outcome").annotate(Count("pk")))


def readers() -> dict[str, int]:
    found = Subscriber.objects.order_by().values_list("status").annotate(Count("pk"))
    return dict.fromkeys(Subscriber.Status.values, 0) | dict(found)


def longest_wait(now: datetime) -> timedelta:
    """How long the message that is due longest has been waiting."""
    return _since(Delivery.objects.due(now).aggregate(at=Min("not_before"))["at"], now)


def longest_uncomposed(now: datetime) -> timedelta:
    """How long the reader who is due longest has been waiting for a digest to be composed."""
    return _since(Subscriber.objects.due(now).aggregate(at=Min("next_digest_at"))["at"], now)


def latencies(now: datetime, bounds: Sequence[timedelta], window: timedelta = DAY) -> Latencies:
    sent = _settled(now, window).filter(state=State.ACCEPTED, digest__isnull=False)
    # The messages of a window settle together, and subtracting times is what SQLite is slow at.
    pairs = sent.order_by().values_list("digest__due_at", "settled_at").annotate(count=Count("pk"))
    took: Counter[timedelta] = Counter()
    for due_at, settled_at, count in pairs.iterator():
        took[settled_at - due_at] += count
    within = tuple(sum(count for time, count in took.items() if time <= most) for most in bounds)
    seconds = sum((time * count for time, count in took.items()), timedelta()).total_seconds()
    return Latencies(within, took.total(), seconds)


def _settled(now: datetime, window: timedelta) -> DeliveryQuerySet:
    since = now - window
    return Delivery.objects.filter(not_before__gt=since - WAITED, settled_at__gt=since)


def _since(at: datetime | None, now: datetime) -> timedelta:
    return max(now - at, timedelta()) if at else timedelta()
