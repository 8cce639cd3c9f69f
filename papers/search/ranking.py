"""Put first what a reader would pick first, and say why each paper is there.

Which papers are in is decided by the interests alone; the score only orders them: the sum of a paper's
scores for the interests it matches (see papers.search.scoring), raised when there are several, and moved
within bounds by what the reader said about papers like it. Votes break ties.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any, Protocol

from papers.search.index import Index
from papers.search.query import Query

SEVERAL_BONUS = 0.2  # for each further interest
_DIGITS = 2  # papers whose scores differ by less are tied


class Feedback(Protocol):
    """What a reader said about other papers, as far as it bears on those ranked (see papers.search.likeness)."""

    def factor(self, position: int) -> float: ...
    def closest(self, position: int) -> Any | None: ...


@dataclass(frozen=True, slots=True)
class Reason:
    """An interest as typed, and what in the paper met it, as it stands there."""

    interest: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    position: int
    paper: Any  # what the index was given
    score: float
    reasons: tuple[Reason, ...]
    alike: Any | None = None  # the paper more of which was asked for, where this one stands higher for that


def rank(
    index: Index,
    matches: Mapping[Query, Mapping[int, tuple[str, ...]]],
    feedback: Feedback | None = None,
    *,
    limit: int | None = None,
) -> list[Ranked]:
    """The papers that some query matches, best first, at most `limit`.

    The order is the same every time: by score (0 and up, comparable within one index only), then votes,
    then position. Reasons come in the order of `matches`; terms are worked out only for what is returned.
    """
    totals: defaultdict[int, float] = defaultdict(float)
    interests: Counter[int] = Counter()
    for query, found in matches.items():
        positions = list(found)
        for position, score in zip(positions, index.scorer.scores(query.expression, positions), strict=True):
            totals[position] += score
        interests.update(positions)
    final = {
        position: round(total * (1 + SEVERAL_BONUS * (interests[position] - 1)), _DIGITS)
        for position, total in totals.items()
    }
    if feedback:
        final = {position: round(score * feedback.factor(position), _DIGITS) for position, score in final.items()}

    def best_first(position: int) -> tuple[float, int, int]:
        return -final[position], -(index.papers[position].votes or 0), position

    order = sorted(final, key=best_first) if limit is None else nsmallest(limit, final, key=best_first)
    return [
        Ranked(
            position,
            index.papers[position],
            final[position],
            _reasons(matches, position),
            feedback.closest(position) if feedback else None,
        )
        for position in order
    ]


def _reasons(matches: Mapping[Query, Mapping[int, tuple[str, ...]]], position: int) -> tuple[Reason, ...]:
    return tuple(Reason(query.text, found[position]) for query, found in matches.items() if position in found)
