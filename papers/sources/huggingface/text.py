"""The Daily Papers page as a reader saved it: plain text. Pure: bytes in, records out.

A paper is a title line and an abstract line, and below them, where the page shows it, any of
`• 14 authors`, `google Google`, `·`, `Sep 3, 2024 2` (its date and the number of comments). There are no
arXiv ids, and nothing but the order of the lines says what a line is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from papers.sources.base import Batch, PaperRecord, UnexpectedShape, parse_each
from papers.sources.documents import decode

WHERE = "huggingface text"

# One of these lines stands above every listing.
_HEADING = re.compile(r"by ?AK and the research community|Get trending papers in your email inbox", re.IGNORECASE)
_NEWLINE = re.compile(r"\r\n|\r|\n")  # not splitlines(), which also cuts at U+2028 and form feeds
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_AUTHORS = re.compile(r"(?:[•·*]\s*)?(\d[\d,]{0,6}) authors?\Z")
_DATE = re.compile(rf"(?:·\s*)?({'|'.join(_MONTHS)}) (\d{{1,2}})(?:, (\d{{4}}))?(?:\s+(\d{{1,6}}))?\Z")
_NUMBER = re.compile(r"\d{1,6}\Z")
_SLUG = re.compile(r"[A-Za-z0-9][\w.-]*\Z")
_DOT = "·"
_LONG = 250  # Titles reached 175 characters and abstracts were never under 700 in 10,000 papers.


@dataclass
class _Entry:
    title: str
    abstract: str
    authors: int | None = None
    organisation: str = ""
    date: re.Match[str] | None = None
    comments: int | None = None


@dataclass
class _Block:
    """Lines of prose and the facts printed below them; they belong to the last paper of the prose."""

    prose: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)


def is_listing(text: str) -> bool:
    """Whether the text carries the page's own heading."""
    return any(_HEADING.search(line) for line in _lines(text)[:200])


def parse_text(body: bytes, *, saved_on: date | None = None) -> Batch:
    """Read a saved page.

    The site prints no year for dates of the running one. `saved_on`, the day the page was saved, gives
    it; without it such dates stay unknown, and so does the batch's day.
    """
    lines = _lines(decode(body))
    headings = [number for number, line in enumerate(lines[:200]) if _HEADING.search(line)]
    if not headings:
        raise UnexpectedShape(f"{WHERE}: no Daily Papers heading")
    heading, blocks = _split(list(_blocks(lines[headings[-1] + 1 :])))
    entries = [entry for block in blocks for entry in _entries(block)]
    if not entries:
        raise UnexpectedShape(f"{WHERE}: no papers below the heading")
    records, rejects = parse_each(
        entries, lambda rank, entry: _record(rank, entry, saved_on), lambda entry: entry.abstract, WHERE
    )
    dates = [match for fact in heading.facts if (match := _DATE.match(fact))]
    return Batch(records=records, rejects=rejects, day=_date(dates[0], saved_on) if dates else None, route="text")


def _lines(text: str) -> list[str]:
    return [stripped for line in _NEWLINE.split(text) if (stripped := line.strip())]


def _blocks(lines: list[str]) -> Iterator[_Block]:
    block = _Block()
    for line, following in zip(lines, [*lines[1:], ""], strict=False):
        if _is_fact(line, following, after_fact=bool(block.facts)):
            block.facts.append(line)
            continue
        if block.facts:
            yield block
            block = _Block()
        block.prose.append(line)
    yield block


def _split(blocks: list[_Block]) -> tuple[_Block, list[_Block]]:
    """Part the page's own date, and any navigation above it, from the papers."""
    first = blocks[0]
    is_heading = bool(first.facts) and _DOT not in first.facts and all(len(line) < _LONG for line in first.prose)
    return (first, blocks[1:]) if is_heading else (_Block(), blocks)


def _is_fact(line: str, following: str, *, after_fact: bool) -> bool:
    if line == _DOT or _AUTHORS.match(line) or _DATE.match(line):
        return True
    if _NUMBER.match(line):
        return after_fact
    # Nothing in the words tells an organisation from a title, but only facts are followed by the dot.
    return len(line) < _LONG and following.startswith(_DOT)


def _entries(block: _Block) -> Iterator[_Entry]:
    """Pair titles with abstracts; short lines that lead to neither are the page's navigation."""
    pairs = list(_pairs(block.prose, closed=bool(block.facts)))
    for number, (title, abstract) in enumerate(pairs, start=1):
        entry = _Entry(title, abstract)
        if number == len(pairs):
            _add_facts(entry, block.facts)
        yield entry


def _pairs(prose: list[str], *, closed: bool) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(prose):
        line, following = prose[at], prose[at + 1] if at + 1 < len(prose) else ""
        if len(line) >= _LONG:
            yield "", line  # its title is missing: `_record` refuses it by name
            at += 1
        elif len(following) >= _LONG or (closed and at >= len(prose) - 2):
            yield line, following
            at += 2
        else:
            at += 1


def _add_facts(entry: _Entry, facts: list[str]) -> None:
    for fact in facts:
        if authors := _AUTHORS.match(fact):
            entry.authors = int(authors[1].replace(",", ""))
        elif found := _DATE.match(fact):
            entry.date = found
            entry.comments = int(found[4]) if found[4] else None
        elif _NUMBER.match(fact):
            entry.comments = int(fact)
        elif fact != _DOT:
            entry.organisation = fact.lstrip("•* ")


def _record(rank: int, entry: _Entry, saved_on: date | None) -> PaperRecord:
    if not entry.title:
        raise ValueError("an abstract without a title line above it")
    slug, _, name = entry.organisation.partition(" ")
    if not name or not _SLUG.match(slug):
        slug, name = "", entry.organisation
    return PaperRecord(
        title=entry.title,
        abstract=entry.abstract,
        author_count=entry.authors,
        organisation=slug,
        organisation_name=name,
        published_on=_date(entry.date, saved_on),
        rank=rank,
        comments=entry.comments,
    )


def _date(match: re.Match[str] | None, saved_on: date | None) -> date | None:
    year = int(match[3]) if match and match[3] else saved_on.year if saved_on else None
    if match is None or year is None:
        return None
    try:
        return date(year, _MONTHS.index(match[1]) + 1, int(match[2]))
    except ValueError:  # February 30
        return None
