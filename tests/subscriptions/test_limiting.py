import logging
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from subscriptions.limiting import HOUR, Limit, client_key, take
from subscriptions.models import Allowance
from tests.factories import NOW
from tests.readers import shape

ONE = Limit("one", 1, timedelta(days=1))
THREE = Limit("three", 3, HOUR)
ALARMED = Limit("alarmed", 1, HOUR, alarm=True)


@pytest.mark.django_db
def test_a01_limit_holds_until_its_window_ends():
    taken = [take(NOW + timedelta(minutes=minutes), (THREE, "a")) for minutes in (0, 1, 2, 3, 59, 60, 61)]

    assert taken == [None, None, None, THREE, THREE, None, None]


@pytest.mark.django_db
def test_a02_one_a_day_never_comes_twice_within_24_hours():
    hours = [hour for hour in range(100) if take(NOW + timedelta(hours=hour), (ONE, "a")) is None]

    assert hours == [0, 24, 48, 72, 96]


@pytest.mark.django_db
def test_a01_keys_and_limits_are_counted_apart():
    assert [take(NOW, (ONE, key)) for key in ("a", "b", "a")] == [None, None, ONE]
    assert take(NOW, (THREE, "a")) is None


@pytest.mark.django_db
def test_take_uses_none_where_one_is_used_up():
    take(NOW, (ONE, "a"))

    assert take(NOW, (THREE, "x"), (ONE, "a")) == ONE
    assert [take(NOW, (THREE, "x")) for _ in range(4)] == [None, None, None, THREE]


@pytest.mark.django_db
def test_s06_take_runs_the_same_statements_whatever_the_answer():
    shapes = []
    for at in (NOW, NOW + HOUR, NOW + 2 * HOUR, NOW + 25 * HOUR):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            take(at, (ONE, "a"), (THREE, "b"))
        shapes.append(shape(queries))

    assert shapes == [shapes[0]] * 4


@pytest.mark.django_db
def test_take_leaves_no_key_in_clear():
    take(NOW, (ONE, "ada@example.org"))

    assert [re.sub("[0-9a-f]{64}", "#", row.key) for row in Allowance.objects.all()] == ["one:#"]


@pytest.mark.django_db
def test_a02_alarm_rings_once_a_window(caplog: pytest.LogCaptureFixture):
    for hours in (0, 0, 0, 1, 1, 1):
        take(NOW + timedelta(hours=hours), (ALARMED, ""))

    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.ERROR, "Limit 'alarmed': 1 mails asked for within 1:00:00; no more until it ends")
    ] * 2


@pytest.mark.django_db(transaction=True)
def test_a01_limit_holds_for_many_at_once():
    def attempt(_: int) -> bool:
        try:
            return take(NOW, (THREE, "a"), (ALARMED, str(_))) is None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(attempt, range(24)))

    assert taken.count(True) == 3


@pytest.mark.parametrize(
    ("proxies", "forwarded", "peer", "key"),
    [
        (0, "", "203.0.113.9", "203.0.113.9"),
        (0, "198.51.100.1", "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1", "10.0.0.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "10.0.0.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 10.0.0.2", "10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", "10.0.0.1", "10.0.0.1"),
        (1, "", "10.0.0.1", "10.0.0.1"),
        (1, "198.51.100.1:4711", "10.0.0.1", "198.51.100.1"),
        (1, "[2001:db8:1:2:3::4]:4711", "10.0.0.1", "2001:db8:1:2::/64"),
        (1, "2001:db8:1:2:ffff::4", "10.0.0.1", "2001:db8:1:2::/64"),
        (1, "::ffff:198.51.100.1", "10.0.0.1", "198.51.100.1"),
        (1, "nonsense", "10.0.0.1", "unknown"),
        (0, "", "", "unknown"),
    ],
)
def test_a03_client_is_what_our_own_proxies_saw(settings, proxies: int, forwarded: str, peer: str, key: str):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)

    assert client_key(request) == key
