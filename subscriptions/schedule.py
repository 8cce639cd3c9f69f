"""When a digest falls due. Pure, and the only code that knows local time. No models, no clock."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# STANDARDS D34: whatever the clocks and the reader's own changes do.
MIN_DISTANCE = timedelta(hours=20)
# The same: an older digest is not sent any more; its papers come with the next one.
LATE_AFTER = timedelta(hours=12)
# A week finds any weekday; one more for a date the zone skipped, one for MIN_DISTANCE.
_HORIZON = 3 * 7
_MINUTE = timedelta(minutes=1)
_UTC = ZoneInfo("UTC")


def next_send_at(
    zone: str,
    hour: int,
    days: frozenset[int],
    after: datetime,
    *,
    last_edition: date | None = None,
    last_due_at: datetime | None = None,
) -> datetime | None:
    """The next due instant (UTC) strictly after `after`; None when `days` is empty.

    `hour` is local, 0–23; Monday is 0 in `days`. The local date is later than `last_edition`, so moving
    to another zone brings no second copy, and the instant at least 20 hours after `last_due_at`.
    An unknown zone counts as UTC (STANDARDS D30, D33, D34).
    """
    info = zone_info(zone)
    earliest = after if last_due_at is None else max(after, last_due_at + MIN_DISTANCE - timedelta.resolution)
    first = earliest.astimezone(info).date()
    if last_edition is not None:
        first = max(first, last_edition + timedelta(days=1))
    for ahead in range(_HORIZON if days else 0):
        day = first + timedelta(days=ahead)
        if day.weekday() in days and (due_at := _instant(day, hour, info)) and due_at > earliest:
            return due_at
    return None


def edition_of(due_at: datetime, zone: str) -> date:
    """The edition that falls due at that instant: the reader's local date."""
    return due_at.astimezone(zone_info(zone)).date()


def period(days: frozenset[int], edition: date) -> timedelta:
    """How long before `edition` the one before it lies: a day, three on a Monday after weekdays, a week."""
    back = next((n for n in range(1, 8) if (edition.weekday() - n) % 7 in days), 1)
    return timedelta(days=back)


def is_zone(name: str) -> bool:
    """Tell whether the machine's time zone database knows `name`."""
    return name == "UTC" or zone_info(name) is not _UTC


@lru_cache(maxsize=1024)
def zone_info(name: str) -> ZoneInfo:
    """The zone, or UTC for a name that is unknown or no longer known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder, such as "America"
        return _UTC


def _instant(day: date, hour: int, info: ZoneInfo) -> datetime | None:
    """The UTC instant of a local hour; None when the zone skipped that whole date.

    An hour that comes twice: the first time. An hour that does not exist: the first instant after the
    gap, or, where the gap runs to midnight (Nuuk in March, 23 h), the last minute before it, so that every
    date keeps its own edition.
    """
    wanted = datetime.combine(day, time(hour), info)
    due_at = wanted.astimezone(UTC)
    if due_at.astimezone(info).replace(tzinfo=None) == wanted.replace(tzinfo=None):
        return due_at
    gap_end = _transition(wanted.replace(fold=1).astimezone(UTC), due_at, info)
    candidates = (gap_end, gap_end - _MINUTE)
    return next((at for at in candidates if at.astimezone(info).date() == day), None)


def _transition(low: datetime, high: datetime, info: ZoneInfo) -> datetime:
    """The first whole minute between two instants at which the zone's later offset holds."""
    after = high.astimezone(info).utcoffset()
    while high - low > _MINUTE:
        middle = low + (high - low) // 2
        low, high = (low, middle) if middle.astimezone(info).utcoffset() == after else (middle, high)
    return high.replace(second=0, microsecond=0)
