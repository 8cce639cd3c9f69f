"""Has a source become poorer (STANDARDS R06, R07)? Its last whole day against the same weekday of weeks before."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Q

from papers.models import Listing
from papers.sources.base import Source

WEEKS = 8
# Fewer weeks, or papers, prove nothing.
ENOUGH_WEEKS, ENOUGH_PAPERS = 4, 10
MIN_SHARE = 0.3
MAX_FALL = 0.05
# Lists grow past midnight.
SETTLED = timedelta(hours=12)
_FILLED = {"abstract": ~Q(paper__abstract=""), "authors": ~Q(paper__authors=[])}


@dataclass(frozen=True)
class Day:
    papers: int
    filled: dict[str, int]


def too_few(source: Source, now: datetime) -> str:
    """A sentence, when the day has less than a third of what is usual and the calendar expects a list."""
    day, days = _days(source, now)
    usual = median(one.papers for one in days[1:]) if len(days) > ENOUGH_WEEKS else 0
    if not source.expects(day) or days[0].papers >= MIN_SHARE * usual:
        return ""
    return f"{source.slug} listed {days[0].papers} papers on {day}; on that weekday it is mostly {usual:.0f}"


def left_empty(source: Source, now: datetime) -> Iterator[str]:
    """A sentence for each field that clearly fewer of the day's papers have than papers used to."""
    day, days = _days(source, now)
    before = sum(one.papers for one in days[1:])
    if days[0].papers < ENOUGH_PAPERS or len(days) <= ENOUGH_WEEKS:
        return
    for field, filled in days[0].filled.items():
        share, usual = filled / days[0].papers, sum(one.filled[field] for one in days[1:]) / before
        if share < usual - MAX_FALL:
            yield f"{share:.0%} of what {source.slug} listed on {day} has {field}; in the weeks before {usual:.0%}"


def _days(source: Source, now: datetime) -> tuple[date, list[Day]]:
    """The last whole day, and what it and that weekday in the weeks before brought; weeks without a list left out."""
    day = (now - SETTLED).date() - timedelta(days=1)
    dates = [day - timedelta(weeks=weeks) for weeks in range(WEEKS + 1)]
    counts = {f"with_{field}": Count("pk", filter=is_filled) for field, is_filled in _FILLED.items()}
    listed = Listing.objects.filter(source=source.slug, day__in=dates).order_by()
    rows: Any = listed.values("day").annotate(papers=Count("pk"), **counts)
    found = {row["day"]: Day(row["papers"], {field: row[f"with_{field}"] for field in _FILLED}) for row in rows}
    none = Day(0, dict.fromkeys(_FILLED, 0))
    return day, [found.get(day, none), *(found[one] for one in dates[1:] if one in found)]
