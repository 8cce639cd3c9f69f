"""What a query means once it is parsed: conditions on a paper, joined by AND, OR and NOT.

Every part carries `normal`, its canonical form: parts with equal forms find the same papers.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import TypeAlias

from papers.search.names import Name, parse_name
from papers.search.normalise import BLANK, BREAK, SMALL_WORDS, Token, fold, plain, split, tokens
from papers.search.spelling import PLURALS, stems

MAX_ACRONYM = 6
MIN_PREFIX = 3
_MAX_CHOICES = 4
# How a word cut short ends before it shows its British spelling: optimis(ation), analys(ing).
_BRITISH = re.compile(r"([lmnrt][iy])s(e|in?|at?)?$")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row, in the text or in one field of it.

    A run of tokens matches when its letters, written together, equal one of `keys`; where `inflected`,
    its last token may be any word with a stem that makes it so; where `acronym`, it must show two
    capitals. It also matches when it begins with one of `beginnings` and at least `least` letters of that
    stand in its last token.
    """

    normal: str
    keys: tuple[str, ...] = field(compare=False)
    words: tuple[str, ...] = field(compare=False)
    where: str = field(compare=False)
    inflected: bool = field(compare=False)
    acronym: bool = field(compare=False)
    beginnings: tuple[str, ...] = field(default=(), compare=False)
    least: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Author:
    normal: str
    name: Name = field(compare=False)


@dataclass(frozen=True, slots=True)
class Organisation:
    """The slug or the printed name of the organisation holds this phrase."""

    normal: str
    phrase: Phrase = field(compare=False)


@dataclass(frozen=True, slots=True)
class Category:
    """An arXiv category; an archive named without a dot stands for all of it."""

    normal: str
    code: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    normal: str
    operand: "Expression" = field(compare=False)


@dataclass(frozen=True, slots=True)
class All:
    normal: str
    operands: tuple["Expression", ...] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Some:
    normal: str
    operands: tuple["Expression", ...] = field(compare=False)


Condition: TypeAlias = Phrase | Author | Organisation | Category
Expression: TypeAlias = Condition | Not | All | Some


def phrase(text: str, where: str = "", *, prefix: bool = False) -> Phrase | None:
    """The phrase a reader typed, without its star; None when it holds no letter or digit."""
    found, gaps = tokens(text)
    words = tuple(token.letters for token in found)
    if not any(words):
        # A TeX command alone prints nothing; typed as a query it is a word like any other.
        return phrase(text.replace("\\", " "), where, prefix=prefix) if "\\" in text else None
    heads = _heads(words, gaps)
    acronym = _is_acronym(text, found)
    inflected = len(words) > 1 and not (prefix or acronym) and words[-1].isascii() and words[-1].isalpha()
    tails = stems(words[-1]) if inflected else (words[-1],)
    shown = f"{{{'|'.join(tails)}}}" if inflected else words[-1]
    begins: tuple[str, ...] = ()
    if prefix:
        begins, tails = _endings(text, words[-1])
        shown = "|".join(begins) + "*"
    return Phrase(
        normal=(f"{where}:" if where else "") + ("^" if acronym else "") + heads[0] + shown,
        keys=tuple(head + tail for head in heads for tail in tails),
        words=words[:-1] if prefix else words,
        where=where,
        inflected=inflected,
        acronym=acronym,
        beginnings=tuple(head + begin for head in heads for begin in begins),
        least=min((MIN_PREFIX, *map(len, begins))),
    )


def author(text: str, *, prefix: bool = False) -> Author | None:
    """The author a reader typed; None when there is no letter in it."""
    name = parse_name(text)._replace(prefix=prefix)
    return Author(f"author:{' '.join(name.parts)}{'*' if prefix else ''}", name) if name.parts else None


def organisation(text: str, *, prefix: bool = False) -> Organisation | None:
    """The organisation a reader typed; capitals never count here, for slugs have none."""
    held = phrase(text.lower(), "org", prefix=prefix)
    return Organisation(held.normal, held) if held else None


def category(code: str) -> Category:
    """`cs.LG`; or `cs`, which is also what `cs.*` means."""
    lower = code.lower().removesuffix(".*")
    return Category(f"cat:{lower}", lower)


def negate(operand: Expression) -> Expression:
    return operand.operand if isinstance(operand, Not) else Not(f"!{operand.normal}", operand)


def all_of(operands: Iterable[Expression]) -> Expression:
    parts = _flat(All, operands)
    return parts[0] if len(parts) == 1 else All(f"({' & '.join(part.normal for part in parts)})", parts)


def any_of(operands: Iterable[Expression]) -> Expression:
    parts = _flat(Some, operands)
    return parts[0] if len(parts) == 1 else Some(f"({' | '.join(part.normal for part in parts)})", parts)


def is_bounded(expression: Expression, *, negated: bool = False) -> bool:
    """Whether something must be found in a paper; `NOT survey` alone would be every other paper there is."""
    match expression:
        case Not(operand=operand):
            return is_bounded(operand, negated=not negated)
        case All(operands=operands) | Some(operands=operands):
            quantor = any if isinstance(expression, All) is not negated else all
            return quantor(is_bounded(operand, negated=negated) for operand in operands)
    return not negated


def conditions(expression: Expression, *, negated: bool = False) -> Iterator[tuple[Condition, bool]]:
    """Every condition in it, in canonical order, and whether a paper must not meet it."""
    match expression:
        case Not(operand=operand):
            yield from conditions(operand, negated=not negated)
        case All(operands=operands) | Some(operands=operands):
            for operand in operands:
                yield from conditions(operand, negated=negated)
        case _:
            yield expression, negated


def _flat(kind: type[All] | type[Some], operands: Iterable[Expression]) -> tuple[Expression, ...]:
    """In canonical order, without repetitions, nested ones of the same kind opened."""
    flat = {
        part.normal: part
        for operand in operands
        for part in (operand.operands if isinstance(operand, kind) else (operand,))
    }
    return tuple(flat[normal] for normal in sorted(flat))


def _heads(words: tuple[str, ...], gaps: list[str]) -> list[str]:
    """All words but the last, written together: first the canonical way, then every other that a text may use.

    A blank beside a small word may be a hyphen in the text, and punctuation may be left out there.
    """
    joints = [_joint(words, gaps, at) for at in range(1, len(words))]
    choices = list(dict.fromkeys(joint for joint in joints if joint is not None))
    if not choices:
        return ["".join(words[:-1])]
    slot = {choice: min(number, _MAX_CHOICES - 1) for number, choice in enumerate(choices)}
    heads = []
    for kept in product((True, False), repeat=min(len(choices), _MAX_CHOICES)):
        marks = [
            "" if joint is None or not kept[slot[joint]] else BREAK if joint == BREAK else BLANK for joint in joints
        ]
        heads.append("".join(word + mark for word, mark in zip(words, marks, strict=False)))
    return heads


def _joint(words: tuple[str, ...], gaps: list[str], at: int) -> int | str | None:
    """What decides how words `at - 1` and `at` are joined: punctuation, the place of a small word, or nothing."""
    if gaps[at] == BREAK:
        return BREAK
    return next((place for place in (at - 1, at) if words[place] in SMALL_WORDS), None)


def _is_acronym(text: str, found: list[Token]) -> bool:
    """One written word of at most six letters with at least two capitals: RAG, LoRA, GPUs, U.S."""
    capitals, size = sum(token.capitals for token in found), sum(len(token.letters) for token in found)
    dotted = all(len(token.letters) == 1 for token in found) and not any(map(str.isspace, text.strip()))
    return capitals > 1 and size <= MAX_ACRONYM and (len(found) == 1 or dotted)


def _endings(text: str, word: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a word with the typed beginning may begin with, and what it may be, once normalised.

    optimis* is optimization as well; matric* is matrices, and so matrix.
    """
    typed = fold(plain(split(text)[-2]))
    begins = {typed, _BRITISH.sub(r"\1z\2", typed)}
    whole = {word} | {one for plural, one in PLURALS.items() if plural.startswith(typed)}
    return tuple(sorted(begins)), tuple(sorted(one for one in whole if not one.startswith(tuple(begins))))
