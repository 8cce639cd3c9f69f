"""arXiv's query API: what papers are, by id or by a search. Pure: bytes in, records out.

It describes papers and announces none: its index lags a day behind the lists.
"""

# https://info.arxiv.org/help/api/user-manual.html

from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree

from papers.identifiers import parse_version
from papers.sources.arxiv.wording import accented, is_withdrawn
from papers.sources.base import Batch, PaperRecord, UnexpectedShape, parse_each
from papers.sources.documents import load_xml

WHERE = "arxiv api"

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_SEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


class ShortPage(UnexpectedShape):
    """Fewer entries than the page's own numbers promise: asking again often helps."""


@dataclass(frozen=True)
class QueryPage:
    """One page of results. `end`: where the next page starts; `total`: results of the whole query."""

    batch: Batch
    end: int
    total: int


def parse_query(body: bytes) -> QueryPage:
    """Read one page.

    Unknown and withheld ids are simply not there, and the order is not the asked one. Raises
    UnexpectedShape on the error that arXiv dresses up as a paper, ShortPage on a page that holds fewer
    entries than its own numbers promise.
    """
    root = load_xml(body, WHERE)
    if root.tag != f"{_ATOM}feed" or root.find(f"{_SEARCH}totalResults") is None:
        raise UnexpectedShape(f"{WHERE}: not the answer to a query")
    entries = root.findall(f"{_ATOM}entry")
    for entry in entries:
        _refuse_error(entry)
    total, start, size = (_number(root, name) for name in ("totalResults", "startIndex", "itemsPerPage"))
    promised = min(size, max(total - start, 0))
    if len(entries) < promised:
        raise ShortPage(f"{WHERE}: {len(entries)} entries, where {promised} of {total} were promised")
    records, rejects = parse_each(entries, lambda _, entry: _record(entry), _raw, WHERE)
    batch = Batch(records=records, rejects=rejects, route="query", announces=False)
    return QueryPage(batch=batch, end=start + len(entries), total=total)


def _number(root: etree._Element, name: str) -> int:
    text = root.findtext(f"{_SEARCH}{name}", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise UnexpectedShape(f"{WHERE}: {name} is {text[:40]!r}")
    return int(text)


def _refuse_error(entry: etree._Element) -> None:
    if "/api/errors" in entry.findtext(f"{_ATOM}id", ""):
        raise UnexpectedShape(f"{WHERE}: {entry.findtext(f'{_ATOM}summary', '').strip()[:200]}")


def _record(entry: etree._Element) -> PaperRecord:
    identity = entry.findtext(f"{_ATOM}id", "")
    abstract = entry.findtext(f"{_ATOM}summary", "")
    authors = tuple(accented(author.findtext(f"{_ATOM}name", "")) for author in entry.iter(f"{_ATOM}author"))
    return PaperRecord(
        arxiv_id=identity,
        version=parse_version(identity),
        title=accented(entry.findtext(f"{_ATOM}title", "")),
        abstract=accented(abstract),
        authors=authors,
        author_count=len(authors) or None,
        categories=_categories(entry),
        published_on=_day(entry.findtext(f"{_ATOM}published", "")),
        withdrawn=is_withdrawn(entry.findtext(f"{_ARXIV}comment", ""), abstract),
    )


def _categories(entry: etree._Element) -> tuple[str, ...]:
    """The primary one first. ACM and MSC classes stand among them; PaperRecord drops those."""
    primary = (element.get("term", "") for element in entry.iter(f"{_ARXIV}primary_category"))
    every = (element.get("term", "") for element in entry.iter(f"{_ATOM}category"))
    return (*primary, *every)


def _day(text: str) -> date | None:
    return datetime.fromisoformat(text.strip()).date() if text.strip() else None


def _raw(entry: etree._Element) -> str:
    return etree.tostring(entry, encoding="unicode")
