from datetime import timedelta

import pytest

from subscriptions import counting
from subscriptions.models import Delivery, DeliveryEvent, Digest
from tests.factories import NOW, make_delivery, make_paper, make_subscriber

pytestmark = pytest.mark.django_db
State = Delivery.State
DAY = timedelta(days=1)


def ended(number, state=State.ACCEPTED, at=NOW, **fields):
    row = make_delivery(number, state=state, not_before=at, settled_at=at, **fields)
    Digest.objects.filter(pk=row.digest_id).update(due_at=at - timedelta(minutes=number))
    return row


def event(row, kind, number, at=NOW):
    fields = {"provider": "postmark", "at": at, "received_at": at}
    DeliveryEvent.objects.create(fingerprint=str(number), delivery=row, kind=kind, **fields)


def test_rates_are_shares_of_what_was_accepted_within_the_window():
    rows = [ended(number) for number in range(1, 5)]
    event(rows[0], "bounced", 1)
    event(rows[0], "bounced", 2)  # one message, told twice
    event(rows[1], "complained", 3)
    event(rows[2], "soft_bounced", 4)
    event(ended(8, at=NOW - 8 * DAY), "bounced", 5, NOW - 8 * DAY)
    event(None, "bounced", 6)

    found = counting.rates(NOW)

    assert found == counting.Rates(accepted=4, bounced=1, complained=1)
    assert (found.bounce, found.complaint) == (0.25, 0.25)


def test_rates_of_nothing_are_nothing():
    assert (counting.rates(NOW).bounce, counting.rates(NOW).complaint) == (0.0, 0.0)


def test_open_deliveries_count_whenever_they_began_and_ended_ones_for_a_day():
    ended(1)
    ended(2, at=NOW - 2 * DAY)
    ended(3, State.UNKNOWN, at=NOW - 90 * DAY)
    make_delivery(4, not_before=NOW - 3 * DAY)

    found = {state: count for state, count in counting.deliveries(NOW).items() if count}

    assert found == {"accepted": 1, "unknown": 1, "queued": 1}


def test_waits_are_those_of_whoever_waits_longest():
    assert (counting.longest_wait(NOW), counting.longest_uncomposed(NOW)) == (timedelta(), timedelta())
    make_delivery(
        1, [make_paper()], not_before=NOW - timedelta(minutes=9), subscriber=make_subscriber(1, next_digest_at=None)
    )
    make_delivery(2, not_before=NOW + DAY, subscriber=make_subscriber(2, next_digest_at=NOW - timedelta(minutes=4)))

    assert counting.longest_wait(NOW) == timedelta(minutes=9)
    assert counting.longest_uncomposed(NOW) == timedelta(minutes=4)


def test_latencies_run_from_when_a_digest_fell_due():
    for number in (1, 2, 20):
        ended(number)
    ended(3, at=NOW - 2 * DAY)

    found = counting.latencies(NOW, [timedelta(minutes=minutes) for minutes in (1, 10, 60)])

    assert found == counting.Latencies(within=(1, 2, 3), count=3, seconds=23 * 60.0)
