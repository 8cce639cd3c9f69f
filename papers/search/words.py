"""What a database's full-text search needs to pre-select papers for the engine: words going in, and queries.

A pre-selection may hold papers that do not match, for the engine decides; it leaves none out but those where
the text parts a phrase at two more places than the reader did. Words are written as plain ASCII letters and
digits behind one letter that says where they stand, so that no database takes them apart in its own way.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, combinations, pairwise
from typing import NamedTuple

from papers.search.expression import All, Author, Category, Condition, Expression, Not, Organisation, Phrase, Some
from papers.search.index import Searchable
from papers.search.names import parse_name
from papers.search.normalise import BLANK, BREAK, is_unspaced, tokens
from papers.search.spelling import stems

TEXT, TITLE, AUTHOR, ORGANISATION, CATEGORY = "wtaoc"
_GAP = "g"  # between two fields: no phrase runs across
_MAX_WORD = 60
_MAX_JOINTS = 4  # in longer phrases, only one joint at a time is tried closed
_MAX_OPENED = 40
_MAX_WORDS = 12  # a longer phrase is pre-selected by how it begins: every variant names every word
_MARKS = str.maketrans("", "", BLANK + BREAK)


class Dialect(NamedTuple):
    """How a database writes its full-text queries.

    `nests`: words in a row may be alternatives themselves. `varies`: also look for words parted or joined otherwise.
    """

    then: str
    prefix: str
    either: str
    both: str
    nests: bool
    varies: bool = True


SQLITE = Dialect(" + ", " *", " OR ", " AND ", nests=False)
POSTGRESQL = Dialect(" <-> ", ":*", " | ", " & ", nests=True)


def words_of(paper: Searchable) -> str:
    """Everything the papers can be found by, in one line of words."""
    title = _letters(paper.title)
    fields: list[Iterable[str]] = [_written(TITLE, title)]
    fields += [_written(TEXT, letters) for letters in (title, *map(_letters, (paper.abstract, *paper.keywords)))]
    fields += [_written(ORGANISATION, _letters(name)) for name in (paper.organisation, paper.organisation_name)]
    parts = dict.fromkeys(chain.from_iterable(parse_name(name).parts for name in paper.authors))
    fields += [_written(AUTHOR, parts), _written(CATEGORY, _with_archives(paper.categories))]
    return f" {_GAP} ".join(filter(None, map(" ".join, fields)))


def written(expression: Expression, dialect: Dialect) -> str:
    """The full-text query that pre-selects. Needs an expression in which something must be found."""
    return _written_query(expression, dialect, negated=False) or ""


def _written_query(expression: Expression, dialect: Dialect, *, negated: bool) -> str | None:
    """None where every paper may match: what must *not* be in a paper says nothing about the others."""
    match expression:
        case Not(operand=operand):
            return _written_query(operand, dialect, negated=not negated)
        case All(operands=operands) | Some(operands=operands):
            parts = [_written_query(operand, dialect, negated=negated) for operand in operands]
            bounded = [part for part in parts if part is not None]
            if isinstance(expression, All) is not negated:
                return _joined(dialect.both, bounded) if bounded else None
            return _joined(dialect.either, bounded) if len(bounded) == len(parts) else None
        case _:
            return None if negated else _joined(dialect.either, sorted(set(_condition(expression, dialect))))


def _condition(condition: Condition, dialect: Dialect) -> Iterator[str]:
    match condition:
        case Category(code=code):
            yield _row(CATEGORY, [code], dialect)
        case Author(name=name):
            # The family name asked for is one of the printed name's parts, whatever became of the others.
            yield _row(AUTHOR, [name.parts[-1]], dialect, prefix=name.prefix)
        case Organisation(phrase=phrase):
            yield from _phrase(ORGANISATION, phrase, dialect)
        case Phrase():
            yield from _phrase(TITLE if condition.where == "title" else TEXT, condition, dialect)


def _phrase(place: str, phrase: Phrase, dialect: Dialect) -> Iterator[str]:
    typed = _ends(phrase)
    if len(typed) >= _MAX_WORDS:
        yield from _beginning(place, phrase, typed[:_MAX_WORDS], dialect)
        return
    head = typed[-1] if typed else 0
    for letters in dict.fromkeys(key.translate(_MARKS) for key in phrase.keys):
        lasts = _inflections(letters[head:]) if phrase.inflected else {letters[head:]}
        yield from _spelt(place, letters[:head], lasts, typed, dialect)
    for letters in dict.fromkeys(beginning.translate(_MARKS) for beginning in phrase.beginnings):
        yield from _spelt(place, letters[:head], {letters[head:]}, typed, dialect, least=phrase.least)


def _beginning(place: str, phrase: Phrase, typed: Sequence[int], dialect: Dialect) -> Iterator[str]:
    """The words that end at `typed`; to the last of them a text may have joined what follows."""
    *heads, end = typed
    for letters in dict.fromkeys(key.translate(_MARKS)[:end] for key in (*phrase.keys, *phrase.beginnings)):
        yield from _spelt(place, letters[: heads[-1]], {letters[heads[-1] :]}, heads, dialect, least=1)


def _spelt(
    place: str, first: str, lasts: Iterable[str], typed: Sequence[int], dialect: Dialect, *, least: int = 0
) -> Iterator[str]:
    """Every way to write `first` and then one of `lasts`; where `least`, a word that begins with so much of it."""
    prefix = bool(least)
    for last in lasts:
        letters = first + last
        cuts = [_cut(letters, places) for places in (_closed(typed) if dialect.varies else [typed])]
        if dialect.varies and not dialect.nests:
            cuts += [_cut(letters, sorted({*typed, place})) for place in _places(letters)]
        yield from (_row(place, cut, dialect, prefix=prefix) for cut in cuts if len(cut[-1]) >= least)
    if dialect.varies and dialect.nests:
        words = [[word] for word in _cut(first, typed[:-1])] if first else []
        yield (
            dialect.then.join(_opened(place, one, dialect) for one in words)
            + (dialect.then if words else "")
            + (_opened(place, lasts, dialect, least=least))
        )


def _opened(place: str, words: Iterable[str], dialect: Dialect, *, least: int = 0) -> str:
    """One of these words, whole or in two parts."""
    cuts = [cut for word in words for cut in ([word], *(_cut(word, [at]) for at in _places(word)))]
    rows = {_row(place, cut, dialect, prefix=bool(least)) for cut in cuts if len(cut[-1]) >= least}
    return _joined(dialect.either, sorted(rows))


def _ends(phrase: Phrase) -> list[int]:
    """Where, in the letters of the phrase, all its words but the last end."""
    return list(accumulate(map(len, phrase.words if phrase.beginnings else phrase.words[:-1])))


def _closed(typed: Sequence[int]) -> Iterable[Sequence[int]]:
    """The joints as typed, and with some of them closed."""
    if len(typed) <= _MAX_JOINTS:
        return chain.from_iterable(combinations(typed, size) for size in range(len(typed) + 1))
    return [typed, *([*typed[:at], *typed[at + 1 :]] for at in range(len(typed)))]


def _places(letters: str) -> Iterable[int]:
    """Where a text may part what was typed as one word; Chinese is parted everywhere already."""
    return () if len(letters) > _MAX_OPENED or any(map(is_unspaced, letters)) else range(1, len(letters))


def _cut(letters: str, places: Sequence[int]) -> list[str]:
    return [letters[begin:end] for begin, end in pairwise([0, *places, len(letters)]) if begin < end]


def _inflections(stem: str) -> set[str]:
    """Every word with this stem, the inverse of `spelling.stems`."""
    roots = (stem, stem + stem[-1:], stem[:-1], f"{stem[:-1]}i")
    return {stem} | {form for root in roots for end in ("ing", "ed", "er") if stem in stems(form := root + end)}


def _row(place: str, words: Iterable[str], dialect: Dialect, *, prefix: bool = False) -> str:
    row = dialect.then.join(_written(place, words)) + (dialect.prefix if prefix else "")
    return f"({row})"


def _written(place: str, words: Iterable[str]) -> list[str]:
    return [place + _plain(word) for word in words]


def _plain(word: str) -> str:
    if word.isascii() and word.isalnum():
        return word[:_MAX_WORD]
    # Letter by letter, so that the beginning of a word is written as the beginning of what is written for it.
    return "".join(one if one.isascii() and one.isalnum() else f"x{ord(one):x}x" for one in word)[:_MAX_WORD]


def _letters(text: str) -> list[str]:
    return [token.letters for token in tokens(text)[0]]


def _with_archives(categories: Iterable[str]) -> list[str]:
    codes = [category.lower() for category in categories]
    return list(dict.fromkeys([*codes, *(code.partition(".")[0] for code in codes)]))


def _joined(sign: str, parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({sign.join(parts)})"
