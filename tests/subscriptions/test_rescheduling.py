"""Pure: without the database mark a query would fail these tests."""

from datetime import UTC, date, datetime, timedelta

import pytest

from subscriptions.models import Subscriber
from subscriptions.rescheduling import UNTIL_LIFTED, reschedule
from tests.factories import NOW


def due(**fields) -> datetime | None:
    reader = Subscriber(**{"status": "active", "hour": 7} | fields)
    reschedule(reader, NOW)
    return reader.next_digest_at


def test_active_reader_gets_the_next_hour_of_theirs():
    assert due() == datetime(2026, 8, 13, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "fields", [{"status": "left"}, {"status": "pending"}, {"frequency": "paused"}, {"paused_until": UNTIL_LIFTED}]
)
def test_nothing_is_due_where_nothing_is_wished(fields):
    assert due(**fields) is None


@pytest.mark.parametrize("days", [-30, -1, 0, 1])
def test_pause_that_is_over_changes_nothing(days):
    assert due(paused_until=NOW.date() + timedelta(days=days)) == datetime(2026, 8, 13, 7, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago", "Mars/Olympus"])
def test_pause_of_a_year_is_found(zone):
    found = due(zone=zone, paused_until=date(2027, 8, 12))

    assert found is not None
    assert abs(found - datetime(2027, 8, 12, 7, tzinfo=UTC)) <= timedelta(hours=14)


def test_weekly_digest_after_a_pause_waits_for_its_day():
    # 1 September 2026 is a Tuesday.
    assert due(frequency="weekly", weekday=0, paused_until=date(2026, 9, 1)) == datetime(2026, 9, 7, 7, tzinfo=UTC)
