"""When a send day counts as done."""

import json
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from subscriptions.editions import Tally, close_balanced, ends_at, open_days, stuck, tally
from subscriptions.models import Delivery, Digest, Edition
from tests.factories import NOW, make_delivery, make_digest, make_subscriber

pytestmark = pytest.mark.django_db

DAY = NOW.date()
AFTER = ends_at(DAY)
# Their digests are made; they are not due again before the test ends.
NEXT_WEEK = {"next_digest_at": NOW + timedelta(days=7)}


def delivered(number, state):
    return make_delivery(number, subscriber=make_subscriber(number, **NEXT_WEEK), state=state)


def test_tally_names_every_end():
    for number, state in enumerate(Delivery.State.values, 1):
        delivered(number, state)
    make_digest(make_subscriber(50, **NEXT_WEEK), [], outcome=Digest.Outcome.EMPTY)
    make_subscriber(51, next_digest_at=NOW - timedelta(hours=1))

    counts = tally([DAY], NOW)[DAY]

    assert counts == Tally(due=9, accepted=1, failed=1, cancelled=1, unknown=1, skipped=1, open=3, uncomposed=1)
    assert not counts.is_balanced


def test_edition_closes_once_it_is_over_and_balances():
    delivered(1, Delivery.State.ACCEPTED)
    delivered(2, Delivery.State.UNKNOWN)

    before = close_balanced(AFTER - timedelta(seconds=1))
    opened = Edition.objects.get().closed_at
    closed = [close_balanced(AFTER), close_balanced(AFTER)]

    assert (before, opened, closed) == ([], None, [[DAY], []])
    edition = Edition.objects.get()
    assert (edition.closed_at, edition.counts["accepted"], edition.counts["unknown"]) == (AFTER, 1, 1)


@pytest.mark.parametrize("state", [Delivery.State.QUEUED, Delivery.State.CLAIMED, Delivery.State.SENDING])
def test_edition_with_a_message_under_way_stays_open_and_is_named_after_a_day(state):
    delivered(1, state)

    assert close_balanced(AFTER) == []
    assert stuck(AFTER + timedelta(hours=23)) == []
    assert stuck(AFTER + timedelta(hours=25)) == [DAY]


def test_edition_waits_for_readers_nothing_was_composed_for():
    delivered(1, Delivery.State.ACCEPTED)
    make_subscriber(2, next_digest_at=NOW)

    assert close_balanced(AFTER) == []


def report(*args):
    out = StringIO()
    call_command("delivery_report", *args, stdout=out)
    return out.getvalue()


def test_report_as_json_is_one_line():
    delivered(1, Delivery.State.ACCEPTED)
    counts = {"due": 1, "accepted": 1, "failed": 0, "cancelled": 0, "unknown": 0, "skipped": 0, "open": 0}

    line = report("--edition", DAY.isoformat(), "--json")

    assert line.count("\n") == 1
    assert json.loads(line) == {
        "editions": [
            {"edition": DAY.isoformat(), **counts, "uncomposed": 0, "balanced": True, "closed": False},
        ]
    }


def test_report_as_a_table(time_machine):
    time_machine.move_to(NOW, tick=False)
    delivered(1, Delivery.State.QUEUED)

    lines = report().splitlines()

    assert [line.split() for line in lines] == [
        ["edition", "due", "accepted", "failed", "cancelled", "unknown", "skipped", "open", "uncomposed", "state"],
        [DAY.isoformat(), "1", "0", "0", "0", "0", "0", "1", "0", "open"],
    ]


def test_report_of_nothing_and_of_a_bad_day():
    assert report() == "No digest was due in the last 30 days.\n"
    with pytest.raises(CommandError, match="'yesterday' is no day"):
        report("--edition", "yesterday")


def test_tally_of_a_day_without_digests():
    assert tally([date(2026, 1, 1)], NOW) == {date(2026, 1, 1): Tally()}


@pytest.mark.parametrize("ago", [-1, 0, 3, 30])
def test_open_days_reach_from_a_month_ago_to_tomorrow(django_assert_num_queries, ago):
    day = NOW.date() - timedelta(days=ago)
    make_digest(make_subscriber(1), [], edition=day)
    make_digest(make_subscriber(2), [], edition=NOW.date() - timedelta(days=2))
    Edition.objects.create(day=NOW.date() - timedelta(days=2), closed_at=NOW)

    with django_assert_num_queries(2):
        assert open_days(NOW) == [day]


def test_no_day_is_open_before_the_first_digest():
    assert open_days(NOW) == []
