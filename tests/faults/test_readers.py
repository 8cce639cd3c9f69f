"""F27 to F29, F34 and F35: poisoned rows, readers who go in between, two operators, webhooks of every kind."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection

from papers.ingest import ingest
from papers.models import Paper
from papers.sources.saved import parse_saved
from subscriptions import links, operating
from subscriptions.models import Delivery, DeliveryEvent, Interest, Suppression
from tests.environment import ROOT
from tests.faults.provider import ACCEPT
from tests.faults.site import bounced, delivered

POISON = ROOT / "tests" / "data" / "huggingface" / "api" / "poisoned_text.json"


def test_f27_poisoned_paper_and_keyword(site):
    """A lone surrogate, a NUL and a form feed in papers; a stored interest that nobody can read."""
    readers = site.make_readers(30)
    slug, batch = parse_saved(Path(POISON).read_bytes())
    ingest(slug, batch.day, batch, now=site.clock.now() - timedelta(hours=1))
    Paper.objects.filter(arxiv_id="2608.00002").update(
        title="\f\x1b[31mGrokking\u202e", abstract="grokking \x07" * 9999
    )
    Interest.objects.filter(subscriber__in=readers[:4]).delete()  # these get all there is
    Interest.objects.filter(subscriber=readers[5]).update(text='"\f(grokking OR', normal="\f")
    Interest.objects.create(subscriber=readers[6], text="*:\x1b", normal="*")
    site.start_workers()

    site.finish()

    unreadable = Delivery.objects.filter(digest__subscriber=readers[5]).exists()
    assert unreadable is False
    site.judge(accepted=29)


@pytest.mark.thorough
def test_f28_unsubscribed_between_queue_and_claim(site):
    readers = site.make_readers(30)
    site.compose()

    site.leave(readers[0])
    site.suppress(readers[1])
    site.start_workers()
    site.finish()

    assert site.states() == {"accepted": 28, "cancelled": 2}
    site.judge(accepted=28)


def test_f28_unsubscribed_between_claim_and_fence(site):
    site.make_readers(30)
    site.compose()
    with site.worker_held_at("after_claim") as readers:
        site.leave(readers[0])
        site.suppress(readers[1])
    site.finish()

    assert site.states() == {"accepted": 28, "cancelled": 2}
    site.judge(accepted=28)


@pytest.mark.thorough
def test_f28_unsubscribed_while_sending(site):
    """Who leaves in the middle of a window may still get that one message, and the ledger says so."""
    readers = site.make_readers(30)
    asked, gate = threading.Event(), threading.Event()

    def rule(message):
        asked.set()
        gate.wait(30)
        return ACCEPT

    site.provider.rule = rule
    site.start_workers(1, EMAIL_TIMEOUT="30")
    site.until(asked.is_set, "a message on the wire")
    for reader in readers:
        site.leave(reader)
    gate.set()
    site.finish()

    assert site.states().keys() == {"accepted", "cancelled"}
    site.judge(accepted=range(1, 21))


@pytest.mark.thorough
def test_f29_erased_between_queue_and_claim(site):
    readers = site.make_readers(30)
    site.compose()

    site.erase(readers[0])
    site.start_workers()
    site.finish()

    assert "raised unexpected" not in site.logs()
    site.judge(accepted=29)


def test_f29_erased_between_claim_and_fence(site):
    site.make_readers(30)
    site.compose()
    with site.worker_held_at("after_claim") as readers:
        site.erase(readers[0])
    site.finish()

    assert "raised unexpected" not in site.logs()
    site.judge(accepted=29)


@pytest.mark.thorough
def test_f29_erased_while_sending(site):
    readers = site.make_readers(30)
    asked, gate = threading.Event(), threading.Event()

    def rule(message):
        if message.recipient == readers[0].email:
            asked.set()
            gate.wait(30)
        return ACCEPT

    site.provider.rule = rule
    site.start_workers(EMAIL_TIMEOUT="30")
    site.until(asked.is_set, "a message on the wire")
    site.erase(readers[0])
    gate.set()
    site.finish()

    assert "raised unexpected" not in site.logs()
    site.judge(accepted=30)


def test_f34_two_operators_send_now(site):
    """Both press at once, while workers and two `send_digests` run; and once more when all is over."""
    site.make_readers(40)
    site.compose()
    Delivery.objects.update(not_before=site.clock.now() + timedelta(hours=1))
    operators = [User.objects.create_superuser(name) for name in ("ann", "ben")]
    day, barrier = site.clock.now().date(), threading.Barrier(2)

    def press(operator: User) -> int:
        try:
            barrier.wait()
            return operating.send_now(day, operator, site.clock.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        pressed = list(pool.map(press, operators))
    for command in 2 * [("django", "send_digests")]:
        site.start(*command)
    site.start_workers()
    site.finish()

    assert sum(pressed) == LogEntry.objects.count()
    assert max(pressed) == 40
    assert operating.send_now(day, operators[0], site.clock.now()) == 0
    site.judge()


def test_f35_webhooks_repeated_reordered_forged(site):
    """The ledger is right whatever the order, and a forged one leaves no row."""
    site.make_readers(12)
    site.provider.rule = lambda message: ACCEPT
    site.start_workers()
    site.finish()
    site.kill_workers()
    Delivery.objects.update(state="unknown", reason="as if all were in doubt")
    now = site.clock.now()
    events = [delivered(message, now) for message in site.ledger.accepted] * 3
    events += [bounced(message, now) for message in site.ledger.accepted[:2]] * 3
    random.Random(35).shuffle(events)

    forged = [site.post_webhook(event, secret="hooks:guessed") for event in events[:5]]
    none_kept = DeliveryEvent.objects.count()
    told = {site.post_webhook(event) for event in events}

    assert (set(forged), none_kept, told) == ({400}, 0, {200})
    assert DeliveryEvent.objects.count() == 14
    assert {row.address_hmac for row in Suppression.objects.all()} == {
        links.address_hmac(message.recipient) for message in site.ledger.accepted[:2]
    }
    site.judge()
