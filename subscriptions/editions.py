"""Is a send day done? An edition closes when every digest due on it has an end that can be named."""

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import compress

from django.db.models import Count, Exists

from subscriptions.models import Delivery, Digest, Edition, Subscriber
from subscriptions.schedule import edition_of

State = Delivery.State

# A date ends last at UTC-12.
_OVER = timedelta(hours=36)
RED_AFTER = timedelta(days=1)
# Editions older than this are no longer asked for.
HORIZON = timedelta(days=30)
_AHEAD = timedelta(days=1)


@dataclass(frozen=True)
class Tally:
    """One edition in numbers. `due` balances when nothing is `open` and nobody `uncomposed`."""

    due: int = 0
    accepted: int = 0
    failed: int = 0
    cancelled: int = 0
    unknown: int = 0
    skipped: int = 0
    open: int = 0
    uncomposed: int = 0

    @property
    def is_balanced(self) -> bool:
        ended = self.accepted + self.failed + self.cancelled + self.unknown + self.skipped
        return self.due == ended

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def tally(days: list[date], now: datetime) -> dict[date, Tally]:
    """Count what is due on each day and what became of it: three queries, however many readers."""
    states = _count_states(days)
    overdue = _count_uncomposed(now)
    return {day: _add_up(states[day], overdue[day]) for day in days}


def open_days(now: datetime) -> list[date]:
    """Days with digests that are not closed yet, oldest first."""
    since = now.date() - HORIZON
    closed = set(Edition.objects.filter(closed_at__isnull=False, day__gte=since).values_list("day", flat=True))
    # To tomorrow, where it has come already. Each day is looked up by itself: a month's digests may be millions.
    days = [day for ago in range((HORIZON + _AHEAD).days + 1) if (day := since + timedelta(days=ago)) not in closed]
    found = Digest.objects.order_by("pk").values_list(*(Exists(Digest.objects.filter(edition=day)) for day in days))
    return list(compress(days, found.first() or ()))


def close_balanced(now: datetime) -> list[date]:
    """Close each edition that is over everywhere on earth and balances; return those closed. Safe to run twice.

    Each edition gets its row here first, for operators to see and act on.
    """
    days = open_days(now)
    Edition.objects.bulk_create((Edition(day=day, created_at=now) for day in days), ignore_conflicts=True)
    closed = []
    for day, counts in tally([day for day in days if now >= ends_at(day)], now).items():
        unclosed = Edition.objects.filter(day=day, closed_at=None)
        if counts.is_balanced and unclosed.update(closed_at=now, counts=counts.as_dict()):
            closed.append(day)
    return closed


def stuck(now: datetime) -> list[date]:
    """Editions that should have closed a day ago."""
    return [day for day in open_days(now) if now > ends_at(day) + RED_AFTER]


def ends_at(day: date) -> datetime:
    """When the last place on earth leaves that date."""
    return datetime.combine(day, time(), UTC) + _OVER


def _count_states(days: list[date]) -> defaultdict[date, Counter[str | None]]:
    rows = Digest.objects.filter(edition__in=days).order_by().values_list("edition", "delivery__state")
    found: defaultdict[date, Counter[str | None]] = defaultdict(Counter)
    for day, state, count in rows.annotate(Count("pk")):
        found[day][state] += count
    return found


def _count_uncomposed(now: datetime) -> Counter[date]:
    """Readers who are due but were given no digest yet, by the edition they wait for."""
    due = Subscriber.objects.due(now).values_list("next_digest_at", "zone")
    return Counter(edition_of(due_at, zone) for due_at, zone in due.iterator() if due_at is not None)


def _add_up(states: Counter[str | None], uncomposed: int) -> Tally:
    return Tally(
        due=states.total() + uncomposed,
        accepted=states[State.ACCEPTED],
        failed=states[State.FAILED],
        cancelled=states[State.CANCELLED],
        unknown=states[State.UNKNOWN],
        skipped=states[None],
        open=states[State.QUEUED] + states[State.CLAIMED] + states[State.SENDING],
        uncomposed=uncomposed,
    )
