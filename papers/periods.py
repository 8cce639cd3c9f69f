"""A day, a week or a month of papers, as addresses write them: 2026-08-12, 2026-W33, 2026-08."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

_SHOWN = 40  # characters of what was asked for
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
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
        day = date(*_numbers(_DAY, text))
    except ValueError:
        raise BadPeriod(_("“%(text)s” is not a date; write it like 2026-08-12.") % {"text": text[:_SHOWN]}) from None
    return Period(day, day)


def parse_week(text: str) -> Period:
    """Read `2026-W33`, an ISO week: Monday to Sunday. Raises BadPeriod."""
    try:
        year, week, _rest = _numbers(_WEEK, text)
        return Period(date.fromisocalendar(year, week, 1), date.fromisocalendar(year, week, 7))
    except (ValueError, OverflowError):
        raise BadPeriod(_("“%(text)s” is not a week; write it like 2026-W33.") % {"text": text[:_SHOWN]}) from None


def parse_month(text: str) -> Period:
    """Read `2026-08`. Raises BadPeriod."""
    try:
        year, month, _rest = _numbers(_MONTH, text)
        return Period(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
    except ValueError:
        raise BadPeriod(_("“%(text)s” is not a month; write it like 2026-08.") % {"text": text[:_SHOWN]}) from None


def _numbers(form: re.Pattern[str], text: str) -> tuple[int, int, int]:
    """Year, month or week, and day; 1 where the form has none. Raises ValueError."""
    match = form.fullmatch(text)
    if match is None:
        raise ValueError(text)
    first, second, *rest = map(int, match.groups())
    return first, second, rest[0] if rest else 1
