"""How well a paper answers a query: BM25 over fields, for phrases and, more faintly, for their words."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from itertools import chain
from math import log

from papers.search.document import Document, contains, runs
from papers.search.expression import (
    Author,
    Category,
    Condition,
    Expression,
    Organisation,
    Phrase,
    conditions,
)

FIELD_WEIGHTS = (2.0, 1.0, 1.5)  # title, abstract, keywords
WORD_WEIGHT = 0.5  # a phrase's single words, against the phrase itself
FACT_WEIGHTS: Mapping[type[Condition], float] = {Author: 1.0, Organisation: 0.5, Category: 0.1}
SATURATION, LENGTH_NORM = 1.2, 0.5  # BM25's k1 and b
MAX_REMEMBERED = 200_000


class _Scores(dict[int, float]):
    """Scores by position, each worked out when it is first looked up."""

    def __init__(self, work_out: Callable[[int], float]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, position: int) -> float:
        self[position] = self._work_out(position)
        return self[position]


class Scorer:
    """Scores papers among the others of their index: what is rare there counts more."""

    def __init__(self, documents: Sequence[Document], positions: Callable[[Condition], Sequence[int]]) -> None:
        self._documents = documents
        self._positions = positions
        self._scores: dict[str, _Scores] = {}
        self._remembered = 0
        self._frequencies: dict[int, Mapping[str, float]] = {}

    def scores(self, expression: Expression) -> Mapping[int, float]:
        """By position, the score of each paper: at least 0, without upper bound. Worked out when looked up.

        The same for the same index, whatever was asked before.
        """
        if expression.normal not in self._scores:
            if self._remembered >= MAX_REMEMBERED:
                self._scores.clear()
                self._remembered = 0
            self._scores[expression.normal] = _Scores(partial(self._score, expression))
        return self._scores[expression.normal]

    def _score(self, expression: Expression, position: int) -> float:
        self._remembered += 1
        if isinstance(expression, Condition):
            return self._score_condition(expression, position)
        return sum(self.scores(condition)[position] for condition, negated in conditions(expression) if not negated)

    def _score_condition(self, condition: Condition, position: int) -> float:
        positions = self._positions(condition)
        if not contains(positions, position):
            return 0.0
        rarity = self._rarity(len(positions))
        if not isinstance(condition, Phrase):
            return FACT_WEIGHTS[type(condition)] * rarity
        return rarity * self._saturated(self._occurrences(condition, position), position) + self._score_words(
            condition, position
        )

    def _score_words(self, phrase: Phrase, position: int) -> float:
        """What the words of a phrase add by themselves, wherever they stand."""
        if len(phrase.words) == 1:
            return 0.0
        frequencies = self._word_frequencies(position)
        return WORD_WEIGHT * sum(
            self._rarity(self.papers_with[word]) * self._saturated(frequencies[word], position)
            for word in dict.fromkeys(phrase.words)
            if word in frequencies
        )

    def _occurrences(self, phrase: Phrase, position: int) -> float:
        document = self._documents[position]
        return sum(FIELD_WEIGHTS[bisect_right(document.bounds, first)] for first, _ in runs(document, phrase))

    def _saturated(self, frequency: float, position: int) -> float:
        relative = len(self._documents[position].words) / self._average_length
        return frequency * (SATURATION + 1) / (frequency + SATURATION * (1 - LENGTH_NORM + LENGTH_NORM * relative))

    def _rarity(self, papers: int) -> float:
        return log(1 + (len(self._documents) - papers + 0.5) / (papers + 0.5))

    def _word_frequencies(self, position: int) -> Mapping[str, float]:
        if position not in self._frequencies:
            self._frequencies[position] = weighted_words(self._documents[position])
        return self._frequencies[position]

    @cached_property
    def papers_with(self) -> Counter[str]:
        """Every word there is, in its normal form, and how many papers have it."""
        return Counter(chain.from_iterable(set(document.words) for document in self._documents))

    @cached_property
    def _average_length(self) -> float:
        return max(sum(len(document.words) for document in self._documents) / len(self._documents), 1.0)


def weighted_words(document: Document) -> Mapping[str, float]:
    """Every word of a paper and how often it occurs, weighted by field: at least 1."""
    weighted: defaultdict[str, float] = defaultdict(float)
    for weight, begin, end in zip(FIELD_WEIGHTS, [0, *document.bounds], document.bounds, strict=False):
        for word in document.words[begin:end]:
            weighted[word] += weight
    return weighted
