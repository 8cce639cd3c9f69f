"""Readers: how many there are, and how that went for ninety days."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncDate

from digest_site.glance.charts import Line, line
from subscriptions.models import Subscriber

DAYS = 90
Status = Subscriber.Status


@dataclass(frozen=True)
class Readers:
    """`paused` are among the active ones. `history`: active readers at the end of each of the last days."""

    active: int
    pending: int
    paused: int
    left: int
    history: list[tuple[date, int]]
    came: int
    went: int

    @property
    def line(self) -> Line:
        return line([number for _, number in self.history])

    @property
    def weeks(self) -> list[tuple[date, int]]:
        """Every seventh day of the history, the last one included: for those who read the numbers."""
        return self.history[::-1][::7][::-1]


def readers(now: datetime) -> Readers:
    today = now.date()
    paused = Q(frequency=Subscriber.Frequency.PAUSED) | Q(paused_until__gt=today)
    counts = Subscriber.objects.aggregate(
        active=Count("pk", filter=Q(status=Status.ACTIVE)),
        pending=Count("pk", filter=Q(status=Status.PENDING)),
        paused=Count("pk", filter=Q(status=Status.ACTIVE) & paused),
        left=Count("pk", filter=Q(status=Status.LEFT)),
    )
    came, went = _by_day("confirmed_at", now), _by_day("left_at", now, status=Status.LEFT, confirmed_at__isnull=False)
    history = _backwards(counts["active"], came, went, today)
    return Readers(**counts, history=history, came=came.total(), went=went.total())


def _by_day(column: str, now: datetime, **among: Any) -> Counter[date]:
    rows = Subscriber.objects.filter(**{f"{column}__gt": now - timedelta(days=DAYS)}, **among).order_by()
    return Counter(dict(rows.values_list(TruncDate(column)).annotate(Count("pk"))))


def _backwards(active: int, came: Counter[date], went: Counter[date], today: date) -> list[tuple[date, int]]:
    """From today's number, day by day back: less who came, more who went."""
    history = []
    for back in range(DAYS):
        day = today - timedelta(days=back)
        history.append((day, max(active, 0)))
        active += went[day] - came[day]
    return history[::-1]
