"""F01 to F07: processes that die, stop or are overtaken, at every point between the queue and the provider's word."""

import itertools
import threading

import pytest

from tests.faults.provider import ACCEPT, ACCEPT_THEN_STALL, Act, accept, first_time

WINDOW = 10


def test_f01_killed_after_claim(site):
    site.make_readers(30)
    site.start_struck_workers("after_claim:kill")

    site.until_states(accepted=20, claimed=WINDOW)
    site.outlive_lease()
    site.finish()

    site.judge()


@pytest.mark.thorough
def test_f02_killed_before_socket(site):
    site.make_readers(30)
    site.start_struck_workers("before_socket:kill")

    site.until_states(accepted=20, sending=WINDOW)
    site.outlive_lease()
    site.finish()

    site.judge(accepted=20, unknown=WINDOW)


@pytest.mark.parametrize("failpoint", ["after_accept:kill:10", "before_record:kill"])
def test_f03_killed_after_accept(site, failpoint):
    site.make_readers(30)
    site.start_struck_workers(failpoint)

    site.until_states(accepted=20, sending=WINDOW)
    site.outlive_lease()
    site.finish()

    site.judge(unknown=WINDOW)


def test_f04_whole_worker_killed(site):
    site.make_readers(60)
    gate, count = threading.Event(), itertools.count(1)
    site.provider.rule = lambda _: Act(gate=gate) if next(count) > 16 else ACCEPT
    struck, _ = site.start_workers()

    site.until(lambda: len(site.ledger.handed) == 20, "a message on the wire of each of four processes")
    struck.kill()
    site.deaths += 2
    site.provider.rule = accept
    gate.set()
    site.until(lambda: site.states()["accepted"] + site.states()["unknown"] == 40, "the other worker's end")
    site.outlive_lease()
    site.finish()

    # All windows were full, and of a dead process's window one message at least had arrived.
    site.judge(accepted=range(42, 60), unknown=range(2 * WINDOW, 2 * WINDOW + 3))


@pytest.mark.thorough
def test_f05_deployment_while_sending(site):
    """Old and new code together; the old worker ends its windows and leaves the rest to the new one."""
    site.make_readers(160)
    site.provider.rule = lambda _: Act(stall=0.05)
    (old,) = site.start_workers(1)
    site.until_accepted(1)

    old.terminate()
    site.start_workers(1)
    code = old.wait(20)
    left = site.states()["queued"]
    site.finish()

    assert (code, left > 0) == (0, True)
    site.judge()


@pytest.mark.parametrize(
    ("limits", "accepted", "unknown"),
    [
        pytest.param("8,60", 24, 1, id="soft"),
        pytest.param("0,8", 15, WINDOW, id="hard"),
    ],
)
def test_f06_time_limit_on_the_wire(site, limits, accepted, unknown):
    readers = site.make_readers(24)
    site.provider.rule = first_time({readers[0].email: ACCEPT_THEN_STALL})
    site.start_workers(1, EMAIL_TIMEOUT="60", FAULT_LIMITS=limits)

    site.until(lambda: site.states().keys() == {"accepted", "sending"}, "all other windows")
    site.until(site.is_idle, "an end of the task", ticking=False)
    site.deaths += site.states()["sending"] > 0
    site.outlive_lease()
    site.finish()

    site.judge(accepted=accepted, unknown=unknown)


@pytest.mark.thorough
def test_f06_out_of_memory_on_the_wire(site):
    readers = site.make_readers(24)
    site.provider.rule = first_time({readers[0].email: ACCEPT_THEN_STALL})
    (worker,) = site.start_workers(1, EMAIL_TIMEOUT="60")
    site.until_states(accepted=14, sending=WINDOW)

    for child in worker.children:
        child.kill()
    site.deaths += 1
    site.until(lambda: len(worker.children) == 2, "new processes in place of the killed ones")
    site.outlive_lease()
    site.finish()

    site.judge(accepted=15, unknown=WINDOW)


@pytest.mark.thorough
def test_f07_redelivery_while_sending(site):
    """The broker hands the task to a second process while the first still waits for the provider."""
    readers = site.make_readers(12)
    site.provider.rule = first_time({readers[0].email: Act(stall=8)})
    site.start_workers(FAULT_VISIBILITY="2", EMAIL_TIMEOUT="30")
    site.send("subscriptions.tasks.compose_due")
    site.until(lambda: site.states()["queued"] == 12, "the queue", ticking=False)

    site.send("subscriptions.tasks.send_queued")
    site.until(lambda: site.redelivered() > 0, "a redelivery", ticking=False)
    site.until(lambda: site.states() == {"accepted": 12}, "the end of the first run", ticking=False)

    site.judge()
