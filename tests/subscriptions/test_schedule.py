"""No django_db mark: the schedule is pure."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from subscriptions.schedule import MIN_DISTANCE, edition_of, is_zone, next_send_at, period

DAILY = frozenset(range(7))
WEEKDAYS = frozenset(range(5))
START = datetime(2025, 1, 1, tzinfo=UTC)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def editions(zone, hour, days, start, end):
    """What a composer that is never late would do: (edition, due instant) of every digest."""
    found = []
    due_at = next_send_at(zone, hour, days, start)
    while due_at < end:
        edition = edition_of(due_at, zone)
        found.append((edition, due_at))
        due_at = next_send_at(zone, hour, days, due_at, last_edition=edition, last_due_at=due_at)
    return found


def zones_at(hour):
    """Every zone at 7; at the hours where clocks are moved, the zones that move theirs in these years."""
    weeks = [START + timedelta(weeks=n) for n in range(3 * 52)]
    zones = sorted(available_timezones())
    return [z for z in zones if hour == 7 or len({week.astimezone(ZoneInfo(z)).utcoffset() for week in weeks}) > 1]


@pytest.mark.parametrize("hour", [0, 2, 7, 23])
def test_next_send_at_gives_every_date_of_every_zone_once(hour):
    wrong = []

    for zone in zones_at(hour):
        found = editions(zone, hour, DAILY, START, datetime(2028, 1, 1, tzinfo=UTC))
        dates = [edition for edition, _ in found]
        distances = [b - a for (_, a), (_, b) in pairwise(found)]
        if len(dates) < 1094 or dates != [dates[0] + timedelta(days=n) for n in range(len(dates))]:
            wrong.append((zone, "a date missing or twice"))
        if not timedelta(hours=22) <= min(distances) <= max(distances) <= timedelta(hours=26):
            wrong.append((zone, min(distances), max(distances)))

    assert wrong == []


@pytest.mark.parametrize(
    ("zone", "hour", "after", "due_at"),
    [
        ("Europe/Berlin", 7, "2025-01-15T05:59:59", "2025-01-15T06:00"),
        ("Europe/Berlin", 7, "2025-01-15T06:00", "2025-01-16T06:00"),  # strictly after
        ("Europe/Berlin", 7, "2025-07-15T00:00", "2025-07-15T05:00"),
        ("Europe/Berlin", 2, "2025-03-29T12:00", "2025-03-30T01:00"),  # gap: 03:00 summer time
        ("Europe/Berlin", 2, "2025-10-25T12:00", "2025-10-26T00:00"),  # overlap: the first 02:00
        ("Europe/London", 1, "2025-10-25T12:00", "2025-10-26T00:00"),
        ("America/New_York", 1, "2025-11-01T12:00", "2025-11-02T05:00"),
        ("Africa/Cairo", 0, "2025-04-24T12:00", "2025-04-24T22:00"),  # midnight does not exist: 01:00
        ("America/Nuuk", 23, "2025-03-29T12:00", "2025-03-30T00:59"),  # the gap runs to midnight: 22:59
        ("Australia/Lord_Howe", 2, "2025-10-04T12:00", "2025-10-04T15:30"),  # half an hour
        ("Antarctica/Troll", 1, "2025-03-29T12:00", "2025-03-30T01:00"),  # two hours: 03:00
        ("Asia/Kathmandu", 7, "2025-05-05T00:00", "2025-05-05T01:15"),
        ("Pacific/Apia", 7, "2011-12-29T17:00", "2011-12-30T17:00"),  # no 30 December: 31 December, 07:00
        ("Mars/Olympus", 7, "2025-05-05T00:00", "2025-05-05T07:00"),  # unknown: UTC
    ],
)
def test_next_send_at_local_hour(zone, hour, after, due_at):
    found = next_send_at(zone, hour, DAILY, utc(after))

    assert found == utc(due_at)


def test_next_send_at_skipped_date_falls_out():
    found = editions("Pacific/Apia", 7, DAILY, utc("2011-12-28T00:00"), utc("2012-01-01T00:00"))

    assert [str(edition) for edition, _ in found] == ["2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"]


def test_next_send_at_on_weekdays():
    found = editions("Asia/Tokyo", 7, WEEKDAYS, utc("2025-05-01T00:00"), utc("2025-05-07T00:00"))

    assert [str(edition) for edition, _ in found] == ["2025-05-02", "2025-05-05", "2025-05-06", "2025-05-07"]


def test_next_send_at_weekly_on_a_day_the_zone_skipped():
    fridays = frozenset({4})

    found = next_send_at("Pacific/Apia", 7, fridays, utc("2011-12-24T00:00"), last_edition=date(2011, 12, 23))

    assert edition_of(found, "Pacific/Apia") == date(2012, 1, 6)


def test_next_send_at_without_days():
    assert next_send_at("UTC", 7, frozenset(), START) is None


def test_next_send_at_after_moving_across_the_date_line():
    due_at = next_send_at("Pacific/Kiritimati", 7, DAILY, utc("2025-05-05T00:00"))
    edition = edition_of(due_at, "Pacific/Kiritimati")

    moved = next_send_at(
        "Pacific/Pago_Pago", 7, DAILY, due_at + timedelta(minutes=5), last_edition=edition, last_due_at=due_at
    )

    # Pago Pago is a day behind: its own 6 May comes a day later, but that edition has been sent.
    assert (str(edition), str(edition_of(moved, "Pacific/Pago_Pago"))) == ("2025-05-06", "2025-05-07")


def test_next_send_at_keeps_its_distance_when_the_reader_moves_east():
    due_at = utc("2025-05-05T18:00")  # Pago Pago, 07:00

    moved = next_send_at(
        "Pacific/Kiritimati", 9, DAILY, due_at, last_edition=date(2025, 5, 5), last_due_at=due_at
    )  # there it is 6 May, 08:00

    assert moved == utc("2025-05-06T19:00")
    assert moved - due_at >= MIN_DISTANCE


def test_next_send_at_exactly_the_least_distance():
    due_at = utc("2025-05-05T11:00")

    found = next_send_at("UTC", 7, DAILY, due_at, last_edition=date(2025, 5, 5), last_due_at=due_at)

    assert found - due_at == MIN_DISTANCE


def test_edition_of_is_the_local_date():
    due_at = utc("2025-05-05T17:00")

    assert [str(edition_of(due_at, zone)) for zone in ("Pacific/Kiritimati", "UTC", "Nowhere/Else")] == [
        "2025-05-06",
        "2025-05-05",
        "2025-05-05",
    ]


@pytest.mark.parametrize(
    ("days", "edition", "length"),
    [
        (DAILY, date(2025, 5, 5), 1),
        (WEEKDAYS, date(2025, 5, 5), 3),  # a Monday
        (WEEKDAYS, date(2025, 5, 6), 1),
        (frozenset({2}), date(2025, 5, 7), 7),
        (frozenset(), date(2025, 5, 7), 1),
    ],
)
def test_period_reaches_back_to_the_edition_before(days, edition, length):
    assert period(days, edition) == timedelta(days=length)


@pytest.mark.parametrize("name", ["", "America", "../etc", "Mars/Olympus", "a" * 300, "\0", "\ud800", "/etc/localtime"])
def test_is_zone_unknown(name):
    assert not is_zone(name)


def test_is_zone_known():
    unknown = [name for name in available_timezones() if not is_zone(name)]

    assert unknown == []


def test_next_send_at_agrees_with_local_wall_clock():
    info = ZoneInfo("America/Havana")

    found = editions("America/Havana", 7, DAILY, START, datetime(2026, 1, 1, tzinfo=UTC))

    assert {due_at.astimezone(info).time().hour for _, due_at in found} == {7}
