"""A real worker with beat, on the broker of this pass: the folder, or Redis. Nobody types a command."""

from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions.models import Delivery, Digest
from tests.factories import make_interest, make_paper, make_subscriber
from tests.journeys.processes import running
from tests.journeys.sink import text_of

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = ("celery", "--app", "digest_site", "worker", "--beat", "--concurrency", "2")


@pytest.fixture
def reader():
    """Somebody whose digest fell due a minute ago, with one paper that matches and one that does not."""
    now = timezone.now()
    make_paper(1, title="Grokking on graphs", abstract="It groks late.", first_seen_at=now - timedelta(hours=3))
    make_paper(2, title="Tidal locking", abstract="Of planets.", first_seen_at=now - timedelta(hours=3))
    subscriber = make_subscriber(
        next_digest_at=now - timedelta(minutes=1), cutoff_at=now - timedelta(days=1), created_at=now - timedelta(days=9)
    )
    make_interest(subscriber, "grokking")
    return subscriber


def test_digest_leaves_the_house_without_a_command(reader, sink, tmp_path):
    with running(*WORKER, folder=tmp_path, EMAIL_URL=sink.url, TICK_SECONDS="1", READ_MINUTES="1440"):
        mail = sink.wait()

    # The worker ended its running tasks before it stopped: what it sent is written down.
    assert [kept["X-Envelope-To"] for kept in sink.mails] == [reader.email]
    assert "Grokking on graphs" in text_of(mail)
    assert "Tidal locking" not in text_of(mail)
    assert [(row.kind, row.state) for row in Delivery.objects.all()] == [("digest", "accepted")]
    assert [digest.outcome for digest in Digest.objects.all()] == ["queued"]
    reader.refresh_from_db()
    assert reader.next_digest_at > timezone.now()


def test_two_workers_with_beat_each_send_one_digest_together(reader, sink, tmp_path):
    others = [make_subscriber(number, next_digest_at=reader.next_digest_at) for number in range(2, 12)]
    for other in others:
        make_interest(other, "grokking")
    settings = {"EMAIL_URL": sink.url, "TICK_SECONDS": "1", "READ_MINUTES": "1440"}
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()

    with (
        running(*WORKER, folder=tmp_path / "first", **settings),
        running(*WORKER, folder=tmp_path / "second", **settings),
    ):
        for person in (reader, *others):
            sink.wait(lambda mail, email=person.email: mail["X-Envelope-To"] == email)

    assert sorted(mail["X-Envelope-To"] for mail in sink.mails) == sorted(p.email for p in (reader, *others))
    assert {row.state for row in Delivery.objects.all()} == {"accepted"}
