"""The words arXiv's formats share: kinds of announcement, author lines, TeX accents, notes of withdrawal."""

import re
import unicodedata

NEW = "new"
CROSS = "cross"
REPLACEMENT = "replacement"

SECTIONS = {"new": NEW, "cross": CROSS, "replace": REPLACEMENT, "replace-cross": REPLACEMENT}
"""arXiv's announce types → ours. Crosses are kept: the official mailing has them too."""

# A generational suffix belongs to the name before it.
_BETWEEN_NAMES = re.compile(r",(?!\s*(?:Jr|Sr|II|III|IV)\b)")
_WITHDRAWN = re.compile(
    r"\W*(?:(?:this|the) (?:paper|article|manuscript|preprint|submission|version|work|note) "
    r"(?:has been|have been|is|is being|was) (?:\w+ly )?withdrawn|(?:paper |submission )?withdrawn\b)",
    re.IGNORECASE,
)

_MATHS = re.compile(r"(\$[^$]*\$)")
_ACCENT = re.compile(  # \'e \"{o} \v{s} \c c \'\i
    r"\\(?:([\"'`^~=.])|([cvuHkr])(?:(?=\{)|\s(?=[^\W\d_])))(?:\{\\?([^\W\d_])\}|\\([ij])(?![^\W\d_])\s?|([^\W\d_]))"
)
_LETTER = re.compile(r"\\(ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i)(?![^\W\d_])(?:\{\}|\s(?=[a-z]))?")
_ALONE = re.compile(r"\{([^\W\d_a-zA-Z])\}")
_MARKS = dict(
    zip("'\"`^~=.cvuHkr", "\u0301\u0308\u0300\u0302\u0303\u0304\u0307\u0327\u030c\u0306\u030b\u0328\u030a", strict=True)
)
_LETTERS = dict(zip(["ss", "ae", "AE", "oe", "OE", "aa", "AA", "o", "O", "l", "L", "i"], "ßæÆœŒåÅøØłŁi", strict=True))


def accented(text: str) -> str:
    """With the letters that TeX's accents stand for, as authors type them: Andr\\'e is André. Maths stays."""
    if "\\" not in text:
        return text
    parts = _MATHS.split(text)
    parts[::2] = map(_without_tex, parts[::2])
    return "".join(parts)


def _without_tex(text: str) -> str:
    letters = _LETTER.sub(lambda found: _LETTERS[found[1]], _ACCENT.sub(_composed, text))
    return _ALONE.sub(r"\1", letters)


def _composed(found: re.Match[str]) -> str:
    mark, letter = found[1] or found[2], found[3] or found[4] or found[5]
    return unicodedata.normalize("NFC", letter + _MARKS[mark])


def split_authors(line: str) -> tuple[str, ...]:
    """Part `Ada Doe, Bo Roe, Jr., Cy Poe` into printed names."""
    return tuple(name for part in _BETWEEN_NAMES.split(accented(line)) if (name := part.strip()))


def is_withdrawn(*notes: str) -> bool:
    """Whether a comment or an abstract *begins* by saying that the paper was withdrawn."""
    return any(_WITHDRAWN.match(note) for note in notes)
