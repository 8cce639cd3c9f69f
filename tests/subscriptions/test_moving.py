from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from subscriptions import links
from subscriptions.consent import Shown
from subscriptions.discretion import TooManyRequests
from subscriptions.models import ConsentEvent, Delivery, Subscriber, Suppression, Token
from subscriptions.moving import ask_to_move, move
from subscriptions.rendering import render
from tests.factories import NOW, make_delivery, make_interest, make_subscriber

pytestmark = pytest.mark.django_db

PAGE = Shown(form="change of address", locale="en")


@pytest.fixture
def reader() -> Subscriber:
    return make_subscriber(email="old@example.org")


def mails() -> list[tuple[str, str, str]]:
    return list(Delivery.objects.order_by("pk").values_list("subscriber__email", "kind", "state"))


def recipients() -> list[tuple[str, list[str]]]:
    return [(delivery.kind, render(delivery, now=NOW).to) for delivery in Delivery.objects.due(NOW).order_by("pk")]


def email_token() -> Token:
    return Token.objects.filter(purpose=Token.Purpose.EMAIL).latest("pk")


def test_s17_new_address_is_asked_and_the_old_one_told(reader):
    ask_to_move(reader, "New@example.net", NOW, PAGE)

    reader.refresh_from_db()
    assert reader.email == "old@example.org"
    assert recipients() == [("new_address", ["New@example.net"]), ("old_address", ["old@example.org"])]
    assert email_token().expires_at == NOW + timedelta(minutes=30)


def test_s17_confirmed_address_takes_over_and_older_links_end(reader):
    older = links.issue(reader, Token.Purpose.MANAGE, NOW)
    ask_to_move(reader, "New@example.net", NOW, PAGE)
    old_unsubscribe = reader.tokens.get(purpose=Token.Purpose.UNSUBSCRIBE)
    now = NOW + timedelta(minutes=5)

    assert move(email_token(), now, PAGE) is True

    reader.refresh_from_db()
    assert (reader.email, reader.email_key, reader.status) == ("New@example.net", "new@example.net", "active")
    live = [token for token in Token.objects.all() if links.is_live(token, now)]
    assert [token.purpose for token in live] == ["unsubscribe"]
    assert {older, old_unsubscribe}.isdisjoint(live)
    assert list(ConsentEvent.objects.values_list("kind", "at")) == [("address", now)]


def test_s17_notice_reaches_the_old_address_also_after_the_move(reader):
    ask_to_move(reader, "new@example.net", NOW, PAGE)

    move(email_token(), NOW, PAGE)

    notice = Delivery.objects.get(kind=Delivery.Kind.OLD_ADDRESS)
    assert render(notice, now=NOW).to == ["old@example.org"]


def test_s17_digest_under_way_goes_to_the_new_address_with_links_that_work():
    delivery = make_delivery()
    ask_to_move(delivery.subscriber, "new@example.net", NOW, PAGE)

    move(email_token(), NOW, PAGE)

    delivery.refresh_from_db()
    message = render(delivery, now=NOW)
    secret = message.extra_headers["List-Unsubscribe"].rpartition("/")[2].rstrip(">")
    assert message.to == ["new@example.net"]
    assert links.find(secret, Token.Purpose.UNSUBSCRIBE, NOW) is not None
    assert links.is_live(delivery.token, NOW)


@pytest.mark.parametrize(("status", "mail"), [("active", "already"), ("left", "confirm"), ("pending", "confirm")])
def test_s17_collision_is_answered_to_the_owner_of_that_address_only(reader, status, mail):
    make_interest(reader, "grokking")
    other = make_subscriber(2, email="taken@example.net", status=status)

    ask_to_move(reader, "Taken@example.net", NOW, PAGE)

    assert mails() == [("taken@example.net", mail, "queued"), ("old@example.org", "old_address", "queued")]
    other.refresh_from_db()
    assert (other.status, other.interests.count()) == (status, 0)


def test_s17_address_taken_meanwhile_is_not_overwritten(reader):
    ask_to_move(reader, "new@example.net", NOW, PAGE)
    make_subscriber(2, email="NEW@example.net")

    assert move(email_token(), NOW, PAGE) is False

    reader.refresh_from_db()
    assert reader.email == "old@example.org"
    assert email_token().used_at is None


def test_s17_newer_request_ends_the_older_one(reader):
    ask_to_move(reader, "first@example.net", NOW, PAGE)
    first = email_token()

    ask_to_move(reader, "second@example.net", NOW + timedelta(minutes=1), PAGE)

    assert move(first, NOW + timedelta(minutes=2), PAGE) is False
    assert move(email_token(), NOW + timedelta(minutes=2), PAGE) is True
    reader.refresh_from_db()
    assert reader.email == "second@example.net"
    assert ("old@example.org", "new_address", "cancelled") not in mails()
    assert [state for _, kind, state in mails() if kind == "new_address"] == ["cancelled", "queued"]


@pytest.mark.django_db(transaction=True)
def test_s17_of_two_moves_at_once_one_is_done(reader):
    ask_to_move(reader, "new@example.net", NOW, PAGE)
    token = email_token()

    def attempt(_: int) -> bool:
        try:
            return move(token, NOW, PAGE)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        moved = list(pool.map(attempt, range(8)))

    assert moved.count(True) == 1
    assert ConsentEvent.objects.filter(kind="address").count() == 1


def test_expired_link_moves_nothing(reader):
    ask_to_move(reader, "new@example.net", NOW, PAGE)

    assert move(email_token(), NOW + timedelta(minutes=30), PAGE) is False


def test_one_who_left_is_not_moved(reader):
    ask_to_move(reader, "new@example.net", NOW, PAGE)
    Subscriber.objects.update(status="left")

    assert move(email_token(), NOW, PAGE) is False


def test_s21_suppressed_new_address_gets_no_mail(reader):
    Suppression.objects.create(address_hmac=links.address_hmac("new@example.net"), reason="complaint")

    ask_to_move(reader, "new@example.net", NOW, PAGE)

    assert mails() == [("old@example.org", "old_address", "queued")]


def test_a07_new_address_of_a_refused_domain_gets_no_mail(reader, settings):
    settings.REFUSED_DOMAINS = frozenset({"throw.example"})

    ask_to_move(reader, "new@a.throw.example", NOW, PAGE)

    assert mails() == [("old@example.org", "old_address", "queued")]
    assert not Token.objects.filter(purpose=Token.Purpose.EMAIL).exists()


def test_a01_reader_can_ask_three_times_a_day(reader):
    for number in range(3):
        ask_to_move(reader, f"new{number}@example.net", NOW, PAGE)

    with pytest.raises(TooManyRequests):
        ask_to_move(reader, "new4@example.net", NOW, PAGE)

    ask_to_move(reader, "new4@example.net", NOW + timedelta(days=1), PAGE)
