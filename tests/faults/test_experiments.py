"""The three experiments that break other newsletter programs: 600 readers, SMTP, `manage.py send_digests`."""

import itertools
from collections import Counter

import pytest
from django.db.models import Max

from subscriptions.delivery import sweep
from subscriptions.models import Delivery
from tests.faults.sink import Reply, open_sink

READERS = 600
WINDOW = 10

pytestmark = pytest.mark.thorough


@pytest.fixture
def sink():
    with open_sink() as opened:
        yield opened


@pytest.fixture
def site(site, sink):
    site.ledger = sink.ledger
    site.environment |= {"ANYMAIL_PROVIDER": "none", "EMAIL_URL": sink.url}
    site.make_readers(READERS, domains=40)
    return site


def start_sender(site, name: str):
    """A host of its own: nothing is shared but the database."""
    folder = site.folder / name
    folder.mkdir()
    return site.start("django", "send_digests", TMPDIR=str(folder), DATA_DIR=str(folder))


def test_600_readers_sender_killed_at_half_and_run_again(site, sink):
    """SIGKILL in the middle of a window, just when the server has taken a message and not yet said so."""
    half, taken = READERS // 2 + WINDOW // 2, itertools.count(1)

    def rule(place: str, recipient: str) -> Reply | None:
        last = place == "." and next(taken) == half
        return Reply("250 kept", accepts=True, stall=30) if last else None

    sink.rule = rule
    first = start_sender(site, "first")
    site.until_accepted(half)
    first.kill()
    site.deaths += 1

    start_sender(site, "second").wait(120)
    site.outlive_lease()
    sweep(site.clock.now())
    start_sender(site, "third").wait(120)

    site.judge(accepted=READERS - WINDOW // 2, unknown=WINDOW)


def test_600_readers_two_senders_at_once(site):
    senders = [start_sender(site, name) for name in ("one", "two")]

    codes = [sender.wait(120) for sender in senders]

    assert codes == [0, 0]
    assert all(": digest accepted" in sender.words for sender in senders)
    site.judge()


def test_600_readers_451_to_every_50th(site, sink):
    """Twice to each of them; the third time it is taken."""
    busy = Counter({f"reader{number}@": 2 for number in range(50, READERS + 1, 50)})

    def rule(place: str, recipient: str) -> Reply | None:
        name = recipient.partition("@")[0] + "@"
        if place != "." or not busy[name]:
            return None
        busy[name] -= 1
        return Reply("451 busy, try again")

    sink.rule = rule
    while not (site.states() and site.states().keys() == {"accepted"}):
        start_sender(site, f"run-{len(site.ledger.handed)}").wait(120)
        if later := Delivery.objects.filter(state="queued").aggregate(Max("not_before"))["not_before__max"]:
            site.clock.set(later)

    assert len(site.ledger.handed) == READERS + 24
    site.judge()
