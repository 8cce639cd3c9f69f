"""Which papers have which word, and how often: by reading them, or by postings, which leave few of them to read.

A phrase may stand in a text in other words than the reader's, so every way to spell it with words that
there are is followed: "multi agent" is `multi` and `agent`, or `multiagent`. Both ways answer the same.
"""

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import chain, repeat

from papers.search.document import FIELD_WEIGHTS, Document, all_keys, runs, scan, with_run
from papers.search.expression import Phrase
from papers.search.normalise import BLANK, BREAK
from papers.search.spelling import stems

_FIELDS = {"": slice(None), "title": slice(0, 1), "abstract": slice(1, 2)}
_MARKS = frozenset({BLANK, BREAK})
_LAST = chr(sys.maxunicode)
# To look one number up costs as much as to count so many.
_COUNTED = 10


class Texts:
    """Documents as they are, to be read for each question. They go by their number."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents

    @cached_property
    def vocabulary(self) -> Counter[str]:
        """Every word there is, in its normal form, and how many documents have it."""
        return Counter(chain.from_iterable(set(document.words) for document in self._documents))

    def find(self, phrase: Phrase) -> list[int]:
        """The documents in which a phrase occurs, ascending."""
        return scan(self._documents, phrase)

    def having(self, word: str) -> int:
        """How many documents have a word."""
        return sum(word in document.words for document in self._documents)

    def frequencies(self, word: str, numbers: Sequence[int]) -> list[float]:
        """How often each of these documents has a word, weighted by field."""
        fields = (zip(FIELD_WEIGHTS, self._documents[number].fields, strict=True) for number in numbers)
        return [sum(weight * words.count(word) for weight, words in one) for one in fields]

    def occurrences(self, phrase: Phrase, numbers: Sequence[int]) -> list[float]:
        """How often a phrase occurs in each of these documents, weighted by field."""
        return [self._occurrences(phrase, number) for number in numbers]

    def _occurrences(self, phrase: Phrase, number: int) -> float:
        document = self._documents[number]
        return sum(FIELD_WEIGHTS[bisect_right(document.bounds, first)] for first, _ in runs(document, phrase))


class Postings(Texts):
    """Documents by their words: worth making where there are many questions."""

    def __init__(self, documents: Sequence[Document]) -> None:
        super().__init__(documents)
        places: list[defaultdict[str, array[int]]] = [defaultdict(partial(array, "I")) for _ in FIELD_WEIGHTS]
        for number, document in enumerate(documents):
            for having, words in zip(places, document.fields, strict=True):
                for word in words:
                    having[word].append(number)
        # By field and word, in which document it stands, as often as it stands there, ascending.
        self._places: list[Mapping[str, array[int]]] = list(map(dict, places))
        self._known = frozenset().union(*self._places)
        self._words = sorted(self._known)
        self._having: dict[str, int] = {}

    @cached_property
    def vocabulary(self) -> Counter[str]:
        return Counter({word: self.having(word) for word in self._words})

    def having(self, word: str) -> int:
        if word not in self._having:
            self._having[word] = len(set(self._found(word)))
        return self._having[word]

    def frequencies(self, word: str, numbers: Sequence[int], where: str = "") -> list[float]:
        frequencies = [0.0] * len(numbers)
        field = _FIELDS[where]
        for weight, places in zip(FIELD_WEIGHTS[field], self._places[field], strict=True):
            if word in places:
                counts = _counts(places[word], numbers)
                frequencies = [known + weight * count for known, count in zip(frequencies, counts, strict=True)]
        return frequencies

    def occurrences(self, phrase: Phrase, numbers: Sequence[int]) -> list[float]:
        if len(phrase.words) > 1 or phrase.beginnings or phrase.acronym:
            return super().occurrences(phrase, numbers)
        parted = self._parted(phrase)
        frequencies = self.frequencies(phrase.words[0], numbers, phrase.where)
        return [
            self._occurrences(phrase, number) if number in parted else frequency
            for number, frequency in zip(numbers, frequencies, strict=True)
        ]

    def find(self, phrase: Phrase) -> list[int]:
        alone: set[int] = set()
        for key in all_keys(phrase):
            alone |= self._with_any(self._last_words(phrase, key, 0), phrase.where)
        if phrase.acronym:
            return with_run(self._documents, phrase, alone | self._parted(phrase))
        return sorted(alone.union(with_run(self._documents, phrase, self._parted(phrase) - alone)))

    def _parted(self, phrase: Phrase) -> set[int]:
        """Those that may have the phrase in two words or more, in whatever order these stand."""
        return set().union(*(self._spelling(phrase, key) for key in all_keys(phrase)))

    def _spelling(self, phrase: Phrase, key: str) -> set[int]:
        ways = self._ways(key)
        having: dict[int, set[int]] = {}  # by place in the key, those with words for all from there on
        for start in sorted(ways, reverse=True):
            having[start] = self._with_any(self._last_words(phrase, key, start), phrase.where) if start else set()
            for end in ways[start]:
                if rest := having.get(_after_mark(key, end)):
                    having[start].update(rest.intersection(self._found(key[start:end], phrase.where)))
        return having[0]

    def _ways(self, key: str) -> dict[int, list[int]]:
        """For each place in the key that words can lead to, where the words that may stand there end."""
        ways: dict[int, list[int]] = {0: []}
        for start in range(len(key)):
            if start in ways:
                ends = range(start + 1, len(key))
                ways[start] = [end for end in ends if key[start:end] in self._known]
                ways.update((_after_mark(key, end), []) for end in ways[start])
        return ways

    def _last_words(self, phrase: Phrase, key: str, start: int) -> Iterator[str]:
        """The words that may end a run for the key, and begin at this place in it."""
        rest = key[start:]
        if key in phrase.beginnings and len(rest) >= phrase.least:
            yield from self._beginning(rest)
        elif rest in self._known:
            yield rest
        if phrase.inflected and len(rest) > 1:
            yield from (word for word in self._beginning(rest[:-1]) if rest in stems(word))

    def _beginning(self, letters: str) -> list[str]:
        return self._words[bisect_left(self._words, letters) : bisect_left(self._words, letters + _LAST)]

    def _with_any(self, words: Iterable[str], where: str) -> set[int]:
        return set().union(*(self._found(word, where) for word in words))

    def _found(self, word: str, where: str = "") -> Iterator[int]:
        fields = self._places[_FIELDS[where]]
        return chain.from_iterable(places[word] for places in fields if word in places)


def _counts(places: Sequence[int], numbers: Sequence[int]) -> Iterable[int]:
    """How often each number stands among ascending ones."""
    if len(places) < _COUNTED * len(numbers):
        return map(Counter(places).get, numbers, repeat(0))
    return (bisect_right(places, number) - bisect_left(places, number) for number in numbers)


def _after_mark(key: str, place: int) -> int:
    return place + (key[place] in _MARKS)
