"""Trouble of every kind, at moments nobody chose. The same seed strikes at the same messages."""

import os
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from subscriptions.models import Subscriber
from tests.faults import provider as acts
from tests.faults.ledger import Handed
from tests.faults.provider import Act
from tests.faults.site import TASKS, Site
from tests.faults.wire import Cut, Wire

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
