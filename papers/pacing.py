"""Whose turn it is at a site: one request at a time and a pause after each, across every process and machine
that shares the database. Nothing here fetches; no transaction is open while anybody waits or fetches.

A row of Gate per site holds the moment from which it is free. Taking a turn moves that moment to the end of
a lease, giving it back to the end of the pause; both are conditional updates, so only one taker wins.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from papers.models import Gate
from papers.sources.base import FetchFailed

# Seconds between two requests. All of arXiv's hosts count as one: https://info.arxiv.org/help/api/tou.html
_PAUSES = {"arxiv.org": 3.0, "huggingface.co": 1.0, "localhost": 0.0, "127.0.0.1": 0.0, "::1": 0.0}
_OTHER_PAUSE = 1.0
# Longer than any fetch lasts: a process that died holding its turn blocks the others no longer than this.
LEASE = timedelta(seconds=120)
PATIENCE = timedelta(minutes=10)
_LOOK_AGAIN = 0.5


@contextmanager
def turn(
    host: str,
    *,
    patience: timedelta = PATIENCE,
    clock: Callable[[], datetime] = timezone.now,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Wait for the turn at `host`, hold it for the block, give it back. Raises FetchFailed after `patience`."""
    site, pause = _site(host)
    if not pause:
        yield
        return
    until = _take(site, patience, clock, sleep)
    try:
        yield
    finally:
        # Not if the lease ran out meanwhile and another process holds the turn.
        Gate.objects.filter(host=site, free_at=until).update(free_at=clock() + timedelta(seconds=pause))


def _site(host: str) -> tuple[str, float]:
    name = host.lower().rstrip(".")
    for site, pause in _PAUSES.items():
        if name == site or name.endswith(f".{site}"):
            return site, pause
    return name, _OTHER_PAUSE


def _take(site: str, patience: timedelta, clock: Callable[[], datetime], sleep: Callable[[float], None]) -> datetime:
    """Take the turn; return the end of the lease, which is the key to giving it back."""
    started = clock()
    Gate.objects.get_or_create(host=site, defaults={"free_at": started})
    while (now := clock()) < started + patience:
        free_at = Gate.objects.values_list("free_at", flat=True).get(host=site)
        if free_at > now:
            sleep(min((free_at - now).total_seconds(), _LOOK_AGAIN))
        elif _won(site, free_at, now + LEASE):
            return now + LEASE
    raise FetchFailed(f"{site}: other requests kept it busy for {patience.total_seconds():.0f} seconds")


def _won(site: str, free_at: datetime, until: datetime) -> bool:
    # Durable: inside somebody's transaction the others would not see who won until it ends.
    with transaction.atomic(durable=True):
        return Gate.objects.filter(host=site, free_at=free_at).update(free_at=until) == 1
