"""Schedules nobody thought of: `make faults SEED=… RUNS=…`. The same seed strikes at the same messages."""

import os
import random
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from subscriptions import braking
from subscriptions.models import Subscriber
from tests.faults import provider as acts
from tests.faults.ledger import Handed
from tests.faults.provider import Act
from tests.faults.site import TASKS, Site
from tests.faults.wire import Cut, Wire, open_wire

READERS = 40
RUNS = int(os.environ.get("FAULT_RUNS") or 6)
SEED = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(2**32))

TROUBLE = [
    acts.ACCEPT_THEN_STALL,
    acts.BROKEN,
    acts.CUT_AFTER,
    acts.DROP_AFTER,
    acts.DROP_BEFORE,
    acts.GATEWAY_TIMEOUT,
    acts.INACTIVE,
    acts.RESET_AFTER,
    acts.STALL,
    acts.STALL_THEN_ACCEPT,
    acts.TRUNCATED,
    acts.UNAUTHORISED,
    acts.UNAVAILABLE,
    acts.too_many(0),
    acts.too_many(5),
]
CUTS = [b"""SET "state" = 'claimed'""", b"""SET "state" = 'sending'""", b"""SET "state" = (CASE"""]


class Schedule:
    """One run's worth of trouble, decided by its seed."""

    def __init__(self, seed: int, site: Site, wire: Wire) -> None:
        self.seed, self.site, self.wire = seed, site, wire
        self.rng = random.Random(seed)
        self.share = self.rng.choice([0.0, 0.1, 0.3])  # of messages that meet with trouble
        self.attempts: dict[str, int] = {}

    def rule(self, message: Handed) -> Act:
        attempt = self.attempts[message.recipient] = self.attempts.get(message.recipient, 0) + 1
        rng = random.Random(f"{self.seed}:{message.recipient}:{attempt}")
        return rng.choice(TROUBLE) if rng.random() < self.share else Act(stall=rng.choice([0, 0, 0.02]))

    def steps(self) -> list[Callable[[], None]]:
        every = [self.kill_process, self.kill_worker, self.deploy, self.empty_broker, self.kill_broker, self.cut]
        every += [self.hang_up, self.flood, self.move_clock, self.leave, self.erase, self.provider_away]
        return self.rng.sample(every, k=self.rng.randint(3, 6))

    def kill_process(self) -> None:
        children = [child for worker in self.site.workers for child in worker.children]
        if children:
            with suppress(ProcessLookupError):
                self.rng.choice(children).kill()
            self.site.deaths += 1

    def kill_worker(self) -> None:
        self.rng.choice(self.site.workers).kill()
        self.site.deaths += 2
        self.start()

    def deploy(self) -> None:
        self.rng.choice(self.site.workers).terminate()
        self.start()

    def start(self) -> None:
        self.site.start_workers(1, DATABASE_URL=self.wire.database_url)

    def empty_broker(self) -> None:
        self.site.broker.client.flushall()

    def kill_broker(self) -> None:
        self.site.broker.kill()
        self.site.broker.start()

    def cut(self) -> None:
        self.wire.cuts.append(Cut(self.rng.choice(CUTS), arrives=self.rng.random() < 0.5))
        self.site.deaths += 1

    def hang_up(self) -> None:
        self.wire.cut_all()
        self.site.deaths += 1

    def flood(self) -> None:
        for _ in range(5):
            self.site.send(*TASKS)

    def move_clock(self) -> None:
        self.site.clock.advance(timedelta(minutes=self.rng.choice([-60, -5, 1, 5, 20])))

    def leave(self) -> None:
        for reader in self.some_readers():
            self.site.leave(reader)

    def erase(self) -> None:
        for reader in self.some_readers():
            self.site.erase(reader)

    def some_readers(self) -> list[Subscriber]:
        return self.rng.sample(list(Subscriber.objects.active().order_by("pk")), k=3)

    def provider_away(self) -> None:
        self.site.provider.down()
        for _ in range(5):
            self.site.tick()
        self.site.provider.up()


def run(seed: int, site: Site, wire: Wire) -> None:
    schedule = Schedule(seed, site, wire)
    if schedule.rng.random() < 0.5:
        site.remember_keys()
    site.make_readers(READERS)
    site.provider.rule = schedule.rule
    site.start_workers(DATABASE_URL=wire.database_url)
    for number, step in enumerate(schedule.steps(), start=1):
        wait_for_progress(site, number * READERS // 8)
        print(f"seed {seed}: {step.__name__} after {len(site.ledger.handed)} messages")
        step()
    recover(site, wire)


def wait_for_progress(site: Site, handed: int) -> None:
    """Until so many messages were handed over, or for as long as a quiet site deserves."""
    end = time.monotonic() + 2
    site.until(lambda: len(site.ledger.handed) >= handed or time.monotonic() > end, "progress")


def recover(site: Site, wire: Wire) -> None:
    """All trouble ends; whoever is left over is killed, and others take over."""
    site.provider.rule = acts.accept
    wire.cuts.clear()
    site.kill_workers()
    braking.release()
    site.start_workers()
    site.outlive_lease()
    site.finish()


def judge(site: Site) -> None:
    site.judge(accepted=range(READERS + 1), unknown=range(READERS + 1))


@pytest.fixture
def wire():
    with open_wire() as opened:
        yield opened


def test_random_schedule_that_is_always_the_same(site, wire):
    run(1, site, wire)

    judge(site)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(SEED, SEED + RUNS))
def test_random_schedule(site, wire, seed):
    run(seed, site, wire)

    judge(site)
