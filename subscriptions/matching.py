"""Match readers' interests against a window of papers. Never queries: papers and interests come loaded."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import islice
from typing import Protocol

from papers.models import Paper
from papers.search.index import Index, Matches
from papers.search.query import Query, QueryError, parse
from papers.search.ranking import Ranked, rank

# Answers a window keeps. Popular interests come back with every chunk of readers; memory stays flat.
MAX_ANSWERS = 5_000


class Asked(Protocol):
    """An interest, as far as matching looks at it."""

    @property
    def text(self) -> str: ...
    @property
    def is_muted(self) -> bool: ...


class Window:
    """Papers first seen in one span of time, indexed once for all readers who look at them.

    Positions count from the oldest paper, so a reader's own part of the window is its tail.
    """

    def __init__(self, papers: Iterable[Paper]) -> None:
        self.papers = sorted(papers, key=lambda paper: (paper.first_seen_at, paper.pk or 0))
        self.index = Index(self.papers)
        self._answers: dict[str, Matches] = {}

    def first(self, since: datetime | None) -> int:
        """The position at which the papers first seen at or after `since` begin."""
        return bisect_left(self._seen_at, since) if since else 0

    def positions(self, pks: Collection[int]) -> set[int]:
        return {self._by_pk[pk] for pk in pks if pk in self._by_pk}

    def prepare(self, interests: Iterable[Asked]) -> None:
        """Evaluate what many readers ask for, all in one pass over the papers."""
        wanted, muted, _ = _read(interests)
        self.answers([*wanted, *muted])

    def answers(self, queries: Iterable[Query]) -> Mapping[str, Matches]:
        """By normal form: matching positions and the words found there. Each distinct form is evaluated once."""
        asked = {query.normal: query for query in queries}
        unknown = [query for normal, query in asked.items() if normal not in self._answers]
        if unknown and len(self._answers) + len(unknown) > MAX_ANSWERS:
            self._answers, unknown = {}, list(asked.values())
        if unknown:
            self._answers.update(self.index.match_many(unknown))
        return self._answers

    @cached_property
    def trending(self) -> list[int]:
        """All positions, most votes first, then the newest."""
        return sorted(range(len(self.papers)), key=lambda at: (self.papers[at].votes, at), reverse=True)

    @cached_property
    def _seen_at(self) -> list[datetime]:
        return [paper.first_seen_at for paper in self.papers]

    @cached_property
    def _by_pk(self) -> dict[int, int]:
        return {paper.pk: at for at, paper in enumerate(self.papers)}


@dataclass(frozen=True)
class Choices:
    """What one reader may get, best first, cut at their limit.

    `considered` counts the papers looked at, `matched` those that could have been chosen; `trending` says
    that the reader named no interest; `beside` are trending papers that match none; `unreadable` maps
    interests no longer understood to what is wrong.
    """

    ranked: Sequence[Ranked] = ()
    considered: int = 0
    matched: int = 0
    trending: bool = False
    unreadable: Mapping[str, str] = field(default_factory=dict)
    beside: Sequence[Ranked] = ()


def match(
    interests: Sequence[Asked],
    window: Window,
    *,
    since: datetime | None = None,
    sent: Collection[int] = (),
    limit: int | None = None,
    beside: int = 0,
) -> Choices:
    """Choose from the papers first seen at or after `since`, without those whose pk is in `sent`.

    Muted interests drop papers; no interest (or only muted ones) asks for whatever is trending.
    An interest that cannot be read is skipped and named. Where something matches, up to `beside` trending
    papers that do not match come with it.
    """
    wanted, muted, unreadable = _read(interests)
    answers = window.answers([*wanted, *muted])
    first = window.first(since)
    had = {at for at in window.positions(sent) if at >= first}
    considered = len(window.papers) - first - len(had)
    dropped = had.union(*(answers[query.normal] for query in muted))
    trending = all(interest.is_muted for interest in interests)
    if trending:
        positions = [at for at in window.trending if at >= first and at not in dropped]
        ranked = [_trending(window, at) for at in positions[:limit]]
        return Choices(ranked, considered, len(positions), trending, unreadable)
    own = {query: answers[query.normal].where(lambda at: at >= first and at not in dropped) for query in wanted}
    ranked = rank(window.index, own, limit=limit)
    matched = set().union(*own.values())
    others = _voted(window, first, dropped | matched, beside) if matched else ()
    return Choices(ranked, considered, len(matched), trending, unreadable, others)


def _voted(window: Window, first: int, without: Collection[int], limit: int) -> list[Ranked]:
    """The papers from `first` on that most people voted for, at most `limit`."""
    rest = (at for at in window.trending if at >= first and at not in without and window.papers[at].votes)
    return [_trending(window, at) for at in islice(rest, limit)]


def _trending(window: Window, at: int) -> Ranked:
    paper = window.papers[at]
    return Ranked(position=at, paper=paper, score=float(paper.votes), reasons=())


def _read(interests: Iterable[Asked]) -> tuple[list[Query], list[Query], dict[str, str]]:
    wanted: list[Query] = []
    muted: list[Query] = []
    unreadable: dict[str, str] = {}
    for interest in interests:
        try:
            (muted if interest.is_muted else wanted).append(_parse(interest.text))
        except QueryError as error:
            unreadable[interest.text] = str(error)
    return wanted, muted, unreadable


# Readers share their words: each is parsed once a run.
_parse = lru_cache(maxsize=8_192)(parse)
