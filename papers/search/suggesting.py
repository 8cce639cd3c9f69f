"""Other words to ask for, taken from the papers themselves: their topics, and the word that was meant.

What is proposed here is only likely: whoever shows it asks the index first what it would find.
"""

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from string import ascii_lowercase
from typing import NamedTuple

from papers.search.document import runs
from papers.search.expression import Author, Category, Organisation, Phrase, conditions
from papers.search.index import Index, Searchable
from papers.search.lexer import FIELDS
from papers.search.normalise import BREAK, FIELD, spans, tokens
from papers.search.normalise import token as token_of
from papers.search.query import Query
from papers.search.spelling import american

# Titles say what a paper is about; so many of the newest say what is talked about now.
MAX_TITLES = 3_000
MAX_READ = 150
# Each proposal is looked for in all papers: the most promising only.
MAX_EXTENDED, MAX_JOINED = 4, 3
LONGEST_TOPIC, LONGEST_NAME = 3, 4
MIN_PAPERS = 3
# A topic that mostly occurs within a longer one is left to that.
_MOSTLY = 0.7
_SHORTEST_RESPELT = 4
_PARTS = frozenset({BREAK, FIELD})
# No topic holds one of these: they join topics, or every other title has them.
_COMMON_WORDS = """
    a about across after again against all an and any approach are as at based be been before benchmark better between
    beyond both but by can case challenge dataset demonstrate do doe effective efficient enable end enhanced every
    existing fast few first for framework from fully general good has have high how improved improving in into is it
    large-scale less let like look low make matter may method more most multiple need new no not novel of on one only or
    other our out over paper perspective problem really recent results revisited revisiting robust scalable simple
    single so some step still strong study survey than that the their them then there they think this through to toward
    towards two under understanding unified unifying up use using very via view want we what when where whether which
    while who why will with within without you your
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_NO_TOPICS = frozenset({"large scale", "open ended", "real time", "real world", "state of", "technical report"})
_BEGINNINGS = frozenset({"high", "low", "multi"})  # no topic by themselves, but of what they make with the next word
_OPERATORS = frozenset({"AND", "OR", "NOT"})
_LOWER_OPERATOR = re.compile(r"(?<=\s)(?:and|or|not)(?=\s)")
_CODE = re.compile(r"[A-Za-z-]{2,}\.[A-Za-z-]{2,}")


class Topic(NamedTuple):
    """A few words that papers have in common, as they mostly write them, and how many papers do."""

    text: str
    papers: int


def topics(papers: Iterable[Searchable], *, limit: int) -> list[Topic]:
    """What the newest of these papers (given oldest first) are about, the most frequent first."""
    counted: Counter[str] = Counter()
    written: dict[str, Counter[str]] = {}
    recent = list(papers)[-MAX_TITLES:]
    for paper in recent:
        found = dict(named(paper))
        counted.update(found.keys())
        for key, text in found.items():
            written.setdefault(key, Counter())[text] += 1
    least = min(MIN_PAPERS, max(2, len(recent) // 50))
    frequent = {key: count for key, count in counted.items() if count >= least}
    chosen = sorted(_without_parts(frequent), key=lambda key: (-frequent[key], -len(key), key))
    return [Topic(written[key].most_common(1)[0][0], frequent[key]) for key in chosen[:limit]]


def named(paper: Searchable) -> Iterator[tuple[str, str]]:
    """(canonical form, as written) of what a paper's title and keywords name."""
    yield from _phrases(paper.title)
    for keyword in paper.keywords:
        found, _ = tokens(keyword)
        if 1 < len(found) <= LONGEST_TOPIC:
            yield " ".join(token.letters for token in found), _uncapitalised(keyword)


def respelt(query: Query, index: Index) -> Iterator[str]:
    """The query as typed, with every word that no paper has replaced by the nearest that some have."""
    known = _vocabulary(query, index)
    choices = [
        (start, end, near(token.letters, known))
        for (start, end), token in zip(_pairs(spans(query.text)), tokens(query.text)[0], strict=False)
        if token.letters not in known and not _is_syntax(query.text, start, end)
    ]
    if choices and all(words for _, _, words in choices):
        for number in range(max(len(words) for _, _, words in choices)):
            text = query.text
            for start, end, words in reversed(choices):
                text = text[:start] + words[min(number, len(words) - 1)] + text[end:]
            yield text


def wider(query: Query) -> Iterator[str]:
    """The query asking for less or elsewhere: no capitals, with operators, a category, a name, its words anywhere in
    a paper, part of the phrase, all of an archive."""
    expression = query.expression
    if isinstance(expression, Category) and "." in expression.code:
        yield f"cat:{expression.code.split('.')[0]}.*"
    if not isinstance(expression, Phrase) or expression.where or expression.beginnings:
        return
    if expression.acronym:
        yield query.text.lower()
    if _LOWER_OPERATOR.search(query.text):
        yield _LOWER_OPERATOR.sub(lambda word: word[0].upper(), query.text)
    if _CODE.fullmatch(query.text):
        yield f"cat:{query.text}"
    words = [query.text[start:end] for start, end in _pairs(spans(query.text))]
    if len(words) <= LONGEST_NAME:
        yield from (f"{field}:{_quoted(' '.join(words))}" for field in ("author", "org"))
    telling = [word for word in words if is_telling(token_of(word).letters)]
    if len(telling) > 1:
        yield " AND ".join(telling)
    if len(words) > 2:
        yield " ".join(words[1:])
        yield " ".join(words[:-1])


def narrower(query: Query, index: Index, positions: Sequence[int]) -> Iterator[str]:
    """The query asking for more: with the word before or behind it, with a topic of what it finds, in titles."""
    read = positions[-MAX_READ:]
    expression = query.expression
    is_phrase = isinstance(expression, Phrase) and not expression.where
    if isinstance(expression, Phrase) and is_phrase and not expression.beginnings:
        yield from _extended(query.text, expression, index, read)
    whole = query.text if len(list(conditions(expression))) == 1 else f"({query.text})"
    for topic in topics([index.papers[at] for at in read], limit=MAX_JOINED):
        if topic.text.lower() not in query.text.lower() and query.text.lower() not in topic.text.lower():
            yield f"{whole} AND {_quoted(topic.text)}"
    if is_phrase:
        yield f"title:{_quoted(query.text)}"


def _is_syntax(typed: str, start: int, end: int) -> bool:
    word = typed[start:end]
    return word in _OPERATORS or (word.lower() in FIELDS and typed[end : end + 1] == ":")


def near(word: str, known: Container[str] | Mapping[str, int]) -> list[str]:
    """Known words that one slip of a finger makes of this one, the most frequent first."""
    if len(word) < _SHORTEST_RESPELT or not word.isascii() or not word.isalpha():
        return []
    slips = list(_slips(word))
    found = {slip for slip in slips if slip in known} or {us for slip in slips if (us := american(slip)) in known}
    weight = known if isinstance(known, Mapping) else {}
    return sorted(found, key=lambda slip: (-weight.get(slip, 0), slip))[:3]


def _phrases(title: str) -> Iterator[tuple[str, str]]:
    found, gaps = tokens(title)
    places = _pairs(spans(title))
    if len(places) != len(found):
        return
    usable = [is_telling(token.letters) for token in found]
    for first, token in enumerate(found):
        if token.capitals > 1 and 2 < len(token.letters) <= 6 and token.letters.isalpha():
            yield token.letters, title[slice(*places[first])]
        for last in range(first, min(first + LONGEST_TOPIC, len(found))):
            if not usable[last] or (last > first and gaps[last] in _PARTS):
                break
            key = " ".join(token.letters for token in found[first : last + 1])
            if last > first and key not in _NO_TOPICS:
                yield key, _uncapitalised(title[places[first][0] : places[last][1]])


def is_telling(letters: str) -> bool:
    """Whether a word, in its normal form, may say what a paper is about."""
    return len(letters) > 1 and letters not in _COMMON and not letters.isdigit()


def _uncapitalised(text: str) -> str:
    """Titles and keywords begin words with capitals; names such as GPT and LoRA stay."""
    return re.sub(r"\b[^\W\d_][^\W\d_]*", lambda word: word[0].lower() if word[0][1:].islower() else word[0], text)


def _without_parts(counts: Mapping[str, int]) -> list[str]:
    """Without those that are nearly always part of a longer one."""
    hidden: set[str] = set()
    for key, count in counts.items():
        words = key.split()
        for size in range(1, len(words)):
            for first in range(len(words) - size + 1):
                part = " ".join(words[first : first + size])
                if part in counts and count >= _MOSTLY * counts[part]:
                    hidden.add(part)
    return [key for key in counts if key not in hidden]


def _extended(typed: str, phrase: Phrase, index: Index, positions: Iterable[int]) -> Iterator[str]:
    """The phrase with each of the words that most often stand before or behind it; "high quality video" as a whole."""
    counted: Counter[str] = Counter()
    longer: dict[str, Counter[str]] = {}
    for position in positions:
        words, stops = index.documents[position].words, index.documents[position].stops
        seen: dict[str, str] = {}
        for first, last in runs(index.documents[position], phrase):
            if last + 1 < stops[first] and _adds(words, last + 1, last + 1):
                seen[f"{typed} {words[last + 1]}"] = ""
            if first and stops[first - 1] > first and _adds(words, first - 1, first):
                text = f"{words[first - 1]} {typed}"
                is_part = first > 1 and stops[first - 2] > first and _begins(words[first - 2])
                seen[text] = f"{words[first - 2]} {text}" if is_part else ""
        counted.update(seen.keys())
        for text, whole in seen.items():
            longer.setdefault(text, Counter())[whole] += 1
    for text, papers in counted.most_common(MAX_EXTENDED):
        whole, as_often = longer[text].most_common(1)[0]
        yield whole if whole and as_often >= max(2, _MOSTLY * papers) else text


def _begins(word: str) -> bool:
    return is_telling(word) or word in _BEGINNINGS


def _adds(words: Sequence[str], at: int, later: int) -> bool:
    """Whether a word narrows down what stands beside it; `later` is the second of the two.

    In "reinforcement learning (RL)" the letters only say the same again.
    """
    letters = words[later]
    initials = "".join(word[:1] for word in words[max(0, later - len(letters)) : later])
    return is_telling(words[at]) and (len(letters) < 2 or letters != initials)


def _vocabulary(query: Query, index: Index) -> Mapping[str, int]:
    """Every word of the papers, and of names where the query asks for names."""
    known = index.vocabulary
    if any(isinstance(condition, Author | Organisation) for condition, _ in conditions(query.expression)):
        names = Counter(token.letters for paper in index.papers for name in _names(paper) for token in tokens(name)[0])
        return known + names
    return known


def _names(paper: Searchable) -> Iterator[str]:
    yield from paper.authors
    yield paper.organisation
    yield paper.organisation_name


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


def _pairs(places: Sequence[int]) -> list[tuple[int, int]]:
    return list(islice(pairwise(places), 0, None, 2))


def _slips(word: str) -> Iterator[str]:
    """A letter left out, doubled up, changed or swapped with its neighbour."""
    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        for letter in ascii_lowercase:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
