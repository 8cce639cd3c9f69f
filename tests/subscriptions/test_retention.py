from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session

from subscriptions import consent, links, queueing, retention
from subscriptions.consent import Shown
from subscriptions.models import Allowance, ConsentEvent, Delivery, DeliveryEvent, Subscriber, Token
from subscriptions.preferences import Preferences
from subscriptions.retention import clean_up
from subscriptions.signup import sign_up
from tests.factories import NOW, make_delivery, make_subscriber

pytestmark = pytest.mark.django_db

FORM = Shown(form="sign-up form")
DAY, WEEK = timedelta(days=1), timedelta(days=7)


def emails() -> list[str]:
    return list(Subscriber.objects.order_by("email").values_list("email", flat=True))


def test_s26_unconfirmed_readers_are_erased_after_seven_days():
    sign_up("ada@example.org", Preferences(), NOW, FORM)

    before = clean_up(NOW + WEEK - timedelta(seconds=1))["subscribers"]
    after = clean_up(NOW + WEEK)["subscribers"]

    assert (before, after) == (0, 1)
    assert (Subscriber.objects.count(), Token.objects.count(), Delivery.objects.count()) == (0, 0, 0)
    assert ConsentEvent.objects.count() == 1


def test_s26_whoever_asked_again_keeps_the_time_their_link_has():
    sign_up("ada@example.org", Preferences(), NOW, FORM)
    sign_up("ada@example.org", Preferences(), NOW + timedelta(days=6), FORM)

    counts = [clean_up(NOW + timedelta(days=days))["subscribers"] for days in (7, 9)]

    assert counts == [0, 1]


def test_s26_only_the_unconfirmed_are_erased(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for number, status in enumerate(("active", "left", *["pending"] * 5)):
        make_subscriber(number, status=status, created_at=NOW - timedelta(days=400))

    erased = clean_up(NOW)["subscribers"]

    assert erased == 5
    assert emails() == ["reader0@example.org", "reader1@example.org"]


def test_expired_tokens_go_and_living_ones_stay(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 1)
    reader = make_subscriber()
    for days in (8, 7, 6):
        links.issue(reader, Token.Purpose.MANAGE, NOW - timedelta(days=days))

    counts = clean_up(NOW)

    assert counts["tokens"] == 2
    assert list(Token.objects.order_by("pk").values_list("purpose", "expires_at")) == [
        ("unsubscribe", None),
        ("manage", NOW + timedelta(days=1)),
    ]


def test_token_of_a_mail_under_way_stays_until_it_is_settled():
    delivery = make_delivery(state=Delivery.State.SENDING)
    Token.objects.filter(pk=delivery.token_id).update(expires_at=NOW)

    clean_up(NOW)
    assert Token.objects.filter(pk=delivery.token_id).exists()

    Delivery.objects.update(state=Delivery.State.ACCEPTED)
    clean_up(NOW)
    assert not Token.objects.filter(pk=delivery.token_id).exists()
    delivery.refresh_from_db()
    assert delivery.token is None


def test_mail_whose_link_ended_before_it_was_sent_is_cancelled():
    reader = make_subscriber()
    queueing.queue(Delivery.Kind.LINK, reader, NOW, links.issue(reader, Token.Purpose.MANAGE, NOW))

    counts = clean_up(NOW + WEEK)

    assert (counts["cancelled"], counts["tokens"]) == (1, 1)
    assert list(Delivery.objects.values_list("state", "reason")) == [
        ("cancelled", "its link expired before it was sent")
    ]


@pytest.mark.parametrize("kind", [Delivery.Kind.DIGEST, Delivery.Kind.OLD_ADDRESS])
def test_mail_that_is_more_than_its_link_is_not_cancelled(kind):
    delivery = make_delivery(kind=kind)

    clean_up(NOW + WEEK)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.token_id is None) == ("queued", False)


def test_windows_and_sessions_that_ended_are_erased():
    for seconds in (-1, 0, 1):
        at = NOW + timedelta(seconds=seconds)
        Allowance.objects.create(key=f"k{seconds}", used=1, ends_at=at)
        Session.objects.create(session_key=f"s{seconds}", session_data="", expire_date=at)

    counts = clean_up(NOW)

    assert (counts["allowances"], counts["sessions"]) == (2, 2)
    assert (Allowance.objects.get().key, Session.objects.get().session_key) == ("k1", "s1")


def test_clean_up_twice_finds_nothing_more():
    sign_up("ada@example.org", Preferences(), NOW, FORM)
    clean_up(NOW + WEEK)

    assert not any(clean_up(NOW + WEEK).values())


def test_ledger_rows_go_in_their_time_and_the_reader_keeps_their_place(settings):
    settings.RETENTION_DAYS = 100
    row = make_delivery(1)
    account = make_delivery(2, created_at=NOW)
    Delivery.objects.filter(pk=account.pk).update(digest=None, kind=Delivery.Kind.LINK)
    DeliveryEvent.objects.create(fingerprint="1", kind="delivered", provider="x", at=NOW, received_at=NOW)
    Subscriber.objects.update(last_edition=NOW.date())
    reader = Subscriber.objects.values().get(pk=row.subscriber_id)

    early = clean_up(NOW + timedelta(days=100))
    late = clean_up(NOW + timedelta(days=101))

    assert [early[name] for name in ("digests", "deliveries", "events")] == [0, 0, 0]
    assert [late[name] for name in ("digests", "deliveries", "events")] == [2, 1, 1]
    assert not Delivery.objects.exists()
    assert Subscriber.objects.values().get(pk=row.subscriber_id) == reader


def test_s28_who_left_long_ago_is_erased_and_the_proof_follows_as_much_later():
    reader = make_subscriber(status="left", left_at=NOW)
    make_subscriber(2)
    consent.record(consent.Kind.WITHDRAWN, reader, NOW, Shown(form="test"))

    gone = [clean_up(NOW + retention.PROOF + days)["left"] for days in (-DAY, timedelta(), DAY)]
    kinds = list(ConsentEvent.objects.values_list("kind", flat=True))
    proofs = [clean_up(NOW + 2 * retention.PROOF + days)["consents"] for days in (-DAY, DAY)]

    assert (gone, kinds, proofs) == ([0, 1, 0], ["withdrawn", "erased"], [0, 2])
    assert Subscriber.objects.count() == 1


def test_s28_proof_of_a_reader_who_is_there_stays():
    consent.record(consent.Kind.CONFIRMED, make_subscriber(), NOW, Shown(form="test"))

    assert clean_up(NOW + 3 * retention.PROOF)["consents"] == 0
