"""A digest's subject, text and HTML from its rows. No database, no tokens: links are handed in."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice
from typing import Any, NamedTuple, Protocol

from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from papers.text import clean
from subscriptions.blocks import BRIEF, Block, Facts, Found, Why, entry_block, facts_of, title_of
from subscriptions.digest_links import Wishes
from subscriptions.encoding import Body, Piece
from subscriptions.joining import Frame, room
from subscriptions.message import MAX_SUBJECT
from subscriptions.models import Digest, DigestItem, Interest
from subscriptions.numbers import heading_of, summary_of
from subscriptions.parts import fill_page, fill_subject, fill_text, styled
from subscriptions.wording import shorten, topics

logger = logging.getLogger(__name__)

Section = DigestItem.Section

# Gmail hides what follows about 102 kB of a part, encoded, and the link to leave stands last (STANDARDS M23, M33).
MAX_HTML = 90_000
ABSTRACT_LENGTHS = (600, 280, BRIEF)
MAX_TERMS = 3
MAX_ALIKE = 80
MAX_PREHEADER = 110
_BLANK = Piece.of("\n")
_NO_BRACES = str.maketrans("", "", "{}")


class CannotRender(Exception):
    """A row lacks what its mail needs; the sentence is for the operator and names no address."""


class Announced(Protocol):
    """What the editors tell all readers."""

    @property
    def html(self) -> SafeString: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where a digest's personal links lead."""

    preferences: str
    unsubscribe: str
    digest: str
    pause: str
    feedback: Callable[[int], Wishes]


@dataclass(frozen=True)
class Entry:
    """One paper in one reader's digest."""

    section: str
    facts: Facts
    why: Why
    wishes: Wishes
    full: Block

    def block(self, abstract_length: int) -> Block:
        if abstract_length == ABSTRACT_LENGTHS[0]:
            return self.full
        return entry_block(self.facts, self.why, self.wishes, abstract_length)


class Issue(NamedTuple):
    subject: str
    text: Body
    html: Body


def fill_digest(
    digest: Digest,
    items: Sequence[DigestItem],
    interests: Iterable[Interest],
    addresses: Addresses,
    announcements: Iterable[Announced] = (),
    *,
    names_interests: bool = True,
) -> Issue:
    """One issue; a quiet note where there are no items. The subject names interests only if told to."""
    entries = [entry for item in items if (entry := _entry(item, addresses))]
    if items and not entries:
        raise CannotRender("not one of this digest's papers can be rendered")
    context = _context(digest, interests, addresses) | {"announcements": [_announced(one) for one in announcements]}
    if not entries:
        context |= {"reason": clean(digest.reason_told) or _("No new paper matches your interests.")}
        text, html = fill_text("quiet.txt", context), fill_page("quiet.html", context)
        return Issue(fill_subject("quiet", context), Body.of(text), Body.of(html))
    context |= _headlines(digest, entries, names_interests=names_interests)
    return _fit(entries, context)


def _announced(one: Announced) -> dict[str, str]:
    return {"html": styled(one.html), "text": one.text}


def _entry(item: DigestItem, addresses: Addresses) -> Entry | None:
    """None for a paper whose row is broken: it alone is left out, and the log tells."""
    try:
        facts = facts_of(item.paper)
        why, wishes = _why(item), addresses.feedback(item.paper_id)
        return Entry(item.section, facts, why, wishes, entry_block(facts, why, wishes, ABSTRACT_LENGTHS[0]))
    except Exception:
        logger.exception("Paper %s is left out of digest %s", item.paper_id, item.digest_id)
        return None


def _why(item: DigestItem) -> Why:
    alike = item.alike
    title = _("“%s”") % shorten(clean(alike.title), MAX_ALIKE) if alike and not alike.is_hidden else ""
    return Why(tuple(map(_found, item.reasons)), title)


def _found(reason: Mapping[str, Any]) -> Found:
    interest = clean(reason["interest"])
    terms: dict[str, str] = {}
    for term in map(clean, reason["terms"]):
        terms.setdefault(_letters(term), term)
    asked = _letters(interest)
    # A plural tells nothing.
    words = [_unbroken(term) for letters, term in terms.items() if letters.removesuffix("s") not in asked]
    return Found(interest, ", ".join(_("“%s”") % term for term in words[:MAX_TERMS]))


def _unbroken(term: str) -> str:
    """Without TeX's braces where one of a pair was left behind, as in π_{0}."""
    return term if term.count("{") == term.count("}") else term.translate(_NO_BRACES)


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _fit(entries: Sequence[Entry], context: dict[str, Any]) -> Issue:
    """What no mail program clips: shorter abstracts first, then fewer papers."""
    shown = len(entries)
    frame = Frame(fill_page("digest.html", context | _listing(entries, shown)))
    for length in ABSTRACT_LENGTHS:
        blocks = [entry.block(length) for entry in entries]
        html = frame.join(_rooms(entries[:shown], [block.html for block in blocks]))
        if html.size <= MAX_HTML:
            break
    while html.size > MAX_HTML and shown > 1:
        shown = max(1, min(shown - 1, shown * MAX_HTML // html.size))
        frame = Frame(fill_page("digest.html", context | _listing(entries, shown)))
        html = frame.join(_rooms(entries[:shown], [block.html for block in blocks]))
    text = Frame(fill_text("digest.txt", context | _listing(entries, shown)))
    plain = text.join(_rooms(entries[:shown], [[*block.text, _BLANK] for block in blocks]))
    return Issue(fill_subject("digest", context), plain, html)


def _listing(entries: Sequence[Entry], shown: int) -> dict[str, Any]:
    """Sections with a room each, for the papers that `_rooms` puts there."""
    sections = enumerate(section for section, _entries in _sections(entries[:shown]))
    return {
        "left_out": len(entries) - shown,
        "sections": [{"heading": _section_heading(section, entries), "room": room(at)} for at, section in sections],
    }


def _rooms(entries: Sequence[Entry], blocks: Sequence[Sequence[Piece]]) -> list[Iterable[Piece]]:
    rest = iter(blocks)
    return [chain(*islice(rest, len(group))) for _section, group in _sections(entries)]


def _sections(entries: Sequence[Entry]) -> list[tuple[str, list[Entry]]]:
    return [(section, list(group)) for section, group in groupby(entries, key=lambda entry: entry.section)]


def _section_heading(section: str, entries: Sequence[Entry]) -> str:
    if section == Section.MATCHED:
        return _("For you")
    is_beside = any(entry.section == Section.MATCHED for entry in entries)
    return _("Trending beside your interests") if is_beside else _("Trending")


def _context(digest: Digest, interests: Iterable[Interest], addresses: Addresses) -> dict[str, Any]:
    wanted: list[str] = []
    muted: list[str] = []
    for interest in interests:
        (muted if interest.is_muted else wanted).append(clean(interest.text))
    return {
        "date": date_format(digest.edition, pgettext("format of a day with its weekday", "l, j F Y")),
        "day": date_format(digest.edition, pgettext("format of a day", "j F Y")),
        # Days of the year, so that an issue has the same number for every reader.
        "issue": digest.edition.timetuple().tm_yday,
        "notices": [clean(notice) for notice in digest.notices_told],
        "interests": wanted,
        "muted": muted,
        "addresses": addresses,
    }


def _unquoted(interest: str) -> str:
    """A phrase that stands in quotation marks as a whole, without them."""
    inner = interest.removeprefix('"').removesuffix('"')
    return inner if f'"{inner}"' == interest and '"' not in inner else interest


def _headlines(digest: Digest, entries: Sequence[Entry], *, names_interests: bool) -> dict[str, Any]:
    matched = sum(entry.section == Section.MATCHED for entry in entries)
    heading = heading_of(matched, len(entries) - matched)
    names = (_unquoted(found.interest) for entry in entries for found in entry.why.found)
    titles = "; ".join(title_of(entry.facts) for entry in entries[:3])
    return {
        "heading": heading,
        "summary": summary_of(digest, matched, len(entries) - matched),
        "topics": topics(names, MAX_SUBJECT - len(heading) - 2) if names_interests else "",
        "preheader": shorten(titles, MAX_PREHEADER),
    }
