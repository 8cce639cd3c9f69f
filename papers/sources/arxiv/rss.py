"""arXiv's category feeds, RSS 2.0 and Atom: what was announced on one day. Pure: bytes in, records out."""

# https://info.arxiv.org/help/rss_specifications.html

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime

from lxml import etree

from papers.identifiers import parse_version
from papers.sources.arxiv.calendar import EASTERN
from papers.sources.arxiv.wording import REPLACEMENT, SECTIONS, accented, is_withdrawn, split_authors
from papers.sources.base import Batch, PaperRecord, UnexpectedShape, parse_each
from papers.sources.documents import load_xml

WHERE = "arxiv feed"

_ATOM = "{http://www.w3.org/2005/Atom}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_LIMIT = 2000  # items in one feed; a longer announcement is cut without a word
_PREFIX = re.compile(r"\s*arXiv:\S+\s+Announce Type:\s*(\S+)\s+(?:Abstract:\s*)?")


@dataclass(frozen=True)
class _Dialect:
    """Where one of the two formats keeps what both say."""

    route: str
    item: str
    identity: str
    abstract: str
    category: str
    title: str
    announced: str
    built: str


_RSS = _Dialect("rss", "item", "guid", "description", "category", "title", announced="pubDate", built="lastBuildDate")
_FEED = _Dialect(
    "atom feed",
    f"{_ATOM}entry",
    f"{_ATOM}id",
    f"{_ATOM}summary",
    f"{_ATOM}category",
    f"{_ATOM}title",
    announced=f"{_ATOM}published",
    built=f"{_ATOM}updated",  # of an entry it is the time of the build too, not the paper's date
)


def parse_feed(body: bytes) -> Batch:
    """Read a whole feed; no items at all is an answer too, every weekend gives it.

    New papers and cross-lists are kept, replacements only counted. Raises UnexpectedShape on a feed cut
    in transit, on arXiv's own error feed, and on one that has reached the limit of its length.
    """
    dialect, channel = _channel(load_xml(body, WHERE))
    title = channel.findtext(dialect.title, "")
    if title.startswith("Feed error"):
        raise UnexpectedShape(f"{WHERE}: {title}")
    if "arxiv.org" not in title.lower():
        raise UnexpectedShape(f"{WHERE}: {title[:100]!r} is not a feed of arXiv")
    items = channel.findall(dialect.item)
    if len(items) >= _LIMIT:
        raise UnexpectedShape(f"{WHERE}: {len(items)} items, where the feed is cut")
    kept = [item for item in items if _section(item, dialect) != REPLACEMENT]
    records, rejects = parse_each(kept, lambda rank, item: _record(rank, item, dialect), _raw, WHERE)
    return Batch(
        records=records,
        rejects=rejects,
        day=_newest([*items, channel], dialect.announced) or _newest([channel], dialect.built),
        route=dialect.route,
        dropped=len(items) - len(kept),
    )


def _channel(root: etree._Element) -> tuple[_Dialect, etree._Element]:
    if root.tag == f"{_ATOM}feed":
        return _FEED, root
    channel = root.find("channel") if root.tag == "rss" else None
    if channel is None:
        raise UnexpectedShape(f"{WHERE}: neither RSS nor Atom: {str(root.tag)[:100]}")
    return _RSS, channel


def _section(item: etree._Element, dialect: _Dialect) -> str | None:
    """The announce type in our words: from its element, else from the abstract's first line."""
    kind = item.findtext(f"{_ARXIV}announce_type", "").strip()
    if not kind and (match := _PREFIX.match(item.findtext(dialect.abstract, ""))):
        kind = match[1]
    return SECTIONS.get(kind)


def _record(rank: int, item: etree._Element, dialect: _Dialect) -> PaperRecord:
    section = _section(item, dialect)
    if section is None:
        raise ValueError("no announce type, or one we do not know")
    identity = item.findtext(dialect.identity, "")
    abstract = _PREFIX.sub("", item.findtext(dialect.abstract, ""), count=1)
    authors = split_authors(item.findtext(f"{_DC}creator", ""))
    return PaperRecord(
        arxiv_id=identity,
        version=parse_version(identity),
        title=accented(item.findtext(dialect.title, "")),
        abstract=accented(abstract),
        authors=authors,
        author_count=len(authors) or None,
        categories=tuple(category.get("term") or category.text or "" for category in item.iter(dialect.category)),
        rank=rank,
        section=section,
        withdrawn=is_withdrawn(abstract),
    )


def _newest(elements: Iterable[etree._Element], name: str) -> date | None:
    """The latest day the elements name, as the US East counts days."""
    return max((day for element in elements if (day := _day(element.findtext(name, "").strip()))), default=None)


def _day(text: str) -> date | None:
    """Read RFC 822 (RSS) or RFC 3339 (Atom); None for anything else and for a time without zone."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
            return moment.astimezone(EASTERN).date() if moment.tzinfo else None
        except (ValueError, OverflowError):
            continue
    return None


def _raw(item: etree._Element) -> str:
    return etree.tostring(item, encoding="unicode")
