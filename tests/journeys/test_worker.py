"""A real worker with beat, on the broker of this pass: the folder, or Redis. Nobody types a command."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from subscriptions.models import Delivery, Digest
from tests.factories import make_interest, make_paper, make_subscriber
from tests.journeys.processes import running
from tests.journeys.sink import Sink, text_of, to

pytestmark = pytest.mark.django_db(transaction=True)


def worker(folder: Path, sink: Sink):
    folder.mkdir()
    command = ("celery", "--app", "digest_site", "worker", "--beat", "--concurrency", "2")
    return running(*command, folder=folder, EMAIL_URL=sink.url, TICK_SECONDS="1", READ_MINUTES="1440")


def make_reader(number: int):
    """Somebody whose digest fell due a minute ago."""
    now = timezone.now()
    reader = make_subscriber(
        number, next_digest_at=now - timedelta(minutes=1), cutoff_at=now - timedelta(days=1), zone="Asia/Kathmandu"
    )
    make_interest(reader, "grokking")
    return reader


@pytest.fixture
def papers():
    """One that the readers want and one that they do not."""
    seen_at = timezone.now() - timedelta(hours=3)
    make_paper(1, title="Grokking on graphs", abstract="It comes late.", first_seen_at=seen_at)
    make_paper(2, title="Tidal locking", abstract="Of planets.", first_seen_at=seen_at)


def test_digest_leaves_the_house_without_a_command(papers, sink, tmp_path):
    reader = make_reader(1)

    with worker(tmp_path / "worker", sink) as process:
        mail = sink.wait(to(reader.email), process)

    # A worker ends its running tasks before it stops: what it sent is written down.
    assert [kept["X-Envelope-To"] for kept in sink.mails] == [reader.email]
    assert "Grokking on graphs" in text_of(mail)
    assert "Tidal locking" not in text_of(mail)
    assert [(row.kind, row.state) for row in Delivery.objects.all()] == [("digest", "accepted")]
    assert [digest.outcome for digest in Digest.objects.all()] == ["queued"]
    reader.refresh_from_db()
    assert reader.next_digest_at > timezone.now()


def test_two_workers_with_a_beat_each_send_one_digest_to_each_reader(papers, sink, tmp_path):
    readers = [make_reader(number) for number in range(1, 13)]

    with worker(tmp_path / "one", sink) as process, worker(tmp_path / "two", sink):
        for reader in readers:
            sink.wait(to(reader.email), process)

    assert sorted(mail["X-Envelope-To"] for mail in sink.mails) == sorted(reader.email for reader in readers)
    assert {row.state for row in Delivery.objects.all()} == {"accepted"}
