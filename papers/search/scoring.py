"""How well a paper answers a query: BM25 over fields, for phrases and, more faintly, for their words."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import filterfalse
from math import log

from papers.search.document import Document
from papers.search.expression import (
    Author,
    Category,
    Condition,
    Expression,
    Organisation,
    Phrase,
    conditions,
)
from papers.search.postings import Texts

WORD_WEIGHT = 0.5  # a phrase's single words, against the phrase itself
FACT_WEIGHTS: Mapping[type[Condition], float] = {Author: 1.0, Organisation: 0.5, Category: 0.1}
SATURATION, LENGTH_NORM = 1.2, 0.5  # BM25's k1 and b
MAX_REMEMBERED = 400_000


class Scorer:
    """Scores papers among the others of their index: what is rare there counts more."""

    def __init__(
        self,
        documents: Sequence[Document],
        positions: Callable[[Condition], Sequence[int]],
        texts: Callable[[], Texts],
    ) -> None:
        self._documents = documents
        self._positions = positions
        self._texts = texts
        self._scores: dict[str, dict[int, float]] = {}
        self._remembered = 0

    def scores(self, expression: Expression, positions: Sequence[int]) -> list[float]:
        """The score of each of these papers: at least 0, without upper bound.

        The same for the same index, whatever was asked before.
        """
        wanted = [condition for condition, negated in conditions(expression) if not negated]
        return list(map(sum, zip(*(self._remember(condition, positions) for condition in wanted), strict=True)))

    def _remember(self, condition: Condition, positions: Sequence[int]) -> Iterable[float]:
        if self._remembered >= MAX_REMEMBERED:
            self._scores.clear()
            self._remembered = 0
        known = self._scores.setdefault(condition.normal, {})
        if missing := list(filterfalse(known.__contains__, positions)):
            known.update(dict.fromkeys(missing, 0.0))
            met = list(set(missing).intersection(self._positions(condition)))
            known.update(zip(met, self._score(condition, met), strict=True))
            self._remembered += len(missing)
        return map(known.__getitem__, positions)

    def _score(self, condition: Condition, met: Sequence[int]) -> list[float]:
        """For papers that meet the condition."""
        rarity = self._rarity(len(self._positions(condition)))
        if not isinstance(condition, Phrase):
            return [FACT_WEIGHTS[type(condition)] * rarity] * len(met)
        scores = self._weigh(rarity, self._texts().occurrences(condition, met), met)
        if len(condition.words) < 2:
            return scores
        return [
            score + WORD_WEIGHT * words for score, words in zip(scores, self._score_words(condition, met), strict=True)
        ]

    def _score_words(self, phrase: Phrase, positions: Sequence[int]) -> Iterable[float]:
        """What the words of a phrase add by themselves, wherever they stand."""
        texts = self._texts()
        columns = (
            self._weigh(self._rarity(texts.having(word)), texts.frequencies(word, positions), positions)
            for word in dict.fromkeys(phrase.words)
        )
        return map(sum, zip(*columns, strict=True))

    def _weigh(self, rarity: float, frequencies: Sequence[float], positions: Sequence[int]) -> list[float]:
        return [
            rarity * (frequency * (SATURATION + 1) / (frequency + self._lengths[position]))
            for frequency, position in zip(frequencies, positions, strict=True)
        ]

    def _rarity(self, papers: int) -> float:
        return log(1 + (len(self._documents) - papers + 0.5) / (papers + 0.5))

    @cached_property
    def _lengths(self) -> Sequence[float]:
        """By position, how much longer a paper is than others, as BM25 takes it into account."""
        lengths = [len(document.words) for document in self._documents]
        average = max(sum(lengths) / len(lengths), 1.0)
        return [SATURATION * (1 - LENGTH_NORM + LENGTH_NORM * (length / average)) for length in lengths]
