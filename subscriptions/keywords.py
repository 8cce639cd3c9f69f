"""What a reader types into the keywords box ↔ interests. Pure.

One keyword per line or between commas; a comma inside quotes or brackets is part of the keyword; one that
begins with "-" is muted.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from papers.search import QueryError, parse
from papers.text import clean
from subscriptions.models.subscriber import MAX_INTEREST, MAX_INTERESTS

# STANDARDS A09, and what the interest language needs besides.
_SIGNS = frozenset("\t-+./'#&\"():*,")
# Letters, marks, digits and other numbers, blanks.
_CATEGORIES = ("L", "M", "N", "Zs")
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"') | dict.fromkeys("‘’‚‛ʼ", "'"))
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_ADDRESS = re.compile(r"\w+:\s*//|\bwww\.", re.IGNORECASE)
_SHOWN = 60


@dataclass(frozen=True)
class Keyword:
    """`text` as typed, `normal` its canonical form: equal for equal meaning."""

    text: str
    normal: str
    is_muted: bool = False


class KeywordsError(ValueError):
    """What is wrong, a sentence for each keyword that cannot be used."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = list(sentences)


def read(text: str) -> tuple[Keyword, ...]:
    """The keywords of a box, each once, in order. Raises KeywordsError with a sentence for each bad one."""
    found, wrong = sift(text)
    if wrong:
        raise KeywordsError(wrong)
    return found


def sift(text: str) -> tuple[tuple[Keyword, ...], list[str]]:
    """The keywords of a box that can be used, each once, in order, at most 20; and what is wrong with the others."""
    found: dict[str, Keyword] = {}
    wrong: list[str] = []
    for line, entry in split(text):
        try:
            keyword = _read_one(entry)
        except ValueError as error:
            place = {"line": line, "keyword": _shorten(entry), "error": error}
            wrong.append(_("Line %(line)d, “%(keyword)s”: %(error)s") % place)
            continue
        if found.setdefault(keyword.normal, keyword).is_muted != keyword.is_muted:
            both = _("Line %(line)d: “%(keyword)s” stands here both as wanted and as muted.")
            wrong.append(both % {"line": line, "keyword": _shorten(keyword.text)})
    if len(found) > MAX_INTERESTS:
        too_many = _("These are %(count)d keywords; at most %(most)d are possible.")
        wrong.append(too_many % {"count": len(found), "most": MAX_INTERESTS})
    return tuple(found.values())[:MAX_INTERESTS], wrong[:MAX_INTERESTS]


def replace(text: str, old: str, new: str) -> str:
    """The box with one entry written otherwise, an entry a line; with `old` empty, with one entry more."""
    entries = [entry for _line, entry in split(text)]
    if not old:
        return "\n".join([*entries, new])
    return "\n".join(dict.fromkeys(new if entry == old else entry for entry in entries))


def write(keywords: Iterable[Keyword]) -> str:
    """What to show in the box: `read(write(x)) == x`."""
    return "\n".join(f"-{keyword.text}" if keyword.is_muted else keyword.text for keyword in keywords)


def split(text: str) -> Iterator[tuple[int, str]]:
    """(line number, entry) for each entry that is not blank. A quote or bracket left open ends with its line."""
    for number, line in enumerate(re.split(r"\r\n?|\n", text), 1):
        start, depth, quoted = 0, 0, False
        for at, char in enumerate(line.translate(_QUOTES)):
            if char == '"':
                quoted = not quoted
            elif char in "()" and not quoted:
                depth = max(depth + (1 if char == "(" else -1), 0)
            elif char == "," and not quoted and not depth:
                yield from _entry(number, line[start:at])
                start = at + 1
        yield from _entry(number, line[start:])


def read_one(text: str) -> Keyword:
    """A single keyword, never muted. Raises ValueError with a sentence for its author."""
    _check_characters(text)
    text = clean(text.translate(_QUOTES).translate(_DASHES))
    if len(text) > MAX_INTEREST:
        too_long = _("this is %(count)d characters long; at most %(most)d are possible.")
        raise ValueError(too_long % {"count": len(text), "most": MAX_INTEREST})
    try:
        query = parse(text)
    except QueryError as error:
        raise ValueError(_explain(error)) from None
    return Keyword(text, query.normal)


def is_one(text: str) -> bool:
    """Whether it would stand in the box as one keyword: authors name things such as pass@1, which cannot."""
    found, wrong = sift(text)
    return len(found) == 1 and not wrong


def _read_one(entry: str) -> Keyword:
    dashed = entry.translate(_DASHES)
    if not dashed.startswith("-"):
        return read_one(entry)
    keyword = read_one(dashed.removeprefix("-").strip())
    return Keyword(keyword.text, keyword.normal, is_muted=True)


def _entry(number: int, text: str) -> Iterator[tuple[int, str]]:
    if text.strip():
        yield number, text.strip()


def _check_characters(text: str) -> None:
    if _ADDRESS.search(text):
        raise ValueError(_("a web address is no keyword."))
    for char in text.translate(_QUOTES).translate(_DASHES):
        if char not in _SIGNS and not unicodedata.category(char).startswith(_CATEGORIES):
            hidden = _("The invisible character %(code)s") % {"code": f"U+{ord(char):04X}"}
            shown = _("“%s”") % char if char.isprintable() else hidden
            refused = _("%(shown)s cannot stand in a keyword; letters, digits and - + . / ' # & \" ( ) : * can.")
            raise ValueError(refused % {"shown": shown})


def _explain(error: QueryError) -> str:
    place = {"message": error.message.rstrip("."), "number": error.position + 1, "suggestion": error.suggestion}
    return _("%(message)s, at character %(number)d. %(suggestion)s") % place


def _shorten(text: str) -> str:
    text = clean(text)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
