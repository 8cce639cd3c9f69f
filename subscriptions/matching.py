"""Match readers' interests against a window of papers. Never queries: papers and interests come loaded."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import islice
from typing import NamedTuple, Protocol

from papers.models import Paper
from papers.search.index import Index, Matches
from papers.search.lexer import QueryError
from papers.search.likeness import Taste
from papers.search.query import Query, parse
from papers.search.ranking import Ranked, rank

# Answers a window keeps. Popular interests come back with every chunk of readers; memory stays flat.
MAX_ANSWERS = 5_000


class Asked(Protocol):
    """An interest, as far as matching looks at it."""

    @property
    def text(self) -> str: ...
    @property
    def is_muted(self) -> bool: ...


class Judged(NamedTuple):
    """A paper, seen whenever, and what a reader said about it: 1 for more like it, -1 for less."""

    paper: Paper
    verdict: int


class Window:
    """Papers first seen in one span of time, indexed once for all readers who look at them.

    Positions count from the oldest paper, so a reader's own part of the window is its tail.
    """

    def __init__(self, papers: Iterable[Paper]) -> None:
        self.papers = sorted(papers, key=lambda paper: (paper.first_seen_at, paper.pk or 0))
        self.index = Index(self.papers)
        self._answers: dict[str, Matches] = {}
        self._alike: dict[int, Mapping[int, float]] = {}

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

    def taste(self, judged: Sequence[Judged]) -> Taste | None:
        """What a reader's judgements say about these papers. Each paper that somebody judged is compared once."""
        return Taste((one.paper, one.verdict, self._alike_to(one.paper)) for one in judged) if judged else None

    def _alike_to(self, paper: Paper) -> Mapping[int, float]:
        if paper.pk not in self._alike:
            if len(self._alike) >= MAX_ANSWERS:
                self._alike.clear()
            self._alike[paper.pk] = self.index.alike(paper)
        return self._alike[paper.pk]

    def forget(self) -> None:
        """Give back the memory of what was asked."""
        self._answers, self._alike = {}, {}
        self.index.forget()

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
    judged: Sequence[Judged] = (),
) -> Choices:
    """Choose from the papers first seen at or after `since`, without those whose pk is in `sent`.

    Muted interests drop papers; no interest (or only muted ones) asks for whatever is trending.
    An interest that cannot be read is skipped and named. Where something matches, up to `beside` trending
    papers that do not match come with it. What the reader `judged` moves the order, and nothing else.
    """
    wanted, muted, unreadable = _read(interests)
    answers = window.answers([*wanted, *muted])
    first = window.first(since)
    had = {at for at in window.positions(sent) if at >= first}
    considered = len(window.papers) - first - len(had)
    dropped = had.union(*(answers[query.normal] for query in muted))
    trending = all(interest.is_muted for interest in interests)
    taste = window.taste(judged)
    if trending:
        positions = [at for at in window.trending if at >= first and at not in dropped]
        ranked = [_trending(window, at, taste) for at in _by_taste(window, positions, taste)[:limit]]
        return Choices(ranked, considered, len(positions), trending, unreadable)
    own = {query: answers[query.normal].where(lambda at: at >= first and at not in dropped) for query in wanted}
    ranked = rank(window.index, own, taste, limit=limit)
    matched = set().union(*own.values())
    others = _voted(window, first, dropped | matched, beside) if matched else ()
    return Choices(ranked, considered, len(matched), trending, unreadable, others)


def _voted(window: Window, first: int, without: Collection[int], limit: int) -> list[Ranked]:
    """The papers from `first` on that most people voted for, at most `limit`."""
    rest = (at for at in window.trending if at >= first and at not in without and window.papers[at].votes)
    return [_trending(window, at) for at in islice(rest, limit)]


def _by_taste(window: Window, positions: list[int], taste: Taste | None) -> list[int]:
    """Trending papers in the reader's own order. Each with one vote more, since twice nothing is nothing."""
    if taste is None:
        return positions
    return sorted(positions, key=lambda at: (window.papers[at].votes + 1) * taste.factor(at), reverse=True)


def _trending(window: Window, at: int, taste: Taste | None = None) -> Ranked:
    paper = window.papers[at]
    alike = taste.closest(at) if taste else None
    return Ranked(position=at, paper=paper, score=float(paper.votes), reasons=(), alike=alike)


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
