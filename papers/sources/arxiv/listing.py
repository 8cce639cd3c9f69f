"""arXiv's listing pages: /list/<category>/new, /recent and /catchup. Pure: bytes in, records out.

Each section's heading says how many entries stand below it: the one format in which a page we misread
and a quiet day cannot be confused. So headings and entries are read in the order of the page, wherever
they are nested, and counted against each other.
"""

# https://github.com/arXiv/arxiv-browse/tree/develop/browse/templates/list

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from bs4 import BeautifulSoup, Tag
from bs4.element import PreformattedString  # comments and the like

from papers.identifiers import parse_version
from papers.sources.arxiv.wording import CROSS, NEW, REPLACEMENT, accented, is_withdrawn, split_authors
from papers.sources.base import Batch, PaperRecord, UnexpectedShape, parse_each
from papers.sources.documents import load_html
from papers.text import clean

WHERE = "arxiv list"

_SECTION = re.compile(r"(new|cross|replacement) submissions", re.IGNORECASE)
# "(showing 6 of 6 entries )", "(showing first 50 of 53 entries)", "(continued, showing last 3 of 53 entries)"
_COUNT = re.compile(r"\((?:continued,\s*)?showing\s+(?:(?:first|last|next)\s+)?([\d,]+)\s+of\s+([\d,]+)\s+entries\s*\)")
_DAY = re.compile(r"\b(\d{1,2}) ([A-Z][a-z]{2})[a-z]* (\d{4})\b")
_PAGE_DAY = re.compile(r"(?:Showing new listings for|Catchup results for .* on)\b")
_RECENT_DAY = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} ")
_TOTAL = re.compile(r"Total of ([\d,]+) entries")
_NOTHING = re.compile(r"No updates (?:today|for)\b")
_CATEGORY = re.compile(r"\(([a-z-]+(?:\.[A-Za-z-]+)?)\)")  # quant-ph has no dot


@dataclass
class _Section:
    """One heading and what stands below it."""

    kind: str
    day: date | None
    heading: str
    entries: list[tuple[Tag, Tag | None]] = field(default_factory=list)

    @property
    def counts(self) -> tuple[int, int]:
        """Entries the heading says are shown, and those there are in all; 0, 0 where it counts nothing."""
        match = _COUNT.search(self.heading)
        return (_integer(match[1]), _integer(match[2])) if match else (0, 0)


@dataclass(frozen=True)
class ListingPage:
    """One page: `shown` entries of `total`, replacements included; fewer when there are further pages."""

    batch: Batch
    shown: int
    total: int


def parse_listing(body: bytes) -> ListingPage:
    """Read one page; new papers and cross-lists are kept, replacements only counted.

    The batch's day is the one of the page's heading. A /recent page shows several days: its batch then
    has none and announces nothing. Raises UnexpectedShape when an entry is missing or there is no list.
    """
    page = load_html(body, WHERE)
    sections = list(_sections(page))
    if not sections and not _NOTHING.search(page.get_text(" ")):
        raise UnexpectedShape(f"{WHERE}: no sections and no word that there are none")
    for section in sections:
        _check_count(section)
    entries = [(section, dt, dd) for section in sections for dt, dd in section.entries]
    kept = [entry for entry in entries if _kind(entry) != REPLACEMENT]
    records, rejects = parse_each(kept, _record, lambda entry: f"{entry[1]}{entry[2] or ''}", WHERE)
    days = {section.day for section in sections} or {_page_day(page)}
    batch = Batch(
        records=records,
        rejects=rejects,
        day=next(iter(days)) if len(days) == 1 else None,
        route="list",
        announces=len(days) == 1,
        dropped=len(entries) - len(kept),
    )
    return ListingPage(batch=batch, shown=len(entries), total=_total(page, sections))


def _sections(page: BeautifulSoup) -> Iterator[_Section]:
    """Walk headings and entries in page order: each section is a <dl> of its own, with its <h3> inside."""
    day = _page_day(page)
    section: _Section | None = None
    for tag in page.find_all(["h3", "dt", "dd"]):
        if tag.name == "h3":
            opened = _opened(clean(tag.get_text(" ")), day)
            if opened is not None:
                if section is not None:
                    yield section
                section = opened
        elif section is None:
            raise UnexpectedShape(f"{WHERE}: entries before any section")
        elif tag.name == "dt":
            section.entries.append((tag, None))
        elif section.entries and section.entries[-1][1] is None:
            section.entries[-1] = (section.entries[-1][0], tag)
    if section is not None:
        yield section


def _opened(heading: str, day: date | None) -> _Section | None:
    if match := _SECTION.match(heading):
        return _Section({"new": NEW, "cross": CROSS}.get(match[1].lower(), REPLACEMENT), day, heading)
    if _RECENT_DAY.match(heading):
        return _Section(NEW, _day(heading), heading)
    return None


def _page_day(page: BeautifulSoup) -> date | None:
    for tag in page.find_all(["h1", "h2", "h3"]):
        heading = clean(tag.get_text(" "))
        if _PAGE_DAY.match(heading):
            return _day(heading)
    return None


def _day(text: str) -> date | None:
    match = _DAY.search(text)
    try:
        return datetime.strptime(" ".join(match.groups()), "%d %b %Y").date() if match else None  # noqa: DTZ007 -- a date
    except ValueError:
        return None


def _check_count(section: _Section) -> None:
    shown, _ = section.counts
    if len(section.entries) != shown:
        raise UnexpectedShape(f"{WHERE}: {len(section.entries)} entries below {section.heading[:120]!r}")
    if any(dd is None for _, dd in section.entries):
        raise UnexpectedShape(f"{WHERE}: an entry without its description below {section.heading[:120]!r}")


def _kind(entry: tuple[_Section, Tag, Tag | None]) -> str:
    """What the entry says of itself, else what its section says: /recent has no sections by kind."""
    section, dt, _ = entry
    note = clean(dt.get_text(" "))
    if "(replaced" in note:
        return REPLACEMENT
    return CROSS if "(cross-list" in note else section.kind


def _record(rank: int, entry: tuple[_Section, Tag, Tag | None]) -> PaperRecord:
    _, dt, dd = entry
    # From the <dt> only: abstracts and comments name other papers.
    link = dt.select_one('a[href*="/abs/"]')
    if link is None or dd is None:
        raise ValueError("no link to the abstract")
    abstract = _field(dd, "p.mathjax")
    authors = _authors(dd)
    return PaperRecord(
        arxiv_id=str(link["href"]).partition("/abs/")[2],
        version=_version(dt),
        title=_field(dd, ".list-title"),
        abstract=abstract,
        authors=authors,
        author_count=len(authors) or None,
        categories=tuple(_CATEGORY.findall(_field(dd, ".list-subjects"))),
        rank=rank,
        section=_kind(entry),
        withdrawn=is_withdrawn(_field(dd, ".list-comments"), abstract),
    )


def _field(dd: Tag, selector: str) -> str:
    """One field's text: without its descriptor, and with the addresses arXiv prints as "this https URL"."""
    found = dd.select_one(selector)
    if found is None:
        return ""
    words = []
    for piece in found.find_all(string=True):
        parent = piece.parent
        if parent is None or isinstance(piece, PreformattedString) or "descriptor" in (parent.get("class") or ()):
            continue
        shortened = parent.name == "a" and re.fullmatch(r"\s*this https? URL\s*", piece)
        words.append(str(parent.get("href", "")) if shortened else str(piece))
    return accented(clean("".join(words)))


def _authors(dd: Tag) -> tuple[str, ...]:
    links = tuple(accented(link.get_text()) for link in dd.select(".list-authors a"))
    return links or split_authors(_field(dd, ".list-authors"))


def _version(dt: Tag) -> int | None:
    """Only the link to the HTML rendering bears a version, and not every paper has one."""
    link = dt.select_one('a[href*="/html/"]')
    return parse_version(str(link["href"])) if link else None


def _total(page: BeautifulSoup, sections: list[_Section]) -> int:
    match = _TOTAL.search(page.get_text(" "))
    return _integer(match[1]) if match else sum(section.counts[1] for section in sections)


def _integer(digits: str) -> int:
    return int(digits.replace(",", "")[:9])
