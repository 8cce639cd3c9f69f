"""A day, a week or a month of papers, as addresses write them: 2026-08-12, 2026-W33, 2026-08."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_WEEK = re.compile(r"(\d{4})-W(\d\d)", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d\d)", re.ASCII)


class BadPeriod(ValueError):
    """What was asked for is no day, week or month; the message says how to write one."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `first` to `last`, both included."""

    first: date
    last: date


def parse_day(text: str) -> Period:
    """Read `2026-08-12`. Raises BadPeriod."""
    try:
        day = date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        raise BadPeriod(_("“%(text)s” is not a date; write it like 2026-08-12.") % {"text": text}) from None
    return Period(day, day)


def parse_week(text: str) -> Period:
    """Read `2026-W33`, an ISO week: Monday to Sunday. Raises BadPeriod."""
    match = _WEEK.fullmatch(text)
    try:
        monday = date.fromisocalendar(*map(int, match.groups()), 1) if match else None
        if monday:
            return Period(monday, monday + timedelta(days=6))
    except (ValueError, OverflowError):
        pass
    raise BadPeriod(_("“%(text)s” is not a week; write it like 2026-W33.") % {"text": text})


def parse_month(text: str) -> Period:
    """Read `2026-08`. Raises BadPeriod."""
    match = _MONTH.fullmatch(text)
    try:
        first = date(*map(int, match.groups()), 1) if match else None
        if first:
            return Period(first, (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1))
    except (ValueError, OverflowError):
        pass
    raise BadPeriod(_("“%(text)s” is not a month; write it like 2026-08.") % {"text": text})
