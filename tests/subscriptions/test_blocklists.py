import logging
from datetime import timedelta

import pytest
from anymail.signals import AnymailTrackingEvent

from subscriptions import tracking
from subscriptions.blocklists import Survey, is_block_list_day, survey, watch
from subscriptions.models import Delivery, DeliveryEvent, Suppression
from tests.factories import NOW, make_delivery

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SENT = NOW - timedelta(minutes=30)


def make_sent(count: int, state: str = "accepted", *, first: int = 1, settled_at=SENT) -> list[Delivery]:
    return [
        make_delivery(number, state=state, attempts=1, settled_at=settled_at, not_before=settled_at)
        for number in range(first, first + count)
    ]


def block(deliveries: list[Delivery]) -> None:
    for row in deliveries:
        told = AnymailTrackingEvent(
            event_type="bounced",
            reject_reason="bounced",
            mta_response="550 5.7.1 listed",
            timestamp=SENT,
            recipient=row.subscriber.email,
            metadata={"key": row.key},
        )
        tracking.receive(told, "postmark", NOW)


def test_most_mail_refused_by_webhook_is_a_block_list_day(caplog):
    rows = make_sent(18)
    block(rows[:10])
    caplog.clear()

    told = [watch(NOW), watch(NOW + timedelta(minutes=5))]

    assert survey(NOW, HOUR) == Survey(sent=18, refused=10)
    assert is_block_list_day(NOW)
    assert told == [True, False]
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (
            logging.ERROR,
            "10 of 18 messages were refused: are we on a block list? Nobody was suppressed.",
        )
    ]
    assert list(Suppression.objects.all()) == []
    mark = DeliveryEvent.objects.latest("pk")
    assert (mark.kind, mark.provider, mark.detail) == (
        "blocked",
        "",
        "10 of 18 messages were refused: are we on a block list?",
    )


def test_most_mail_refused_by_smtp_is_a_block_list_day():
    make_sent(6)
    make_sent(12, "failed", first=7)

    assert survey(NOW, HOUR) == Survey(sent=18, refused=12)
    assert is_block_list_day(NOW)


def test_next_day_is_told_again():
    make_sent(10, "failed")
    watch(NOW)

    make_sent(10, "failed", first=11, settled_at=SENT + DAY)

    assert watch(NOW + DAY)


@pytest.mark.parametrize(
    ("accepted", "refused"),
    [(0, 9), (10, 10), (100, 50)],
    ids=["too few", "not most", "a third"],
)
def test_ordinary_day_is_none(accepted, refused, caplog):
    make_sent(accepted)
    make_sent(refused, "failed", first=1000)

    assert (is_block_list_day(NOW), watch(NOW)) == (False, False)
    assert caplog.records == []


def test_bad_hour_of_a_good_day_counts():
    make_sent(40, settled_at=NOW - timedelta(hours=5))
    make_sent(10, "failed", first=100)

    assert not survey(NOW, DAY).is_blocked
    assert is_block_list_day(NOW)


def test_mail_that_was_never_handed_over_is_not_refused():
    for row in make_sent(12, "failed"):
        Delivery.objects.filter(pk=row.pk).update(attempts=0)

    assert survey(NOW, DAY) == Survey(sent=0, refused=0)
