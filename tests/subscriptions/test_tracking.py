"""STANDARDS S22 to S24: each event once, with its effect, whatever the order."""

import logging
import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations
from threading import Barrier
from typing import Any

import pytest
from anymail.signals import AnymailTrackingEvent
from django.db import connection, transaction
from django.forms.models import model_to_dict

from subscriptions import links, tracking
from subscriptions.delivery import send_queued
from subscriptions.models import ConsentEvent, Delivery, DeliveryEvent, Subscriber, Suppression
from subscriptions.queueing import is_suppressed, queue
from tests.factories import NOW, make_delivery, make_subscriber
from tests.mail import ScriptedBackend

pytestmark = pytest.mark.django_db

KEY = "digest-0000000000000001"
READER = "reader1@example.org"
SENT = NOW - timedelta(hours=1)


def event(event_type: str, at: datetime | None = SENT, **fields: Any) -> AnymailTrackingEvent:
    values = {"recipient": READER, "message_id": "p-1", "metadata": {"key": KEY}, "tags": []}
    return AnymailTrackingEvent(event_type=event_type, timestamp=at, **values | fields)


def hard(at: datetime = SENT, **fields: Any) -> AnymailTrackingEvent:
    return event("bounced", at, reject_reason="bounced", **fields)


def soft(days: float, **fields: Any) -> AnymailTrackingEvent:
    return event("bounced", SENT - timedelta(days=days), reject_reason="timed_out", **fields)


def tell(*events: AnymailTrackingEvent, provider: str = "postmark", now: datetime = NOW) -> None:
    for told in events:
        tracking.receive(told, provider, now)


def make_sent(number: int = 1, state: str = "accepted", **fields: Any) -> Delivery:
    values = {"state": state, "attempts": 1, "first_sent_at": SENT, "settled_at": SENT, "provider_id": "p-1"}
    return make_delivery(number, **values | fields)


def kinds() -> list[str]:
    return list(DeliveryEvent.objects.order_by("pk").values_list("kind", flat=True))


def suppressions() -> list[tuple[str, str]]:
    return list(Suppression.objects.values_list("address_hmac", "reason"))


def state() -> dict[str, Any]:
    """Everything an event may change, without the numbers of rows."""
    deliveries = [model_to_dict(row) for row in Delivery.objects.order_by("key")]
    events = DeliveryEvent.objects.order_by("fingerprint").select_related("delivery")
    return {
        "deliveries": deliveries,
        "events": [model_to_dict(row, exclude=["id"]) | {"at": row.at} for row in events],
        "readers": list(Subscriber.objects.order_by("pk").values()),
        "consents": list(ConsentEvent.objects.order_by("pk").values("subscriber", "kind", "at", "form")),
        "suppressions": list(Suppression.objects.order_by("address_hmac").values("address_hmac", "reason", "at")),
    }


# What an event does --------------------------------------------------------------------------------------


def test_event_is_kept_with_all_it_says_but_the_address():
    delivery = make_sent()
    reply = "550 5.1.1 <reader1@example.org>: READER1 is unknown here"

    tell(hard(event_id="e-1", mta_response=reply, description="gone"))

    [row] = DeliveryEvent.objects.all()
    assert model_to_dict(row, exclude=["id", "fingerprint"]) == {
        "delivery": delivery.pk,
        "key": KEY,
        "kind": "bounced",
        "provider": "postmark",
        "address_hmac": links.address_hmac(READER),
        "at": SENT,
        "received_at": NOW,
        "detail": "bounced bounced: 550 5.1.1 <…>: … is unknown here gone",
    }


def test_delivered_changes_nothing_else():
    make_sent()
    before = state()

    tell(event("delivered"))

    assert state() | {"events": []} == before


def test_s22_hard_bounce_suppresses_at_once_and_stops_queued_mail(settings):
    settings.EMAIL_BACKEND = "tests.mail.ScriptedBackend"
    ScriptedBackend.reset()
    make_sent()
    queued = make_delivery(2, subscriber=make_subscriber(2, email="Reader2@example.org"), key="digest-0000000000000002")

    tell(hard(recipient="reader2@EXAMPLE.org", metadata={"key": "digest-0000000000000002"}))
    totals = send_queued(lambda: NOW)

    queued.refresh_from_db()
    assert (totals, queued.reason) == ({"cancelled": 1}, "the address is on the suppression list")
    assert suppressions() == [(links.address_hmac("reader2@example.org"), "bounce")]
    assert ScriptedBackend.calls == []


def test_s22_soft_bounces_suppress_on_the_third_day_within_fourteen():
    make_sent()

    tell(soft(9), soft(8.9), soft(5))
    early = is_suppressed(READER)
    tell(soft(1))

    assert (early, is_suppressed(READER)) == (False, True)
    assert Suppression.objects.get().at == SENT - timedelta(days=1)


def test_s22_delivery_in_between_starts_the_count_anew():
    make_sent()

    tell(soft(9), soft(5), event("delivered", SENT - timedelta(days=3)), soft(1))

    assert suppressions() == []


def test_s22_delivery_that_is_reported_late_takes_the_suppression_back():
    make_sent()
    tell(soft(9), soft(5), soft(1))
    before = is_suppressed(READER)

    tell(event("delivered", SENT - timedelta(days=3)))

    assert (before, is_suppressed(READER)) == (True, False)


@pytest.mark.parametrize("lasting", ["bounce", "complaint", "operator"])
def test_s22_delivery_takes_back_no_suppression_with_another_cause(lasting):
    make_sent()
    tell(soft(9), soft(5), soft(1))
    if lasting == "bounce":
        tell(hard(event_id="x"))
    else:
        Suppression.objects.update(reason=lasting)

    tell(event("delivered", SENT - timedelta(days=3)))

    assert suppressions() == [(links.address_hmac(READER), lasting)]


def test_address_that_an_operator_has_freed_stays_free_until_it_bounces_again():
    make_sent()
    tell(hard(event_id="1"))
    Suppression.objects.all().delete()

    tell(event("delivered", SENT + timedelta(minutes=1)), event("deferred"), soft(0))
    freed = is_suppressed(READER)
    tell(hard(SENT + timedelta(minutes=2), event_id="2"))

    assert (freed, is_suppressed(READER)) == (False, True)


def test_s22_deferred_is_not_a_bounce():
    make_sent()

    tell(*(event("deferred", SENT - timedelta(days=days)) for days in range(6)))

    assert kinds() == 6 * ["deferred"]
    assert suppressions() == []


def test_s23_complaint_ends_the_subscription_and_suppresses():
    delivery = make_sent()
    waiting = queue(Delivery.Kind.ALREADY, delivery.subscriber, NOW)

    tell(event("complained"))

    delivery.subscriber.refresh_from_db()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("cancelled", "the reader left")
    assert (delivery.subscriber.status, delivery.subscriber.left_at) == ("left", NOW)
    assert suppressions() == [(links.address_hmac(READER), "complaint")]
    assert list(ConsentEvent.objects.values_list("kind", "form")) == [("withdrawn", "provider's webhook")]


def test_s23_complaint_to_an_address_that_moved_ends_the_subscription_too():
    delivery = make_sent()
    Subscriber.objects.update(email="new@example.org", email_key="new@example.org")

    tell(event("complained"))

    delivery.subscriber.refresh_from_db()
    assert delivery.subscriber.status == "left"
    assert suppressions() == [(links.address_hmac(READER), "complaint")]


def test_complaint_of_a_stranger_asked_to_confirm_ends_nobodys_subscription():
    delivery = make_sent(kind=Delivery.Kind.NEW_ADDRESS)

    tell(event("complained", recipient="stranger@example.net"))

    delivery.subscriber.refresh_from_db()
    assert delivery.subscriber.status == "active"
    assert suppressions() == [(links.address_hmac("stranger@example.net"), "complaint")]


@pytest.mark.parametrize(
    "told", [event("unsubscribed"), event("rejected", reject_reason="unsubscribed")], ids=["asked", "listed"]
)
def test_unsubscribing_at_the_provider_is_leaving(told):
    delivery = make_sent()

    tell(told)

    delivery.subscriber.refresh_from_db()
    assert delivery.subscriber.status == "left"
    assert suppressions() == []


def test_unsubscribing_before_consent_was_renewed_changes_nothing():
    delivery = make_sent()
    Subscriber.objects.update(confirmed_at=SENT + timedelta(minutes=1))

    tell(event("unsubscribed"))

    delivery.subscriber.refresh_from_db()
    assert delivery.subscriber.status == "active"


@pytest.mark.parametrize("event_type", ["rejected", "bounced"])
@pytest.mark.parametrize("reason", ["blocked", "spam"])
def test_s22_blocked_mail_alerts_the_operator_and_suppresses_nobody(event_type, reason, caplog):
    delivery = make_sent()

    tell(event(event_type, reject_reason=reason, description="550 5.7.1 spam"))

    delivery.subscriber.refresh_from_db()
    assert (kinds(), suppressions(), delivery.subscriber.status) == (["blocked"], [], "active")
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.ERROR, f"Delivery {KEY} was refused as spam or by policy: see its events")
    ]


def test_operator_is_alerted_once_an_hour(caplog):
    make_sent()

    for minutes in (0, 10, 75):
        tell(event("rejected", event_id=f"e-{minutes}"), now=NOW + timedelta(minutes=minutes))

    assert [record.levelname for record in caplog.records if record.levelno >= logging.WARNING] == ["ERROR", "ERROR"]


@pytest.mark.parametrize("event_type", ["opened", "clicked"])
def test_what_readers_open_and_click_is_not_kept(event_type):
    make_sent(state="unknown")
    before = state()

    tell(event(event_type))

    assert state() == before


# Finding the delivery ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "named",
    [
        {"metadata": {"key": KEY}, "message_id": None},
        {"metadata": {}, "tags": ["other", KEY], "message_id": "ms-9"},
        {"metadata": {}, "message_id": f"<{KEY}@digest.example.org>"},
        {"metadata": {}, "message_id": "p-1"},
        {"metadata": None, "tags": None, "message_id": "p-1"},
    ],
    ids=["metadata", "tag", "message-id", "provider's id", "nothing else"],
)
def test_delivery_is_found(named):
    delivery = make_sent()

    tell(event("delivered", **named))

    assert list(DeliveryEvent.objects.values_list("delivery", "key")) == [(delivery.pk, KEY)]


@pytest.mark.parametrize(
    ("named", "key"),
    [
        ({"metadata": {"key": "digest-of-another-life"}}, "digest-of-another-life"),
        ({"metadata": {}, "message_id": "m" * 50}, "m" * 40),
        ({"metadata": {"key": "\x00"}, "message_id": None}, ""),
    ],
)
def test_s24_event_of_an_unknown_delivery_is_kept_and_counts_for_the_address(named, key):
    make_subscriber(1)

    tell(event("complained", **named))

    assert list(DeliveryEvent.objects.values_list("delivery", "key", "kind")) == [(None, key, "complained")]
    assert Subscriber.objects.get().status == "left"
    assert is_suppressed(READER)


# Healing -------------------------------------------------------------------------------------------------

PROOFS = ["queued", "sent", "delivered", "deferred", "bounced", "complained", "unsubscribed", "autoresponded"]


@pytest.mark.parametrize("in_doubt", ["unknown", "sending"])
@pytest.mark.parametrize("proof", [*PROOFS, "rejected", "failed"])
def test_d11_event_settles_a_doubt(proof, in_doubt):
    delivery = make_sent(state=in_doubt, provider_id="", settled_at=None, in_doubt=True)

    tell(event(proof))

    delivery.refresh_from_db()
    assert (delivery.state, delivery.provider_id, delivery.settled_at) == ("accepted", "p-1", NOW)
    assert not delivery.in_doubt
    assert delivery.reason == "known from the provider's webhook"


@pytest.mark.parametrize("open_state", ["queued", "claimed", "cancelled", "failed"])
@pytest.mark.parametrize("proof", ["sent", "delivered", "bounced"])
def test_d03_message_that_was_accepted_after_all_is_not_sent_again(proof, open_state):
    delivery = make_sent(state=open_state)

    tell(event(proof))

    delivery.refresh_from_db()
    assert delivery.state == "accepted"


@pytest.mark.parametrize("told", ["rejected", "failed", "unknown", "subscribed"])
def test_refusal_and_small_talk_prove_nothing_about_a_refused_message(told):
    delivery = make_sent(state="failed")

    tell(event(told))

    delivery.refresh_from_db()
    assert delivery.state == "failed"


def test_message_that_was_never_handed_over_is_not_accepted():
    delivery = make_delivery(1)

    tell(event("delivered"))

    delivery.refresh_from_db()
    assert delivery.state == "queued"


def test_worker_that_settles_after_the_webhook_changes_nothing(settings):
    settings.EMAIL_BACKEND = "tests.mail.ScriptedBackend"
    ScriptedBackend.reset()
    make_delivery(1)
    ScriptedBackend.answers[READER] = lambda message: tell(event("delivered"))

    send_queued(lambda: NOW)

    assert list(Delivery.objects.values_list("state", "reason")) == [("accepted", "known from the provider's webhook")]
    assert send_queued(lambda: NOW + timedelta(hours=1)) == {}


# Nonsense ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [31, 366])
@pytest.mark.parametrize("event_type", ["bounced", "complained", "unsubscribed"])
def test_s24_old_news_is_kept_and_changes_nothing(event_type, days):
    delivery = make_sent()

    tell(event(event_type, NOW - timedelta(days=days), reject_reason="bounced"))

    delivery.subscriber.refresh_from_db()
    [row] = DeliveryEvent.objects.all()
    assert (row.kind, row.detail) == ("other", f"too old: {event_type} bounced")
    assert (delivery.subscriber.status, suppressions()) == ("active", [])


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        (None, NOW),
        ("yesterday", NOW),
        (17, NOW),
        (datetime(2026, 8, 11, 7), datetime(2026, 8, 11, 7, tzinfo=UTC)),
        (datetime(9999, 12, 31, tzinfo=UTC), NOW),
        (datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_moment_of_an_event_is_made_the_best_of(timestamp, at):
    make_sent()

    tell(event("delivered", timestamp))

    assert DeliveryEvent.objects.get().at == at


ODD = ["\x00", "\ud800", "x" * 5000, "<>", "a@b@c", "Ada <ada@example.org>", "ada@exämple.org", 17, None, [], {"a": 1}]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: ascii(odd)[:12])
@pytest.mark.parametrize(
    "name", ["recipient", "message_id", "metadata", "tags", "description", "mta_response", "event_id"]
)
def test_s24_odd_field_is_kept_without_a_crash(name, odd):
    make_sent()

    tell(event("delivered", **{name: odd}), event("delivered", **{name: odd}))

    assert kinds() == ["delivered"]


@pytest.mark.parametrize("event_type", ["unknown", "inbound", "subscribed", "of tomorrow", ""])
def test_s24_unknown_event_is_kept_as_other(event_type):
    make_sent(state="unknown")

    tell(event(event_type))

    assert kinds() == ["other"]
    assert Delivery.objects.get().state == "unknown"


def test_recipient_is_known_in_any_spelling():
    make_sent(subscriber=make_subscriber(1, email="Ada@xn--exmple-cua.org"))

    tell(hard(recipient="Ada Example <ADA@Exämple.org>"))

    assert suppressions() == [(links.address_hmac("ada@xn--exmple-cua.org"), "bounce")]


# Once, and in any order ----------------------------------------------------------------------------------


def test_s24_same_event_twice_is_one_row_and_one_effect():
    make_sent()
    twice = [hard(event_id="e-1"), hard(event_id="e-1"), event("delivered"), event("delivered")]

    tell(*twice)

    assert kinds() == ["bounced", "delivered"]


def test_same_name_at_another_provider_is_another_event():
    make_sent()

    tell(event("delivered", event_id="1"), provider="postmark")
    tell(event("delivered", event_id="1"), provider="resend")

    assert len(kinds()) == 2


def test_events_without_a_name_differ_by_what_they_say():
    make_sent()

    tell(soft(1), soft(2), soft(1, mta_response="452 full"), soft(1, recipient="else@example.org"), event("delivered"))

    assert len(kinds()) == 5


def test_effect_and_row_stand_or_fall_together(monkeypatch):
    delivery = make_sent()
    told = event("complained")

    def fail(*args: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("subscriptions.leaving.consent.record", fail)
        with pytest.raises(RuntimeError):
            tell(told)
    failed = (kinds(), suppressions())
    tell(told)

    delivery.subscriber.refresh_from_db()
    assert failed == ([], [])
    assert (kinds(), delivery.subscriber.status) == (["complained"], "left")


OTHER_KEY = {"key": "digest-of-another-life"}
SETS = {
    "S24": [
        hard(event_id="b"),
        hard(event_id="b"),
        event("delivered", SENT - timedelta(minutes=5)),
        event("delivered", metadata=OTHER_KEY, message_id="p-9", recipient="else@example.org"),
        event("complained", NOW - timedelta(days=366), event_id="old"),
    ],
    "soft": [soft(9), soft(7), event("delivered", SENT - timedelta(days=6)), soft(5), soft(3)],
    "soft, freed": [soft(9), soft(7), soft(5), event("delivered", SENT - timedelta(days=6))],
    "soft and hard": [soft(9), soft(7), soft(5), hard()],
    "leaving": [event("complained"), event("unsubscribed"), hard(), event("delivered")],
    "refused": [
        event("queued"),
        event("rejected", reject_reason="blocked"),
        event("bounced", reject_reason="spam"),
        event("failed"),
    ],
}


def outcome(order: Iterable[AnymailTrackingEvent]) -> dict[str, Any]:
    """What `order` makes of the rows, which stay as they were."""
    with transaction.atomic():
        tell(*order)
        result = state()
        transaction.set_rollback(True)
    return result


@pytest.mark.parametrize("name", SETS)
def test_s24_every_order_of_events_ends_alike(name):
    make_sent(state="unknown", provider_id="")

    first, *others = [outcome(order) for order in permutations(SETS[name])]

    assert len(first["events"]) == len({told.event_id or id(told) for told in SETS[name]})
    assert first["deliveries"][0]["state"] == "accepted"
    assert all(other == first for other in others)


@pytest.mark.parametrize("seed", range(8))
def test_s24_random_events_end_alike_in_random_order(seed):
    chance = random.Random(seed)
    make_sent(state=chance.choice(["unknown", "sending", "accepted", "queued", "cancelled", "failed"]))
    told = []
    for _ in range(10):
        at = SENT - timedelta(days=chance.choice([0, 1, 2, 3, 5, 8, 13, 20, 40]), minutes=chance.randrange(3))
        event_type = chance.choice(["bounced", "bounced", "bounced", "delivered", "delivered", *PROOFS, "rejected"])
        reason = chance.choice(["bounced", "timed_out", "timed_out", "timed_out", "blocked", "unsubscribed", None])
        told.append(event(event_type, at, reject_reason=reason))
    first = outcome(told)

    for _ in range(6):
        chance.shuffle(told)
        assert outcome(told) == first


# At the same time ----------------------------------------------------------------------------------------


def tell_together(*events: AnymailTrackingEvent) -> None:
    start = Barrier(len(events))

    def tell_one(told: AnymailTrackingEvent) -> None:
        start.wait(10)
        try:
            tell(told)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(events)) as pool:
        list(pool.map(tell_one, events))


@pytest.mark.django_db(transaction=True)
def test_s24_same_event_at_the_same_time_is_one_row():
    make_sent(state="unknown")

    tell_together(*(event("complained", event_id="c-1") for _ in range(6)))

    assert kinds() == ["complained"]
    assert suppressions() == [(links.address_hmac(READER), "complaint")]
    assert ConsentEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_s24_events_of_one_reader_wait_for_each_other(attempt):
    make_sent(state="unknown")
    between = event("delivered", SENT - timedelta(days=6))

    tell_together(soft(9), soft(7), soft(5), between)
    in_between = suppressions()
    tell_together(soft(4), soft(3), soft(2))

    assert in_between == []
    assert suppressions() == [(links.address_hmac(READER), "bounce")]
    assert Suppression.objects.get().at == SENT - timedelta(days=3)
