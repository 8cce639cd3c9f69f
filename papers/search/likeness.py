"""How alike papers are, by words, authors and categories: the cosine of their weights, what is rare counting more.

Plain and fast on purpose: two papers are alike for what both of them hold, and that can be shown.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest
from itertools import chain
from math import log, sqrt
from typing import Any, TypeAlias

from papers.search.document import FIELD_WEIGHTS, Document
from papers.search.metadata import Described
from papers.search.names import Name, parse_name

MOST_TELLING = 30  # features of a paper that others are found by
MAX_AUTHORS = 10  # of a collaboration's hundreds, the last thousand say nothing
FAINT = 0.05  # what two papers about different things have in common
CLEAR = 0.15  # enough to be told as a reason
# How far a reader's judgement may move a score, up and down: it orders, it does not rule.
MOST_RAISED, MOST_LOWERED = 1.0, 0.5

Feature: TypeAlias = str | Name | tuple[str, str]


class Likeness:
    """Compares papers, from anywhere, with those of one index."""

    def __init__(self, papers: Sequence[Described], documents: Sequence[Document]) -> None:
        features = [_features(paper, document) for paper, document in zip(papers, documents, strict=True)]
        self._size = len(features)
        self._papers_with = Counter(chain.from_iterable(features))
        self._postings: defaultdict[Feature, list[tuple[int, float]]] = defaultdict(list)
        for position, found in enumerate(features):
            weights = self._weights(found)
            for feature, weight in weights.items():
                self._postings[feature].append((position, weight))

    def to(self, paper: Described, document: Document) -> Mapping[int, float]:
        """By position, how alike one paper is, 0 to 1; those that are hardly so are left out."""
        alike: defaultdict[int, float] = defaultdict(float)
        weights = self._weights(_features(paper, document))
        for feature in nlargest(MOST_TELLING, weights, key=weights.__getitem__):
            for position, weight in self._postings[feature]:
                alike[position] += weight * weights[feature]
        return {position: likeness for position, likeness in alike.items() if likeness >= FAINT}

    def _weights(self, found: Mapping[Feature, float]) -> dict[Feature, float]:
        """Of length 1, over what at least one paper of the index has."""
        weights = {
            feature: weight * self._rarity(self._papers_with[feature])
            for feature, weight in found.items()
            if feature in self._papers_with
        }
        length = sqrt(sum(weight * weight for weight in weights.values()))
        return {feature: weight / length for feature, weight in weights.items()}

    def _rarity(self, papers: int) -> float:
        return log(1 + (self._size - papers + 0.5) / (papers + 0.5))


class Taste:
    """What one reader's judgements say about the papers of an index: rank's `feedback`."""

    def __init__(self, said: Iterable[tuple[Any, int, Mapping[int, float]]]) -> None:
        """`said`: a paper, 1 for more and -1 for less like it, and what is alike (see Likeness.to)."""
        self._wanted: list[tuple[Any, Mapping[int, float]]] = []
        self._sums: defaultdict[int, float] = defaultdict(float)
        for paper, verdict, alike in said:
            if verdict > 0:
                self._wanted.append((paper, alike))
            for position, likeness in alike.items():
                self._sums[position] += verdict * likeness

    def factor(self, position: int) -> float:
        """What the score of a paper is multiplied by: 0.5 to 2, and 1 where nothing is known."""
        return 1 + min(max(self._sums.get(position, 0.0), -MOST_LOWERED), MOST_RAISED)

    def closest(self, position: int) -> Any | None:
        """The paper more of which was asked for and that this one is most like, if it stands higher for that."""
        if self.factor(position) <= 1:
            return None
        likeness, _, paper = max(
            ((alike.get(position, 0.0), -at, paper) for at, (paper, alike) in enumerate(self._wanted)),
            key=lambda one: one[:2],
        )
        return paper if likeness >= CLEAR else None


def _features(paper: Described, document: Document) -> dict[Feature, float]:
    found: dict[Feature, float] = {
        word: 1 + log(frequency) for word, frequency in _weighted_words(document).items() if len(word) > 1
    }
    found.update((parse_name(author), 1.0) for author in paper.authors[:MAX_AUTHORS])
    found.update((("category", category), 1.0) for category in paper.categories)
    return found


def _weighted_words(document: Document) -> Mapping[str, float]:
    """Every word of a paper and how often it occurs, weighted by field: at least 1."""
    weighted: defaultdict[str, float] = defaultdict(float)
    for weight, words in zip(FIELD_WEIGHTS, document.fields, strict=True):
        for word in words:
            weighted[word] += weight
    return weighted
