"""The words arXiv's formats share: kinds of announcement, author lines, notes of withdrawal."""

import re

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


def split_authors(line: str) -> tuple[str, ...]:
    """Part `Ada Doe, Bo Roe, Jr., Cy Poe` into printed names."""
    return tuple(name for part in _BETWEEN_NAMES.split(line) if (name := part.strip()))


def is_withdrawn(*notes: str) -> bool:
    """Whether a comment or an abstract *begins* by saying that the paper was withdrawn."""
    return any(_WITHDRAWN.match(note) for note in notes)
