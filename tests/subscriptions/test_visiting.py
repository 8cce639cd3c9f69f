from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from subscriptions import links, visiting
from subscriptions.models import Delivery, Subscriber, Token
from tests.factories import NOW, make_subscriber
from tests.readers import dump, shape

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def request_after(token: Token):
    """A request of the browser that opened the token's link."""
    response = HttpResponse()
    visiting.begin(response, token)
    request = RequestFactory().get("/")
    request.COOKIES = {name: morsel.value for name, morsel in response.cookies.items()}
    return request


def test_s16_visit_belongs_to_the_reader_of_the_link():
    reader = make_subscriber()
    token = links.issue(reader, Token.Purpose.MANAGE, NOW)

    assert visiting.visitor(request_after(token), NOW) == reader


def test_s16_cookie_is_closed_to_scripts_and_short_lived(settings):
    settings.SESSION_COOKIE_SECURE = True
    response = HttpResponse()

    visiting.begin(response, links.issue(make_subscriber(), Token.Purpose.MANAGE, NOW))

    cookie = response.cookies["__Host-reader"]
    assert {name: cookie[name] for name in ("max-age", "path", "secure", "httponly", "samesite", "domain")} == {
        "max-age": 1800,
        "path": "/",
        "secure": True,
        "httponly": True,
        "samesite": "Lax",
        "domain": "",
    }


def test_visit_ends_after_half_an_hour(clock):
    request = request_after(links.issue(make_subscriber(), Token.Purpose.MANAGE, NOW))

    clock.move_to(NOW + timedelta(minutes=30))
    assert visiting.visitor(request, NOW + timedelta(minutes=30)) is not None
    clock.move_to(NOW + timedelta(minutes=30, seconds=1))
    assert visiting.visitor(request, NOW + timedelta(minutes=30, seconds=1)) is None


@pytest.mark.parametrize("status", ["left", "pending"])
def test_visit_of_one_who_is_not_active_has_ended(status):
    request = request_after(links.issue(make_subscriber(), Token.Purpose.MANAGE, NOW))
    Subscriber.objects.update(status=status)

    assert visiting.visitor(request, NOW) is None


def test_visit_ends_with_its_link():
    reader = make_subscriber()
    request = request_after(links.issue(reader, Token.Purpose.MANAGE, NOW))

    links.rotate(reader, NOW)

    assert visiting.visitor(request, NOW) is None


@pytest.mark.parametrize("purpose", [Token.Purpose.UNSUBSCRIBE, Token.Purpose.CONFIRM, Token.Purpose.EMAIL])
def test_s04_other_links_open_no_visit(purpose):
    assert visiting.visitor(request_after(links.issue(make_subscriber(), purpose, NOW)), NOW) is None


@pytest.mark.parametrize("value", ["", "1", "1:x:y", "\x00"])
def test_forged_cookie_opens_no_visit(value):
    make_subscriber()
    request = RequestFactory().get("/")
    request.COOKIES = {"reader": value}

    assert visiting.visitor(request, NOW) is None


def test_link_goes_to_active_readers_only():
    for number, status in enumerate(Subscriber.Status):
        make_subscriber(number, email=f"{status}@example.org", status=status)

    sent = {name: visiting.send_link(f"{name}@example.org", NOW) for name in ("pending", "active", "left", "unknown")}

    assert sent == {"pending": False, "active": True, "left": False, "unknown": False}
    assert list(Delivery.objects.values_list("subscriber__email", "kind", "token__purpose")) == [
        ("active@example.org", "link", "manage")
    ]


def test_unknown_address_leaves_nothing_behind():
    visiting.send_link("known@example.org", NOW - timedelta(days=1))
    before = dump()

    visiting.send_link("unknown@example.org", NOW)

    after = dump()
    assert {name for name in after if after[name] != before[name]} == {"subscriptions.Allowance"}


def test_a01_link_is_sent_three_times_an_hour():
    make_subscriber(email="ada@example.org")

    sent = [visiting.send_link("ada@example.org", NOW + timedelta(minutes=m)) for m in (0, 1, 2, 3, 59, 60)]

    assert sent == [True, True, True, False, False, True]


def test_s06_same_work_whoever_asks_for_a_link():
    for number, status in enumerate(Subscriber.Status):
        make_subscriber(number, email=f"{status}@example.org", status=status)
    shapes = []
    for name in ("active", "pending", "left", "unknown"):
        with CaptureQueriesContext(connection) as queries:
            visiting.send_link(f"{name}@example.org", NOW)
        shapes.append(shape(queries))

    assert shapes == [shapes[0]] * 4
