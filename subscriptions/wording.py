"""Words of a mail in the active language: sentences cut, lists shortened, lines folded. Nothing here knows markup."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

WIDTH = 72
MAX_AUTHORS = 3
MAX_LABEL = 27

# A sentence ends at its mark, before a blank and what may begin the next one; in Chinese and Japanese at once.
_SENTENCE_END = re.compile(r"[.!?][\"'”’)\]]*(?=\s+[^\Wa-z_]|\s+[\"'“‘(\[])|[。！？][”』」）]*")
_NO_END = re.compile(r"\b(?:e\.g|i\.e|al|cf|vs|resp|approx|Fig|Eq|Sec|No)\.\Z")


def shorten(text: str, limit: int) -> str:
    """Cut at the last sentence's end before `limit` characters, else between words with an ellipsis."""
    if len(text) <= limit:
        return text
    ends = [
        match.end()
        for match in _SENTENCE_END.finditer(text, 0, limit + 2)
        if limit // 2 <= match.end() <= limit and not _NO_END.search(text, max(0, match.end() - 8), match.end())
    ]
    if ends:
        return text[: ends[-1]]
    head = text[:limit]
    blank = head.rfind(" ", limit // 2)
    return head[: blank if blank > 0 else limit - 1].rstrip(" ,;:") + "…"


def label(title: str) -> str:
    """A title's beginning, to tell links of the same words apart: short in octets, since every link bears it."""
    head = title.encode()[:MAX_LABEL].decode(errors="ignore")
    return title if head == title else f"{head.rstrip()}…"


def byline(authors: Sequence[str], count: int | None) -> str:
    """The first three authors "and 9 more"; `count` is the whole number where the names are not all known."""
    total = max(count or 0, len(authors))
    named = list(authors[:MAX_AUTHORS])
    if not named:
        return count_of(total, ngettext("%(count)s author", "%(count)s authors", total)) if total else ""
    return and_more(", ".join(named), total - len(named))


def and_more(text: str, more: int) -> str:
    if not more:
        return text
    return _("%(names)s and %(count)s more") % {"names": text, "count": number(more)}


def count_of(count: int, form: str) -> str:
    """A number in the form of words that ngettext chose for it: "1,234 votes"."""
    return form % {"count": number(count)}


def number(count: int) -> str:
    """Grouped as the active language does it."""
    return number_format(count, use_l10n=True, force_grouping=True)


def topics(names: Iterable[str], room: int) -> str:
    """As many names as fit into `room` characters, "and 3 more" for the rest; "" when not even one does."""
    unique = dict.fromkeys(names)
    short = [name for name in unique if len(name) <= room]
    for shown in range(len(short), 0, -1):
        text = and_more(", ".join(short[:shown]), len(unique) - shown)
        if len(text) <= room:
            return text
    return ""


def lifetime(span: timedelta) -> str:
    """How long a link works: "30 minutes", "72 hours", "7 days"."""
    minutes = int(span.total_seconds()) // 60
    # Rounded down, and hours up to the third day: never promise more than is kept.
    hours, days = minutes // 60, minutes // (24 * 60)
    if minutes < 120:
        return count_of(minutes, ngettext("%(count)s minute", "%(count)s minutes", minutes))
    if minutes <= 72 * 60:
        return count_of(hours, ngettext("%(count)s hour", "%(count)s hours", hours))
    return count_of(days, ngettext("%(count)s day", "%(count)s days", days))


def fold(text: str) -> str:
    """Fold lines at 72 columns, keeping their indent; addresses stay whole. At most one empty line in a row.

    No-break spaces keep words on one line, and become blanks.
    """
    lines = (piece for line in text.split("\n") for piece in _fold_line(line.rstrip()))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n").replace("\xa0", " ") + "\n"


def _fold_line(line: str) -> Iterator[str]:
    if columns(line) <= WIDTH:
        yield line
        return
    indent = line[: len(line) - len(line.lstrip())]
    current = ""
    for word in _break_words(line, WIDTH - len(indent)):
        if current and columns(indent + current) + 1 + columns(word) > WIDTH:
            yield indent + current
            current = ""
        current = f"{current} {word}" if current else word
    yield indent + current


def _break_words(line: str, room: int) -> Iterator[str]:
    """Words; those too long for a line in pieces, as text without blanks needs it. Never an address."""
    for word in re.findall(r"[^\S\xa0]*((?:\S|\xa0)+)", line):
        if columns(word) <= room or "://" in word:
            yield word
            continue
        piece = ""
        for char in word:
            if columns(piece + char) > room:
                yield piece
                piece = ""
            piece += char
        yield piece


def columns(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
