"""Which papers have which word: what leaves few papers to read for a phrase.

A phrase may stand in a text in other words than the reader's, so every way to spell it with words that
there are is followed: "multi agent" is `multi` and `agent`, or `multiagent`. What this finds is what
`papers.search.document.scan` finds.
"""

import sys
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from papers.search.document import Document, all_keys, has_run
from papers.search.expression import Phrase
from papers.search.normalise import BLANK, BREAK
from papers.search.spelling import stems

_MARKS = frozenset({BLANK, BREAK})
_LAST = chr(sys.maxunicode)


class Postings:
    """Documents by their words. Documents go by their number."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        numbers: defaultdict[str, array[int]] = defaultdict(partial(array, "I"))
        for number, document in enumerate(documents):
            for word in set(document.words):
                numbers[word].append(number)
        self._numbers = dict(numbers)
        self._words = sorted(numbers)

    def find(self, phrase: Phrase) -> list[int]:
        """The documents in which a phrase occurs, ascending."""
        found: set[int] = set()
        for key in all_keys(phrase):
            alone = self._with_any(self._last_words(phrase, key, 0))
            likely = self._spelling(phrase, key)
            if phrase.where or phrase.acronym:
                likely |= alone
            else:
                found |= alone
            found.update(number for number in likely - found if has_run(self._documents[number], phrase, key))
        return sorted(found)

    def _spelling(self, phrase: Phrase, key: str) -> set[int]:
        """Those with two words or more that, written together, may be the key; in whatever order they stand."""
        ways = self._ways(key)
        having: dict[int, set[int]] = {}  # by place in the key, those with words for all from there on
        for start in sorted(ways, reverse=True):
            having[start] = self._with_any(self._last_words(phrase, key, start)) if start else set()
            for end in ways[start]:
                if rest := having.get(_after_mark(key, end)):
                    having[start].update(rest.intersection(self._numbers[key[start:end]]))
        return having[0]

    def _ways(self, key: str) -> dict[int, list[int]]:
        """For each place in the key that words can lead to, where the words that may stand there end."""
        ways: dict[int, list[int]] = {0: []}
        for start in range(len(key)):
            if start in ways:
                ends = range(start + 1, len(key))
                ways[start] = [end for end in ends if key[start:end] in self._numbers]
                ways.update((_after_mark(key, end), []) for end in ways[start])
        return ways

    def _last_words(self, phrase: Phrase, key: str, start: int) -> Iterator[str]:
        """The words that may end a run for the key, and begin at this place in it."""
        rest = key[start:]
        if key in phrase.beginnings and len(rest) >= phrase.least:
            yield from self._beginning(rest)
        elif rest in self._numbers:
            yield rest
        if phrase.inflected and len(rest) > 1:
            yield from (word for word in self._beginning(rest[:-1]) if rest in stems(word))

    def _beginning(self, letters: str) -> list[str]:
        return self._words[bisect_left(self._words, letters) : bisect_left(self._words, letters + _LAST)]

    def _with_any(self, words: Iterable[str]) -> set[int]:
        return set().union(*(self._numbers[word] for word in words))


def _after_mark(key: str, place: int) -> int:
    return place + (key[place] in _MARKS)
