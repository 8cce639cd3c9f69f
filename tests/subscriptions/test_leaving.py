from datetime import timedelta

import pytest

from subscriptions import links, queueing
from subscriptions.consent import Shown
from subscriptions.leaving import leave
from subscriptions.models import ConsentEvent, Delivery, Subscriber, Token
from tests.factories import NOW, make_delivery, make_subscriber

pytestmark = pytest.mark.django_db

LINK = Shown(form="unsubscribe link", locale="en")


def test_leaving_ends_everything_at_once():
    delivery = make_delivery()
    reader = delivery.subscriber
    links.issue(reader, Token.Purpose.EMAIL, NOW)

    assert leave(reader.pk, NOW, LINK) is True

    reader.refresh_from_db()
    delivery.refresh_from_db()
    assert (reader.status, reader.left_at, reader.next_digest_at) == ("left", NOW, None)
    assert (delivery.state, delivery.reason) == ("cancelled", "the reader left")
    assert [token.purpose for token in Token.objects.all() if links.is_live(token, NOW)] == ["unsubscribe"]
    assert list(ConsentEvent.objects.values_list("subscriber_id", "kind", "form", "at")) == [
        (reader.pk, "withdrawn", "unsubscribe link", NOW)
    ]


def test_s12_leaving_again_keeps_the_first_time():
    reader = make_subscriber()
    leave(reader.pk, NOW, LINK)

    assert leave(reader.pk, NOW + timedelta(days=1), LINK) is False

    assert Subscriber.objects.get().left_at == NOW
    assert ConsentEvent.objects.count() == 1


def test_s13_what_the_provider_has_is_left_to_settle():
    delivery = make_delivery(state=Delivery.State.SENDING)

    leave(delivery.subscriber_id, NOW, LINK)

    delivery.refresh_from_db()
    assert delivery.state == "sending"


def test_s14_no_mail_answers():
    reader = make_subscriber()

    leave(reader.pk, NOW, LINK)

    assert Delivery.objects.count() == 0


def test_leaving_touches_one_reader_only():
    one, other = make_subscriber(1), make_subscriber(2)
    queueing.queue(Delivery.Kind.LINK, other, NOW)
    before = Subscriber.objects.filter(pk=other.pk).values().get()

    leave(one.pk, NOW, LINK)

    assert Subscriber.objects.filter(pk=other.pk).values().get() == before
    assert Delivery.objects.get().state == "queued"
