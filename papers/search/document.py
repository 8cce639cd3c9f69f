"""A paper's text made ready for matching, and the two ways to look for phrases in it.

`runs` looks for one phrase in one document. `find` looks for many phrases in many documents and, from
some number on, for all of them at once: the phrases go into a hash table, and every run of tokens that
may be one is probed against it. Both ways follow the same rules and find the same.
"""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate, chain, pairwise
from operator import add, itemgetter, sub

from papers.search.expression import Phrase
from papers.search.normalise import BREAK, FIELD, Token, tokens
from papers.search.spelling import stems

# From so many phrases on, the table is faster.
_FEW = 100
# A run is followed only where its first letters begin some key.
_SEED = 10
_BREAKS = frozenset({BREAK, FIELD})
FIELD_WEIGHTS: Sequence[float] = (2.0, 1.0, 1.5)  # what an occurrence counts in a title, an abstract, keywords

_letters, _capitals, _stems = itemgetter(0), itemgetter(1), itemgetter(2)


class Document:
    """The tokens of a title, an abstract and keywords, in the form that makes matching fast.

    `joined` holds their letters and between them what parts them, so token n is
    `joined[starts[n]:ends[n]]` and a run of tokens is one slice. `stops[n]` is the first token after n
    that stands behind a break.
    """

    __slots__ = ("bounds", "capitals", "ends", "joined", "starts", "stems", "stops", "words")

    def __init__(self, fields: Sequence[str]) -> None:
        found: list[Token] = []
        gaps: list[str] = []
        self.bounds: list[int] = []  # the number of tokens up to the end of each field
        for text in fields:
            more, between = tokens(text)
            between[:1] = [FIELD] * len(between[:1])
            found += more
            gaps += between
            self.bounds.append(len(found))
        self.words = list(map(_letters, found))
        self.stems = list(map(_stems, found))
        self.capitals = bytes(map(_capitals, found))
        glued = list(map(add, gaps, self.words))
        self.joined = "".join(glued)
        self.ends = array("I", accumulate(map(len, glued)))
        self.starts = array("I", map(sub, self.ends, map(len, self.words)))
        self.stops = array("I")
        breaks = [at for at, gap in enumerate(gaps) if gap in _BREAKS]
        for begin, stop in pairwise([*breaks, len(found)]):
            self.stops.extend([stop] * (stop - begin))

    @property
    def fields(self) -> Iterator[list[str]]:
        """The words of each field."""
        for begin, end in pairwise([0, *self.bounds]):
            yield self.words[begin:end]

    def allows(self, phrase: Phrase, first: int, last: int) -> bool:
        """Whether a run of tokens lies in the field, and shows the capitals, that the phrase asks for."""
        if phrase.where == "title" and last >= self.bounds[0]:
            return False
        if phrase.where == "abstract" and not self.bounds[0] <= first <= last < self.bounds[1]:
            return False
        return not phrase.acronym or sum(self.capitals[first : last + 1]) > 1


def contains(positions: Sequence[int], position: int) -> bool:
    """Look up a position among ascending ones."""
    at = bisect_left(positions, position)
    return at < len(positions) and positions[at] == position


def runs(document: Document, phrase: Phrase) -> list[tuple[int, int]]:
    """Where a phrase occurs: first and last token of each run, in order."""
    return sorted({run for key in all_keys(phrase) for run in _key_runs(document, phrase, key)})


def find(
    documents: Sequence[Document], phrases: Collection[Phrase], find_one: Callable[[Phrase], list[int]] | None = None
) -> dict[str, Sequence[int]]:
    """For the normal form of every phrase that occurs, the numbers of the documents that have it, ascending.

    `find_one` does so for a single phrase.
    """
    single = phrases
    find_one = find_one or partial(scan, documents)
    found: dict[str, Sequence[int]] = {}
    if len(phrases) > _FEW:
        table = _Table()
        single = table.take(phrases)
        found = table.find(documents)
    for phrase in single:
        if numbers := find_one(phrase):
            found[phrase.normal] = numbers
    return found


def scan(documents: Sequence[Document], phrase: Phrase) -> list[int]:
    """Look through all documents for one phrase."""
    return with_run(documents, phrase, range(len(documents)))


def with_run(documents: Sequence[Document], phrase: Phrase, numbers: Collection[int]) -> list[int]:
    """Those of these documents in which a phrase occurs, ascending."""
    likely: set[int] = set()
    for needle in _needles(phrase):
        likely.update(number for number in numbers if needle in documents[number].joined)
    return [number for number in sorted(likely) if _has_run(documents[number], phrase)]


def all_keys(phrase: Phrase) -> tuple[str, ...]:
    """What a run may equal, and what it may begin with."""
    return phrase.keys + phrase.beginnings


def _needles(phrase: Phrase) -> list[str]:
    """One of these at least is in every document with the phrase; none is within another."""
    needles = {_needle(phrase, key) for key in all_keys(phrase)}
    return [needle for needle in needles if not any(other in needle for other in needles - {needle})]


def _has_run(document: Document, phrase: Phrase) -> bool:
    return any(any(_key_runs(document, phrase, key)) for key in all_keys(phrase))


def _needle(phrase: Phrase, key: str) -> str:
    """What every run for the key contains. The last letter of a stem may have changed: studied, study."""
    return key[:-1] if phrase.inflected else key


def _key_runs(document: Document, phrase: Phrase, key: str) -> Iterator[tuple[int, int]]:
    needle, starts, joined = _needle(phrase, key), document.starts, document.joined
    place = joined.find(needle)
    while place >= 0:
        first = bisect_left(starts, place)
        if first < len(starts) and starts[first] == place:
            last = _last(document, phrase, key, first)
            if last is not None and document.allows(phrase, first, last):
                yield first, last
        place = joined.find(needle, place + 1)


def _last(document: Document, phrase: Phrase, key: str, first: int) -> int | None:
    """The token that ends the run which begins with token `first` and equals the key."""
    start = document.starts[first]
    for last in range(first, len(document.words)):
        begin, end = document.starts[last] - start, document.ends[last] - start
        if begin >= len(key):
            return None
        run = document.joined[start : start + end]
        if run == key or (key in phrase.beginnings and run.startswith(key) and len(key) - begin >= phrase.least):
            return last
        if phrase.inflected and run[:begin] == key[:begin] and key[begin:] in stems(document.words[last]):
            return last
    return None


class _Table:
    """Phrases by their keys; and which beginnings of runs are worth following, and how far."""

    def __init__(self) -> None:
        self.phrases: dict[str, Phrase] = {}
        self.others: dict[str, list[Phrase]] = {}  # where several share a key
        self.reach: dict[str, int] = {}
        self.short = 0  # the longest key that is too short for a seed
        self.crosses = False  # whether a phrase runs across punctuation

    def take(self, phrases: Iterable[Phrase]) -> list[Phrase]:
        """Take phrases in, and give back those for which a run may go on after the key."""
        known, others, reach, left = self.phrases, self.others, self.reach, []
        for phrase in phrases:
            if phrase.beginnings:
                left.append(phrase)
                continue
            for key in phrase.keys:
                if key in known:
                    others.setdefault(key, []).append(phrase)
                else:
                    known[key] = phrase
                size = len(key)
                if size - phrase.inflected < _SEED:
                    self.short = max(self.short, size)
                elif reach.get(seed := key[:_SEED], 0) < size:
                    reach[seed] = size
                if BREAK in key:
                    self.crosses = True
        return left

    def find(self, documents: Sequence[Document]) -> dict[str, Sequence[int]]:
        """As the module's `find`."""
        exact: defaultdict[str, list[int]] = defaultdict(list)
        stemmed: defaultdict[str, list[int]] = defaultdict(list)
        for number, document in enumerate(documents):
            exactly, by_stem = self._keys(document)
            for key in exactly:
                exact[key].append(number)
            for key in by_stem - exactly:
                stemmed[key].append(number)
        found: dict[str, Sequence[int]] = {}
        for inflected, numbered in ((False, exact), (True, stemmed)):
            for key, numbers in numbered.items():
                for phrase in (self.phrases[key], *self.others.get(key, ())):
                    if phrase.inflected >= inflected:
                        _add(found, phrase, _narrowed(documents, numbers, phrase, key))
        return found

    def _keys(self, document: Document) -> tuple[set[str], set[str]]:
        """The keys that are runs of the document, and those that a stem of the run's last token makes so."""
        known = self.phrases.__contains__
        exactly, by_stem = set(filter(known, document.words)), set(filter(known, chain.from_iterable(document.stems)))
        self._add_longer(document, exactly, by_stem)
        return exactly, by_stem

    def _add_longer(self, document: Document, exactly: set[str], by_stem: set[str]) -> None:
        """Add the keys of two tokens and more. The innermost loop of all matching."""
        joined, stems_of, phrases, reach, short = document.joined, document.stems, self.phrases, self.reach, self.short
        starts, ends = document.starts.tolist(), document.ends.tolist()
        stops = [len(ends)] * len(ends) if self.crosses else document.stops.tolist()
        for first, start in enumerate(starts):
            limit = start + reach.get(joined[start : start + _SEED], short)
            if ends[first] >= limit:
                continue
            for last in range(first + 1, stops[first]):
                end = ends[last]
                if end <= limit and (run := joined[start:end]) in phrases:
                    exactly.add(run)
                if stems_of[last]:
                    for stem in stems_of[last]:
                        key = joined[start : starts[last]] + stem
                        if key in phrases:
                            by_stem.add(key)
                if end >= limit:
                    break


def _narrowed(documents: Sequence[Document], numbers: Sequence[int], phrase: Phrase, key: str) -> Sequence[int]:
    """Those documents where the run also has the field and the capitals that the phrase asks for."""
    if not (phrase.where or phrase.acronym):
        return numbers
    return [number for number in numbers if any(_key_runs(documents[number], phrase, key))]


def _add(found: dict[str, Sequence[int]], phrase: Phrase, numbers: Sequence[int]) -> None:
    known = found.get(phrase.normal)
    if numbers:
        found[phrase.normal] = sorted({*known, *numbers}) if known else numbers
