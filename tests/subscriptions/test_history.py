from datetime import timedelta

import pytest

from subscriptions import history
from subscriptions.models import Delivery, Digest
from tests.factories import NOW, make_delivery, make_digest, make_paper, make_subscriber

pytestmark = pytest.mark.django_db

STATES = {
    "queued": "about to be sent",
    "claimed": "about to be sent",
    "sending": "being sent",
    "accepted": "sent",
    "failed": "your mail server refused it",
    "cancelled": "not sent: the reader left",
    "unknown": "perhaps sent: the connection broke at that moment",
}


@pytest.mark.parametrize("state", Delivery.State)
def test_every_state_has_words_for_the_reader(state):
    delivery = make_delivery(papers=[make_paper(1), make_paper(2)], state=state)
    if state == "cancelled":
        Delivery.objects.update(reason="the reader left")

    (digest,) = history.digests_of(delivery.subscriber)

    assert history.outcome(digest) == f"2 papers, chosen from 20 · {STATES[state]}"


def test_empty_digest_says_why():
    reader = make_subscriber()
    make_digest(reader, [], outcome=Digest.Outcome.EMPTY, reason="120 new papers came in, but none matches.")

    (digest,) = history.digests_of(reader)

    assert history.outcome(digest) == "120 new papers came in, but none matches."


def test_quiet_note_says_why_and_that_it_was_sent():
    delivery = make_delivery(state=Delivery.State.ACCEPTED)
    Digest.objects.update(outcome=Digest.Outcome.EMPTY, reason="Nothing was announced.")

    (digest,) = history.digests_of(delivery.subscriber)

    assert history.outcome(digest) == "Nothing was announced · sent"


def test_digests_come_newest_first_in_one_query(django_assert_num_queries):
    reader, other = make_subscriber(1), make_subscriber(2)
    for days in range(3):
        make_digest(reader, [], edition=NOW.date() - timedelta(days=days))
    make_digest(other, [], edition=NOW.date() + timedelta(days=1))

    with django_assert_num_queries(1):
        digests = list(history.digests_of(reader))
        said = [history.outcome(digest) for digest in digests]

    assert [digest.edition for digest in digests] == [NOW.date() - timedelta(days=days) for days in range(3)]
    assert said == ["0 papers, chosen from 20"] * 3


def test_digest_of_another_reader_is_not_found():
    one, other = make_subscriber(1), make_subscriber(2)
    make_digest(one, [])

    assert history.digest_of(one, NOW.date()) is not None
    assert history.digest_of(other, NOW.date()) is None
