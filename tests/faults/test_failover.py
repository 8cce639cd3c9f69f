"""F17: the database fails over, and the last commits are missing."""

import itertools
import threading
from datetime import timedelta

import pytest
from django.test import Client

from subscriptions import braking, continuity
from subscriptions.models import Delivery
from tests.faults.failover import look_at, looking_at, open_pair
from tests.faults.provider import ACCEPT, Act
from tests.faults.wire import open_wire

READERS = 50


@pytest.fixture
def pair():
    with open_pair() as opened, looking_at(opened), open_wire() as opened.wire:
        yield opened


@pytest.mark.thorough
@pytest.mark.parametrize("oracle", ["webhook", "key", "nobody"])
def test_f17_failover_loses_the_last_commits(site, pair, oracle):
    """Nothing leaves until a person lets it, and what the lost commits held is never sent blindly."""
    # A digest composed again is no repetition to a provider that compares contents: its links are new.
    later = 0 if oracle == "key" else 6
    if oracle == "key":
        site.remember_keys()
    send_all_and_fail_over(site, pair, later)
    handed, lost = len(site.ledger.handed), READERS + later - site.states()["accepted"]
    stopped = Client().get("/readyz").json()["sending"]["stopped"]
    site.until(lambda: Delivery.objects.count() == READERS + later, "what was lost to be composed again")

    if oracle == "webhook":
        site.report_delivered()
    braking.release()
    site.until(lambda: not Delivery.objects.due(site.clock.now()).exists(), "what may go on")
    site.until(site.is_idle, "idle workers", ticking=False)
    site.outlive_lease()
    site.finish()

    assert (stopped, lost > 20) == (continuity.REASON, True)
    assert (len(site.ledger.handed) > handed) is (oracle == "key")
    site.judge(unknown={"webhook": later, "key": 0, "nobody": lost}[oracle])


def send_all_and_fail_over(site, pair, later: int) -> None:
    """Copy the database in the middle of the run, and lose it at the end. `later` digests fall due in between."""
    site.make_readers(READERS)
    site.make_readers(later, next_digest_at=site.clock.now() + timedelta(minutes=2))
    gate, count = threading.Event(), itertools.count(1)
    site.provider.rule = lambda _: Act(gate=gate) if next(count) > 12 else ACCEPT
    site.start_workers(DATABASE_URL=pair.wire.database_url, EMAIL_TIMEOUT="30")
    site.until_accepted(16)
    pair.copy()
    gate.set()
    site.clock.advance(timedelta(minutes=3))
    site.until_states(accepted=READERS + later)

    pair.fail_over()
    look_at(pair)
    pair.wire.cut_all()
    site.deaths += 4
    site.until(braking.is_pulled, "the brake")
