"""A digest's subject, text and HTML from its rows. No database, no tokens: links are handed in."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from papers.text import clean
from subscriptions.blocks import Facts, facts_of, paper_block
from subscriptions.digest_links import Wishes
from subscriptions.message import MAX_SUBJECT, encoded_size
from subscriptions.models import Digest, DigestItem, Interest
from subscriptions.parts import fill, fill_page, fill_subject, fill_text
from subscriptions.wording import count_of, shorten, topics

logger = logging.getLogger(__name__)

Section = DigestItem.Section

# Gmail hides what follows about 102 kB of a part, encoded, and the link to leave stands last (STANDARDS M23, M33).
MAX_HTML = 90_000
ABSTRACT_LENGTHS = (600, 280, 120)
MAX_TERMS = 3
MAX_PREHEADER = 110
HEADINGS: dict[str, str] = {Section.MATCHED: "For you", Section.TRENDING: "Trending"}


class CannotRender(Exception):
    """A row lacks what its mail needs; the sentence is for the operator and names no address."""


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where a digest's personal links lead."""

    preferences: str
    unsubscribe: str
    digest: str
    pause: str
    feedback: Callable[[int], Wishes]


@dataclass(frozen=True)
class Found:
    """An interest that found a paper; `words`, where what stands in the paper differs from it."""

    interest: str
    words: str


@dataclass(frozen=True)
class Entry:
    """One paper in one reader's digest."""

    section: str
    title: str
    found: tuple[Found, ...]
    facts: Facts
    feedback: Wishes


def fill_digest(
    digest: Digest, items: Sequence[DigestItem], interests: Iterable[Interest], addresses: Addresses
) -> dict[str, str]:
    """`subject`, `text` and `html` of one issue; of a quiet note where there are no items."""
    entries = [entry for item in items if (entry := _entry(item, addresses))]
    if items and not entries:
        raise CannotRender("not one of this digest's papers can be rendered")
    context = _context(digest, entries, interests, addresses)
    if not entries:
        return fill("quiet", context)
    html, context = _fit(entries, context)
    return {"subject": fill_subject("digest", context), "text": fill_text("digest.txt", context), "html": html}


def _entry(item: DigestItem, addresses: Addresses) -> Entry | None:
    """None for a paper whose row is broken: it alone is left out, and the log tells."""
    try:
        facts = facts_of(item.paper)
        block = paper_block(facts, ABSTRACT_LENGTHS[0])
        found = tuple(map(_found, item.reasons))
        return Entry(item.section, block.title, found, facts, addresses.feedback(item.paper_id))
    except Exception:
        logger.exception("Paper %s is left out of digest %s", item.paper_id, item.digest_id)
        return None


def _found(reason: Mapping[str, Any]) -> Found:
    interest = clean(reason["interest"])
    terms: dict[str, str] = {}
    for term in map(clean, reason["terms"]):
        terms.setdefault(_letters(term), term)
    words = [term for letters, term in terms.items() if letters not in _letters(interest)]
    return Found(interest, ", ".join(f"“{term}”" for term in words[:MAX_TERMS]))


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _fit(entries: Sequence[Entry], context: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """HTML that no mail program clips, and its context: shorter abstracts first, then fewer papers."""
    shown = len(entries)
    for length in ABSTRACT_LENGTHS:
        context = context | _listing(entries, shown, length)
        html = fill_page("digest.html", context)
        if encoded_size(html) <= MAX_HTML:
            return html, context
    while (size := encoded_size(html)) > MAX_HTML and shown > 1:
        shown = max(1, min(shown - 1, shown * MAX_HTML // size))
        context = context | _listing(entries, shown, ABSTRACT_LENGTHS[-1])
        html = fill_page("digest.html", context)
    return html, context


def _listing(entries: Sequence[Entry], shown: int, abstract_length: int) -> dict[str, Any]:
    sections = groupby(entries[:shown], key=lambda entry: entry.section)
    return {
        "left_out": len(entries) - shown,
        "sections": [
            {
                "heading": HEADINGS[section],
                "entries": [
                    {
                        "block": paper_block(entry.facts, abstract_length),
                        "found": entry.found,
                        "feedback": entry.feedback,
                    }
                    for entry in group
                ],
            }
            for section, group in sections
        ],
    }


def _context(
    digest: Digest, entries: Sequence[Entry], interests: Iterable[Interest], addresses: Addresses
) -> dict[str, Any]:
    wanted: list[str] = []
    muted: list[str] = []
    for interest in interests:
        (muted if interest.is_muted else wanted).append(clean(interest.text))
    names = (found.interest for entry in entries for found in entry.found)
    return {
        "edition": digest.edition,
        "reason": clean(digest.reason),
        "notices": [clean(notice) for notice in digest.notices],
        "heading": _heading(entries),
        "summary": _summary(digest, entries),
        "topics": topics(names, MAX_SUBJECT - len(_heading(entries)) - 2),
        "preheader": shorten("; ".join(entry.title for entry in entries[:3]), MAX_PREHEADER),
        "interests": wanted,
        "muted": muted,
        "addresses": addresses,
    }


def _heading(entries: Sequence[Entry]) -> str:
    is_trending = all(entry.section == Section.TRENDING for entry in entries)
    return count_of(len(entries), "trending paper" if is_trending else "new paper")


def _summary(digest: Digest, entries: Sequence[Entry]) -> str:
    """The numbers in a sentence."""
    new = count_of(digest.considered, "new paper")
    shown = sum(entry.section == Section.MATCHED for entry in entries)
    trending = len(entries) - shown
    if not shown:
        return f"The most voted of {new}."
    verb = "matches" if digest.matched == 1 else "match"
    text = f"{digest.matched:,} of {new} {verb} your interests"
    if digest.matched > shown:
        text += "; here is the best one" if shown == 1 else f"; here are the best {shown}"
    return text + (f"; {trending} more {'is' if trending == 1 else 'are'} trending." if trending else ".")
