from datetime import timedelta

import pytest

from subscriptions import links, queueing
from subscriptions.models import Delivery, Suppression, Token
from tests.factories import NOW, make_subscriber

pytestmark = pytest.mark.django_db

Kind, State = Delivery.Kind, Delivery.State


def suppress(email: str, reason: str = Suppression.Reason.COMPLAINT) -> None:
    Suppression.objects.create(address_hmac=links.address_hmac(email), reason=reason, at=NOW)


def test_queue_writes_a_row_that_is_due_at_once():
    reader = make_subscriber()
    token = links.issue(reader, Token.Purpose.MANAGE, NOW)

    queued = queueing.queue(Kind.LINK, reader, NOW, token)

    row = Delivery.objects.due(NOW).get()
    assert (row, row.kind, row.subscriber, row.token, row.created_at) == (queued, "link", reader, token, NOW)


def test_queue_gives_each_mail_its_own_key():
    reader = make_subscriber()

    for seconds in range(3):
        now = NOW + timedelta(seconds=seconds)
        queueing.queue(Kind.LINK, reader, now, links.issue(reader, Token.Purpose.MANAGE, now))
        queueing.queue(Kind.OLD_ADDRESS, reader, now)

    assert Delivery.objects.values("key").distinct().count() == 6


@pytest.mark.parametrize("reason", Suppression.Reason)
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind != Kind.DIGEST])
def test_s21_s09_no_mail_of_any_kind_goes_to_a_suppressed_address(kind: str, reason: str):
    reader = make_subscriber(email="Ada@example.org")
    suppress("ada@example.org", reason)

    queued = queueing.queue(kind, reader, NOW)

    assert queued is None
    assert list(Delivery.objects.values_list("state", "reason", "settled_at")) == [
        ("cancelled", "the address is on the suppression list", NOW)
    ]


def test_s21_the_address_a_mail_goes_to_is_what_counts():
    reader = make_subscriber()
    suppress("new@example.org")
    token = links.issue(reader, Token.Purpose.EMAIL, NOW, {"email": "new@example.org"})

    assert queueing.queue(Kind.NEW_ADDRESS, reader, NOW, token) is None
    assert queueing.queue(Kind.OLD_ADDRESS, reader, NOW) is not None


def test_s13_cancel_takes_back_what_is_not_with_the_provider():
    reader = make_subscriber()
    for number, state in enumerate(State):
        row = queueing.queue(Kind.LINK, reader, NOW + timedelta(seconds=number))
        Delivery.objects.filter(pk=row.pk).update(state=state)

    cancelled = queueing.cancel(reader, NOW, "the reader left")

    states = Delivery.objects.order_by("pk").values_list("state", "reason")
    assert cancelled == 2
    assert list(states) == [
        ("cancelled", "the reader left") if state in {State.QUEUED, State.CLAIMED} else (state, "") for state in State
    ]


def test_cancel_may_be_confined_to_a_kind_and_is_to_a_reader():
    one, other = make_subscriber(1), make_subscriber(2)
    for reader in (one, other):
        queueing.queue(Kind.LINK, reader, NOW)
        queueing.queue(Kind.CONFIRM, reader, NOW)

    queueing.cancel(one, NOW, "replaced", Kind.CONFIRM)

    cancelled = Delivery.objects.filter(state=State.CANCELLED)
    assert list(cancelled.values_list("subscriber_id", "kind")) == [(one.pk, "confirm")]
