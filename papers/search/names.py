"""Authors' names: the same person under "Jane A. Doe", "J. Doe" and "Doe, Jane"."""

import re
from functools import lru_cache
from typing import NamedTuple

from papers.search.normalise import fold, is_unspaced, plain, split

_APOSTROPHE = re.compile("['\u02bc\u2018\u2019]")
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})


class Name(NamedTuple):
    """A name in reading order, family name last. `prefix`: the last part may go on."""

    parts: tuple[str, ...]
    prefix: bool = False


@lru_cache(maxsize=20_000)
def parse_name(text: str) -> Name:
    """Read a printed name. "Doe, Jane" and "Doe J" are turned round; Jr., Sr. and numerals are dropped."""
    family, _, given = text.partition(",")
    parts = [part for part in _parts(given) if part not in _SUFFIXES] + _parts(family)
    if len(parts) > 1 and len(parts[-1]) == 1 and len(parts[0]) > 1 and parts[0].isascii():
        parts = [*parts[1:], parts[0]]
    return Name(tuple(parts))


def is_same(asked: Name, printed: Name) -> bool:
    """Tell whether a printed name may be the one asked for.

    It may when the parts asked for stand in it in a row (so a family name alone will do), or when the
    family names agree and no given name contradicts: an initial agrees with every name it begins, and
    a middle name may be missing on either side.
    """
    if _in_a_row(asked, printed.parts):
        return True
    if min(len(asked.parts), len(printed.parts)) < 2 or is_unspaced(asked.parts[-1][0]):
        return False
    if not _equal(asked.parts[-1], printed.parts[-1], asked.prefix):
        return False
    return _given_agree(asked.parts[:-1], printed.parts[:-1])


def _parts(text: str) -> list[str]:
    whole = text if "\\" in text else _APOSTROPHE.sub("", text)  # O'Brien is one part
    parts = [folded for word in split(whole)[1::2] if (folded := fold(plain(word)))]
    while len(parts) > 1 and parts[-1] in _SUFFIXES:
        parts.pop()
    return parts


def _equal(asked: str, printed: str, prefix: bool) -> bool:
    return printed.startswith(asked) if prefix else printed == asked


def _in_a_row(asked: Name, printed: tuple[str, ...]) -> bool:
    size = len(asked.parts)
    rows = (printed[at : at + size] for at in range(len(printed) - size + 1))
    return any(row[:-1] == asked.parts[:-1] and _equal(asked.parts[-1], row[-1], asked.prefix) for row in rows)


def _given_agree(asked: tuple[str, ...], printed: tuple[str, ...]) -> bool:
    if "".join(asked) == "".join(printed):  # Jian-Lin, Jianlin
        return True
    if not _agree(asked[0], printed[0]):
        return False
    shorter, longer = sorted((asked[1:], printed[1:]), key=len)
    remaining = iter(longer)
    return all(any(_agree(one, other) for other in remaining) for one in shorter)


def _agree(one: str, other: str) -> bool:
    return one == other or (1 in (len(one), len(other)) and one[0] == other[0])
