"""Schedules nobody thought of: `make faults SEED=… RUNS=…`. The same seed strikes at the same messages."""

import time

import pytest

from subscriptions import braking
from tests.faults.provider import accept
from tests.faults.schedules import READERS, RUNS, SEED, Schedule
from tests.faults.site import Site
from tests.faults.wire import Wire, open_wire


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
    site.provider.rule = accept
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
