"""When arXiv announces: tells a quiet day from a page that is late."""

# https://info.arxiv.org/help/availability.html

from datetime import date, timedelta
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
"""arXiv counts its days in US Eastern time: lists turn at 20:00 there, feeds are built at midnight."""

_SATURDAY = 5

_WITHOUT_MAILING = frozenset(
    date(2026, month, day)
    for month, day in ((1, 1), (1, 19), (6, 19), (7, 3), (9, 7), (11, 26), (12, 25), (12, 29), (12, 31))
)


def expects(day: date) -> bool:
    """Whether a list dated `day` should come.

    A list bears the date of the morning after its announcement. There is none on Friday and Saturday
    evenings, so none dated Saturday or Sunday; Sunday evening's is Monday's. An evening without mailing
    leaves the next morning's list empty; the holiday's own date is not relied on either.

    Limits: arXiv publishes its holidays year by year and this table knows 2026 only, so in other years
    a holiday looks late instead of quiet; nor does it know deferrals made at short notice, which
    status.arxiv.org tells. Neither costs a paper.
    """
    evening = day - timedelta(days=1)
    return day.weekday() < _SATURDAY and _WITHOUT_MAILING.isdisjoint({day, evening})
