"""From text to tokens: one form for whatever readers and authors may have typed differently.

The text itself is never changed: `split` cuts it, so every token can be quoted as it stands, and
`token` gives each piece its normal form. Nothing here knows papers or queries.
"""

import re
import unicodedata
from array import array
from functools import lru_cache
from itertools import accumulate, dropwhile
from operator import itemgetter
from typing import NamedTuple

from papers.search.spelling import american, singular, stems

# Between two tokens stands one of these, or nothing.
BREAK = ","  # punctuation followed by a blank: no phrase runs across
FIELD = ";"  # the end of a title, abstract or keyword
BLANK = " "  # a blank beside a small word: "in formal" is not "informal", "in-painting" is "inpainting"
_HYPHEN = "-"  # a hyphen at a line's end, while it is not known what it means

FIELD_MARK = "\x1f"  # put between the fields of a paper to read them as one text

# Small words that make another word when joined to a neighbour: a symmetric, in formal, fact or, H and W.
SMALL_WORDS = frozenset({"a", "an", "and", "as", "at", "be", "for", "in", "is", "it", "no", "on", "or", "so", "to"})
# "pre- and post-training": here the hyphen belongs to no broken word.
_SUSPENDED = frozenset({"and", "as", "but", "et", "nor", "oder", "or", "respectively", "to", "und", "versus", "vs"})

# Written without blanks, so each character is a token and phrases match as substrings.
_CJK = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303b\u3041-\u3096\u309d-\u309f"
    "\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u319f\u31a0-\u31bf\u31f0-\u33ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9d\uffa1-\uffdc\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
# Accents and vowel signs, which `\w` leaves out, and characters nobody sees.
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u109f"
    "\u1dc0-\u1dff\u20d0-\u20f0\u3099\u309a\ufe20-\ufe2f\uff9e\uff9f"
)
_INVISIBLE = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff"
_APOSTROPHES = "'\u02bc\u2018\u2019\u201b\uff07"
_LETTER = rf"[^\W_\u02bc{_CJK}]"
_TAIL = rf"(?:(?:\++|\#)(?!\w))?(?:[{_APOSTROPHES}][sS](?!\w))?"
_ACCENT = (  # \"o \'{e} \v{s} \c c \o \ss{}
    r"\\(?:[\"'`^~=.]\s?(?:\{\\?[^\W\d_]\}|\\[ij](?![^\W\d_])|[^\W\d_])"
    r"|[cvuHkrdb](?:\s*\{\\?[^\W\d_]\}|\s[^\W\d_])|(?:ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)(?![^\W\d_])(?:\{\}|\s(?=\w))?)"
)
_ASCII = re.compile(r"([A-Za-z0-9]+(?:(?:\++|\#)(?!\w))?(?:'[sS](?!\w))?)")
_ANY = re.compile(rf"([{_CJK}][{_MARKS}]*|{_LETTER}++(?:[{_MARKS}{_INVISIBLE}]++{_LETTER}*+)*+{_TAIL})")
_TEX = re.compile(
    rf"([{_CJK}][{_MARKS}]*|(?:(?:{_LETTER}|{_ACCENT})[{_MARKS}{_INVISIBLE}{{}}]*+)++{_TAIL}|\\[A-Za-z]+\*?)"
)

_UNSPACED = re.compile(f"[{_CJK}]")
_TEX_ACCENT = re.compile(r"\\[\"'`^~=.]\s?\{?\\?([^\W\d_])\}?|\\[cvuHkrdb](?:\s*\{\\?([^\W\d_])\}|\s([^\W\d_]))")
_TEX_NAME = re.compile(r"\\(?:var)?([A-Za-z]+)\*?\s?")
_TEX_BLANK = re.compile(r"\\[,;:! ]|~")
_TEX_MATHS = re.compile(r"\\[()\[\]]")
_TRANSPARENT = re.compile(rf"[{_INVISIBLE}{_APOSTROPHES}`$_^\\{{}}\])\"\u201d\u00bb]")  # (LLM) agents, “world” model
_LINE_END_HYPHEN = re.compile(r"[-\u2010]\s+")
_NUMBERED_PLURAL = re.compile(r"[a-z]\w*\ds")
_DROPPED = re.compile(rf"[{_INVISIBLE}{{}}\u02bc]")
_POSSESSIVE = re.compile(rf"[{_APOSTROPHES}][sS]$")

_GREEK_NAMES = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi
    psi omega
"""
_GREEK = dict(zip("αβγδεζηθικλμνξοπρστυφχψω", _GREEK_NAMES.split(), strict=True))
_TEX_NAMES = {name: name for name in _GREEK.values()} | {
    "ell": "l", "ss": "ss", "ae": "ae", "oe": "oe", "aa": "a", "o": "o", "l": "l", "i": "i", "j": "j",
}  # fmt: skip
_LETTERS = str.maketrans(
    _GREEK | {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i"}
)
_STRIPPED = re.compile("[\u0300-\u036f\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f]")
_NOT_TOKEN = re.compile(rf"[^\w{_MARKS}+#]|[_{_INVISIBLE}]")


class Token(NamedTuple):
    """A piece of text in its normal form."""

    letters: str  # empty for a TeX command that prints nothing
    capitals: int  # at most 255
    stems: tuple[str, ...]  # what it may be an inflection of; empty where that is only itself


_LETTERS_OF = itemgetter(0)


def split(text: str) -> list[str]:
    """Cut into separators and words in turn, beginning and ending with a separator. Loses no character."""
    if "\\" in text:
        return _TEX.split(text)
    return (_ASCII if text.isascii() else _ANY).split(text)


@lru_cache(maxsize=50_000)
def token(word: str) -> Token:
    """The normal form of one word that `split` cut out."""
    shown = plain(word)
    letters = _one_form(shown, fold(shown))
    return Token(letters, min(sum(map(str.isupper, shown)), 255), _other_stems(letters))


def tokens(text: str) -> tuple[list[Token], list[str]]:
    """Every token of a text, and before each what parts it from the one before: BREAK, FIELD, BLANK or ""."""
    parts = split(text)
    words, separators = parts[1::2], parts[:-1:2]
    found = list(map(token, words))
    if not all(map(_LETTERS_OF, found)):
        words, separators = _without_commands(words, separators)
        found = list(map(token, words))
    gaps = list(map(_gap, separators))
    gaps[:1] = [""] * len(gaps[:1])
    for at, gap in enumerate(gaps):
        if gap == BLANK and not (found[at].letters in SMALL_WORDS or found[at - 1].letters in SMALL_WORDS):
            gaps[at] = ""
        elif gap == _HYPHEN:
            gaps[at] = _resolve_hyphen(found, words, at)
    return found, gaps


def spans(text: str) -> "array[int]":
    """Where each token of `tokens(text)` begins and ends: two numbers a token."""
    parts = split(text)
    ends = list(accumulate(map(len, parts)))
    places = array("I")
    for word, place in zip(parts[1::2], zip(ends[:-1:2], ends[1::2], strict=True), strict=True):
        if token(word).letters:
            places.extend(place)
    return places


def _without_commands(words: list[str], separators: list[str]) -> tuple[list[str], list[str]]:
    """Leave out the words that print nothing; what stands on either side of one stands together then."""
    kept: list[str] = []
    before: list[str] = []
    pending = ""
    for word, separator in zip(words, separators, strict=True):
        pending += separator
        if token(word).letters:
            kept.append(word)
            before.append(pending)
            pending = ""
    return kept, before


def is_unspaced(character: str) -> bool:
    """Whether it is Chinese, Japanese or Korean, which is matched as substrings."""
    return _UNSPACED.match(character) is not None


def fold(text: str) -> str:
    """Lower case, without accents; Greek letters by name. Number and spelling stay."""
    if text.isascii():
        return text.lower()
    bare = _STRIPPED.sub("", unicodedata.normalize("NFD", text.casefold()))
    return unicodedata.normalize("NFKC", bare).translate(_LETTERS)


def plain(word: str) -> str:
    """A word of `split` as a reader sees it: TeX resolved, compatible characters unified, no possessive."""
    if "\\" in word:
        word = _untex(word)
    if not word.isascii():
        word = _NOT_TOKEN.sub("", _POSSESSIVE.sub("", unicodedata.normalize("NFKC", word)))
        word = "".join(dropwhile(_is_mark, word))
    return _DROPPED.sub("", _POSSESSIVE.sub("", word))


def _is_mark(character: str) -> bool:
    return not character.isalnum()


def _other_stems(letters: str) -> tuple[str, ...]:
    return () if (known := stems(letters)) == (letters,) else known


def _untex(word: str) -> str:
    bare = _TEX_ACCENT.sub(lambda match: match[1] or match[2] or match[3], word)
    return _TEX_NAME.sub(lambda match: _TEX_NAMES.get(match[1].lower(), ""), bare)


def _one_form(shown: str, folded: str) -> str:
    """One number and one spelling. LMs is the plural of LM, H100s of H100; the 1990s are no plural."""
    if len(shown) > 2 and shown[-1] == "s" and shown[-2].isupper():
        folded = folded[:-1]
    if _NUMBERED_PLURAL.fullmatch(folded):
        folded = folded[:-1]
    if folded.isascii() and folded[-2:].isalpha():
        # Again until nothing changes: some write "criterias".
        while (form := american(singular(folded))) != folded:
            folded = form
    number = folded.rstrip("+#")
    return number if number.isdigit() else folded


@lru_cache(maxsize=2_000)
def _gap(separator: str) -> str:
    """What a separator means for phrases."""
    if FIELD_MARK in separator:
        return FIELD
    if _LINE_END_HYPHEN.fullmatch(separator):
        return _HYPHEN
    marks = _TRANSPARENT.sub("", _TEX_MATHS.sub("", _TEX_BLANK.sub(" ", separator)))
    for character, following in zip(marks, marks[1:] + "x", strict=False):
        if _is_punctuation(character) and (following.isspace() or _is_wide(character)):
            return BREAK
    return BLANK if any(map(str.isspace, marks)) else ""


def _is_punctuation(character: str) -> bool:
    category = unicodedata.category(character)
    return category.startswith("P") or category == "Sm"


def _is_wide(character: str) -> bool:
    """Chinese and Japanese punctuation needs no blank; the middle dot only parts foreign words."""
    return character >= "\u3000" and character not in "・･〜～" and unicodedata.category(character) != "Pd"


def _resolve_hyphen(found: list[Token], words: list[str], at: int) -> str:
    """Join a word broken at a line's end, in place: "stud- ies" becomes stud + y, which together are study."""
    if words[at].lower() in _SUSPENDED:
        return BREAK
    broken = words[at - 1] + words[at]
    if not broken.isalpha() or any(map(is_unspaced, broken)):
        return ""
    whole, first = token(broken).letters, found[at - 1].letters
    if not whole.startswith(first):
        found[at - 1] = _with_letters(found[at - 1], whole)
        first = whole
    found[at] = _with_letters(found[at], whole.removeprefix(first))
    return ""


def _with_letters(known: Token, letters: str) -> Token:
    return Token(letters, known.capitals, _other_stems(letters))
