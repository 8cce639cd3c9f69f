import itertools
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from papers import pacing
from papers.models import Gate
from papers.pacing import LEASE, PATIENCE, turn
from papers.sources.base import FetchFailed

NOW = datetime(2026, 8, 12, 7, tzinfo=UTC)


class Clock:
    """A clock that only sleeping moves, and what was slept."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


def starts(clock: Clock, *hosts: str) -> list[float]:
    """When each request could start, in seconds from the first."""
    moments = []
    for host in hosts:
        with turn(host, clock=clock, sleep=clock.sleep):
            moments.append((clock.now - NOW).total_seconds())
    return moments


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        (["export.arxiv.org", "rss.arxiv.org", "ARXIV.org."], [0, 3, 6]),
        (["huggingface.co", "huggingface.co"], [0, 1]),
        (["arxiv.org", "huggingface.co", "arxiv.org"], [0, 0, 3]),
        (["notarxiv.org", "notarxiv.org"], [0, 1]),
        (["127.0.0.1", "localhost", "::1"], [0, 0, 0]),
    ],
)
def test_turn_pauses_between_requests(hosts, expected):
    assert starts(Clock(), *hosts) == expected


@pytest.mark.django_db
def test_turn_on_loopback_writes_nothing():
    starts(Clock(), "127.0.0.1")

    assert not Gate.objects.exists()


@pytest.mark.django_db
def test_turn_is_given_back_after_an_error():
    clock = Clock()

    with pytest.raises(KeyError), turn("arxiv.org", clock=clock, sleep=clock.sleep):
        raise KeyError

    assert Gate.objects.get().free_at == NOW + timedelta(seconds=3)


@pytest.mark.django_db
def test_turn_of_a_process_that_died_ends_with_its_lease():
    Gate.objects.create(host="arxiv.org", free_at=NOW + LEASE)

    assert starts(Clock(), "arxiv.org") == [LEASE.total_seconds()]


@pytest.mark.django_db
def test_turn_held_beyond_its_lease_is_not_given_back_twice():
    clock = Clock()
    taken_over = NOW + 5 * LEASE

    with turn("arxiv.org", clock=clock, sleep=clock.sleep):
        Gate.objects.update(free_at=taken_over)

    assert Gate.objects.get().free_at == taken_over


@pytest.mark.django_db
def test_turn_is_lost_to_whoever_took_it_between_look_and_take():
    rivals = [NOW + timedelta(seconds=2)]

    def rival_first(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE") and rivals:
            Gate.objects.update(free_at=rivals.pop())
        return execute(sql, *rest)

    with connection.execute_wrapper(rival_first):
        assert starts(Clock(), "arxiv.org") == [2]


@pytest.mark.django_db
def test_turn_gives_up():
    Gate.objects.create(host="arxiv.org", free_at=NOW + 2 * PATIENCE)

    with pytest.raises(FetchFailed, match=r"^arxiv\.org: other requests kept it busy for 600 seconds$"):
        starts(Clock(), "arxiv.org")


@pytest.mark.django_db(transaction=True)
def test_turn_inside_a_transaction_is_refused():
    with pytest.raises(RuntimeError), transaction.atomic(), turn("arxiv.org"):
        pass


@pytest.mark.django_db(transaction=True)
def test_turn_is_one_threads_at_a_time(monkeypatch):
    """Real clock, real sleep, a connection each; a pause of 20 ms keeps the test short."""
    monkeypatch.setitem(pacing._PAUSES, "arxiv.org", 0.02)
    spans: list[tuple[datetime, datetime]] = []
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        for _ in range(3):
            with turn("arxiv.org"):
                start = datetime.now(UTC)
                Gate.objects.count()  # something to do that takes a moment
                spans.append((start, datetime.now(UTC)))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    spans.sort()
    gaps = [later[0] - earlier[1] for earlier, later in itertools.pairwise(spans)]
    assert len(spans) == 12
    assert min(gaps) >= timedelta(seconds=0.02)
