"""How fast mail may leave, agreed by rows so that a restart forgets nothing."""

from datetime import timedelta

import pytest

from subscriptions import pacing
from subscriptions.models import Lane
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def seconds(slots):
    return {pk: (slot - NOW).total_seconds() for pk, slot in slots.items()}


def test_without_limits_everything_leaves_at_once():
    slots = pacing.reserve({1: "a.example", 2: "a.example"}, NOW)

    assert seconds(slots) == {1: 0, 2: 0}


def test_without_limits_a_clock_that_is_wrong_holds_up_nothing():
    pacing.reserve({1: "a.example"}, NOW + timedelta(hours=1))

    slots = pacing.reserve({2: "a.example"}, NOW)

    assert seconds(slots) == {2: 0}


def test_overall_pace_is_shared_by_all_workers(settings):
    settings.MAIL_PER_SECOND = 2

    first = pacing.reserve({1: "a.example", 2: "b.example"}, NOW)
    second = pacing.reserve({3: "a.example"}, NOW)

    assert seconds(first | second) == {1: 0, 2: 0.5, 3: 1}


def test_pace_of_one_domain_leaves_the_others_alone(settings):
    settings.MAIL_PER_SECOND_PER_DOMAIN = 1

    slots = pacing.reserve({1: "a.example", 2: "a.example", 3: "b.example"}, NOW)

    assert seconds(slots) == {1: 0, 2: 1, 3: 0}


def test_turn_far_off_is_spread_and_costs_nothing(settings):
    settings.MAIL_PER_SECOND_PER_DOMAIN = 1
    pacing.reserve({0: "a.example"}, NOW)
    Lane.objects.filter(domain="a.example").update(free_at=NOW + timedelta(minutes=2))

    slots = pacing.reserve({1: "a.example", 2: "a.example", 3: "b.example"}, NOW)

    assert seconds(slots) == {1: 120, 2: 121, 3: 0}
    assert Lane.objects.get(domain="a.example").free_at == NOW + timedelta(minutes=2)


def test_domain_that_asks_is_slowed_down_and_forgiven_after_an_hour():
    pacing.slow_down(["a.example"], NOW)
    slow = pacing.reserve({1: "a.example", 2: "a.example", 3: "b.example"}, NOW)
    later = NOW + timedelta(minutes=61)

    usual = pacing.reserve({4: "a.example", 5: "a.example"}, later)

    assert seconds(slow) == {1: 0, 2: 0.25, 3: 0}
    assert usual == {4: later, 5: later}


def test_pause_doubles_while_the_domain_keeps_asking_but_once_in_five_minutes():
    pauses = []
    for minutes in (0, 1, 6, 12, 18, 24, 30, 36, 42):
        pacing.slow_down(["a.example"], NOW + timedelta(minutes=minutes))
        pauses.append(Lane.objects.get(domain="a.example").seconds)

    assert pauses == [0.25, 0.25, 0.5, 1, 2, 4, 8, 10, 10]


def test_provider_that_names_a_time_holds_everything():
    pacing.hold_all(NOW + timedelta(seconds=40))
    pacing.hold_all(NOW + timedelta(seconds=20))

    slots = pacing.reserve({1: "a.example"}, NOW)

    assert seconds(slots) == {1: 40}


def test_slow_domain_does_not_hold_up_the_others(settings):
    settings.MAIL_PER_SECOND_PER_DOMAIN = 1

    slots = pacing.reserve({pk: "a.example" if pk < 6 else "b.example" for pk in range(1, 7)}, NOW)

    assert seconds(slots) == {1: 0, 2: 1, 3: 2, 4: 30, 5: 31, 6: 0}


def test_daily_cap_puts_the_rest_off_to_tomorrow(settings):
    settings.DAILY_CAP = 2

    slots = pacing.reserve({1: "a.example", 2: "a.example", 3: "a.example"}, NOW)
    tomorrow = pacing.reserve({3: "a.example"}, NOW + timedelta(days=1))

    midnight = NOW.replace(hour=0, minute=0, second=0) + timedelta(days=1)
    assert slots == {1: NOW, 2: NOW, 3: midnight}
    assert tomorrow == {3: NOW + timedelta(days=1)}


@pytest.mark.parametrize(
    ("addresses", "domain"), [(["Reader@Example.ORG"], "example.org"), (["a@b@c.example"], "c.example")]
)
def test_domain_of_an_address(addresses, domain):
    assert pacing.domain_of(addresses) == domain
