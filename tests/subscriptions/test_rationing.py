import contextlib
import time

import pytest

from subscriptions import rationing
from subscriptions.rationing import Ration, UsedUp


@pytest.fixture
def ration(monkeypatch) -> Ration:
    monkeypatch.setattr(rationing, "monotonic", lambda: clock["now"])
    monkeypatch.setattr(rationing, "thread_time", lambda: clock["work"])
    clock.update(now=1000.0, work=0.0)
    return Ration()


clock: dict[str, float] = {}


def work(ration: Ration, client: str, seconds: float) -> None:
    with ration.spending(client):
        clock["work"] += seconds


def test_what_is_used_up_comes_back_with_time(ration):
    work(ration, "one", 4)
    work(ration, "one", 3)

    with pytest.raises(UsedUp) as refused:
        work(ration, "one", 1)
    assert refused.value.seconds == pytest.approx(10)

    clock["now"] += 11
    work(ration, "one", 1)


def test_one_client_takes_nothing_from_another(ration):
    work(ration, "one", 60)

    work(ration, "other", 1)


def test_work_that_fails_is_charged_too(ration):
    with contextlib.suppress(ZeroDivisionError), ration.spending("one"):
        clock["work"] += 7
        raise ZeroDivisionError

    with pytest.raises(UsedUp):
        work(ration, "one", 0)


def test_clients_longest_not_seen_are_forgotten(ration, monkeypatch):
    monkeypatch.setattr(rationing, "MAX_CLIENTS", 2)
    for client in ("one", "two", "one", "three"):
        work(ration, client, 7 if client == "two" else 1)

    work(ration, "two", 1)


def test_waiting_costs_nothing():
    ration = Ration()

    with ration.spending("one"):
        time.monotonic()

    assert ration._at("one", rationing.monotonic()) == pytest.approx(rationing.AT_ONCE, abs=0.1)
