"""Papers: how many each source listed on each day, and how the last reading of that day ended."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count

from digest_site.glance.charts import Stacks, stacks
from papers.models import Listing, Reading
from papers.rehearsing import EDITORS
from papers.sources import SOURCES

DAYS = 14
# What stands in the strip under the columns, so that colour is not all there is.
SIGNS = {"new": "✓", "unchanged": "✓", "quiet": "–", "stale": "…", "failed": "✕", "running": "↻", "": " "}


@dataclass(frozen=True)
class Ending:
    """How the last reading of a source-day ended; "" where there was none."""

    source: str
    day: date
    outcome: str

    @property
    def sign(self) -> str:
        return SIGNS[self.outcome]

    @property
    def words(self) -> str:
        return str(Reading.Outcome(self.outcome).label) if self.outcome else ""


@dataclass(frozen=True)
class Row:
    """One source: its name and class, and day by day how many papers it listed and how reading it ended."""

    slug: str
    name: str
    cells: list[tuple[int, Ending]]


@dataclass(frozen=True)
class Arrivals:
    days: list[date]
    rows: list[Row]

    @property
    def stacks(self) -> Stacks:
        columns = [
            (f"{day:%m-%d}", [(row.slug, row.cells[at][0]) for row in self.rows]) for at, day in enumerate(self.days)
        ]
        return stacks(columns)


def arrivals(now: datetime) -> Arrivals:
    """The last fourteen days; two queries."""
    days = [now.date() - timedelta(days=back) for back in range(DAYS)][::-1]
    listed = _listed(days[0])
    endings = _endings(days[0], now)
    names = {slug: source.name for slug, source in SOURCES.items()}
    if any(slug == EDITORS for slug, _ in listed):
        names[EDITORS] = "Editors"
    rows = [
        Row(slug, name, [(listed[slug, day], Ending(slug, day, endings.get((slug, day), ""))) for day in days])
        for slug, name in names.items()
    ]
    return Arrivals(days, rows)


def _listed(first: date) -> defaultdict[tuple[str, date], int]:
    found: defaultdict[tuple[str, date], int] = defaultdict(int)
    rows = Listing.objects.filter(day__gte=first).order_by().values_list("source", "day").annotate(Count("pk"))
    found.update({(source, day): number for source, day, number in rows})
    return found


def _endings(first: date, now: datetime) -> dict[tuple[str, date], str]:
    """The outcome of the reading that was begun last, by source and day."""
    since = now - timedelta(days=DAYS + 2)
    rows = Reading.objects.filter(started_at__gt=since, day__gte=first).order_by("started_at", "pk")
    return {(source, day): outcome for source, day, outcome in rows.values_list("source", "day", "outcome")}
