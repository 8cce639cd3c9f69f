"""The newest papers, indexed once for everybody who tries interests out. In the memory of this process.

A preview must not cost what a run of the composer costs: papers are loaded and indexed again only when
others have come or gone, by one request at a time, while the rest go on with what is there.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from math import ceil
from time import monotonic
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Max

from papers.models import Paper
from papers.search.suggesting import Topic, topics
from subscriptions.matching import Window
from subscriptions.windows import MARGIN

logger = logging.getLogger(__name__)

REACH = timedelta(days=30)
DIGEST = timedelta(days=7)
MAX_TOPICS = 24
_CHECK_SECONDS = 20
_PATIENCE_SECONDS = 3
_DAY = timedelta(days=1)
# While no papers come, the week ends at most so long ago.
_DRIFT = timedelta(hours=1)


class _State(NamedTuple):
    """What tells whether papers have come or gone."""

    papers: int
    last_at: datetime | None


@dataclass(eq=False)
class Recent:
    """Papers of the last 30 days, or the newest PREVIEW_PAPERS of them, up to `end`."""

    window: Window
    end: datetime
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def since(self) -> datetime:
        """Where a week's digest begins."""
        return self.end - DIGEST

    @cached_property
    def days(self) -> int:
        """How many days back the papers reach, at most 30."""
        return self._days(REACH)

    @cached_property
    def digest_days(self) -> int:
        """How many days of papers a week's digest is made of: fewer than 7 on a new site."""
        return self._days(DIGEST)

    @cached_property
    def ages(self) -> Sequence[int]:
        """By position, how many days old a paper of the week is, counted back from `end`; -1 for older papers."""
        first, oldest = self.window.first(self.since), self.digest_days - 1
        week = self.window.papers[first:]
        return [-1] * first + [min((self.end - paper.first_seen_at) // _DAY, oldest) for paper in week]

    @cached_property
    def topics(self) -> Sequence[Topic]:
        """What the papers of the week are about."""
        return topics(self.window.papers[self.window.first(self.since) :], limit=MAX_TOPICS)

    def _days(self, most: timedelta) -> int:
        if not self.window.papers:
            return most.days
        age = self.end - self.window.papers[0].first_seen_at
        return min(most.days, max(1, ceil(age / _DAY)))


class _Shelf:
    """The one Recent of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        self.recent: Recent | None = None
        self.state: _State | None = None
        self.checked_at = 0.0

    def is_checked(self) -> bool:
        return self.recent is not None and monotonic() - self.checked_at < _CHECK_SECONDS


_shelf = _Shelf()


def recent(now: datetime) -> Recent | None:
    """The newest papers, at most some seconds behind; None while another request reads them for the first time."""
    if _shelf.is_checked():
        return _shelf.recent
    if not _shelf.lock.acquire(timeout=0 if _shelf.recent else _PATIENCE_SECONDS):
        return _shelf.recent
    try:
        if not _shelf.is_checked():
            _refresh(now)
        return _shelf.recent
    finally:
        _shelf.lock.release()


def is_ready() -> bool:
    """Whether asking for them now costs nothing."""
    return _shelf.is_checked()


def warm(now: datetime) -> None:
    """Read them before anybody asks. For a thread of its own; where the database is away, the first to ask does it."""
    try:
        recent(now)
    except DatabaseError as error:
        logger.warning("The newest papers could not be read ahead: %s", type(error).__name__)
    finally:
        connection.close()


def forget() -> None:
    """As after a start."""
    _shelf.clear()


def _refresh(now: datetime) -> None:
    end = now - MARGIN
    papers = Paper.objects.visible().seen_between(end - REACH, end)
    state = _State(**papers.aggregate(papers=Count("pk"), last_at=Max("first_seen_at")))
    if _shelf.recent is None or state != _shelf.state:
        newest = papers.order_by("-first_seen_at", "-pk")[: settings.PREVIEW_PAPERS]
        _shelf.recent = Recent(Window(newest.iterator()), end)
        _shelf.state = state
    elif end - _shelf.recent.end > _DRIFT:
        _shelf.recent = replace(_shelf.recent, end=end)
    _shelf.checked_at = monotonic()
