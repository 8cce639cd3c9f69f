"""Going from one day, week or month to the next one that has papers, and the calendar to jump by."""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet
from django.urls import reverse

from papers.models import Listing
from papers.periods import Period, parse_day, parse_month, parse_week

DAY, WEEK, MONTH = "day", "week", "month"
PARSERS = {DAY: parse_day, WEEK: parse_week, MONTH: parse_month}


@dataclass(frozen=True, slots=True)
class Page:
    """A period as a page: how its address writes it, and where that is."""

    kind: str
    period: Period

    @classmethod
    def holding(cls, kind: str, day: date) -> "Page":
        """The day, week or month in which a day lies."""
        return cls(kind, PARSERS[kind](_written(kind, day)))

    @property
    def day(self) -> date:
        return self.period.first

    @property
    def name(self) -> str:
        return _written(self.kind, self.period.first)

    @property
    def url(self) -> str:
        return reverse(f"papers:{self.kind}", args=[self.name])


@dataclass(frozen=True, slots=True)
class Cell:
    day: date
    is_inside: bool  # the month
    page: Page | None  # where the day has papers
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A week of a calendar. It has a page where one of its days has papers."""

    page: Page | None
    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """A month as a calendar, with the months beside it that have papers."""

    page: Page
    rows: tuple[Row, ...]
    earlier: Page | None
    later: Page | None


def listings() -> QuerySet[Listing]:
    """Listings of papers a reader may see: each stands for a day that has a page."""
    return Listing.objects.filter(paper__is_hidden=False, paper__is_withdrawn=False)


def newest(period: Period | None = None) -> date | None:
    """The last day that has papers: of all, or within a period."""
    listed = listings().filter(day__range=(period.first, period.last)) if period else listings()
    return listed.order_by("-day").values_list("day", flat=True).first()


def earlier(page: Page) -> Page | None:
    """The last page of the same kind before this one that has papers."""
    found = listings().filter(day__lt=page.period.first).order_by("-day").values_list("day", flat=True).first()
    return Page.holding(page.kind, found) if found else None


def later(page: Page) -> Page | None:
    found = listings().filter(day__gt=page.period.last).order_by("day").values_list("day", flat=True).first()
    return Page.holding(page.kind, found) if found else None


def nearest(day: date) -> date | None:
    """The day itself where it has papers, else the last one before it that has, else the first one after it."""
    before = listings().filter(day__lte=day).order_by("-day").values_list("day", flat=True).first()
    return before or listings().filter(day__gt=day).order_by("day").values_list("day", flat=True).first()


def month_of(shown: Page) -> Month:
    """The calendar of the month in which a page begins."""
    page = Page.holding(MONTH, shown.period.first)
    weeks = calendar.Calendar().monthdatescalendar(page.day.year, page.day.month)
    listed = listings().filter(day__range=(weeks[0][0], weeks[-1][-1])).order_by()
    days = {day: Page.holding(DAY, day) for day in listed.values_list("day", flat=True).distinct()}
    rows = tuple(_row(week, days, shown, page) for week in weeks)
    return Month(page, rows, earlier(page), later(page))


def _row(week: list[date], days: Mapping[date, Page], shown: Page, month: Page) -> Row:
    cells = tuple(
        Cell(
            day=day,
            is_inside=month.period.first <= day <= month.period.last,
            page=days.get(day),
            is_shown=shown.period.first <= day <= shown.period.last,
        )
        for day in week
    )
    has_papers = any(cell.page for cell in cells)
    return Row(Page.holding(WEEK, week[0]) if has_papers else None, week[0].isocalendar().week, cells)


def weeks_before(day: date, count: int) -> list[date]:
    """The Mondays of the last `count` weeks, the one that holds the day last."""
    monday = day - timedelta(days=day.weekday())
    return [monday - timedelta(weeks=back) for back in reversed(range(count))]


def _written(kind: str, day: date) -> str:
    match kind:
        case "week":
            year, week, _ = day.isocalendar()
            return f"{year:04}-W{week:02}"
        case "month":
            return f"{day.year:04}-{day.month:02}"
    return day.isoformat()
