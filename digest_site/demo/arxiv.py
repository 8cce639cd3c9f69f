"""The sample papers as arXiv shows them: the RSS feed of categories and the query API's Atom. Invented content only."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from lxml import etree

from digest_site.demo.samples import Sample
from papers.identifiers import parse_arxiv_id

_ATOM = "http://www.w3.org/2005/Atom"
_ARXIV = "http://arxiv.org/schemas/atom"
_DC = "http://purl.org/dc/elements/1.1/"
_OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
# The announcement's day begins in Ithaca, New York.
_ITHACA = ZoneInfo("America/New_York")
_LICENCE = "http://creativecommons.org/publicdomain/zero/1.0/"


def rss(samples: Sequence[Sample], categories: Sequence[str], day: date) -> bytes:
    """/rss/<cat>+<cat>: what was announced on `day` in any of the categories, replacements included."""
    root = etree.Element("rss", nsmap={"arxiv": _ARXIV, "dc": _DC, "atom": _ATOM}, version="2.0")
    channel = etree.SubElement(root, "channel")
    announced = _rfc822(day)
    title = f"{', '.join(categories)} updates on arXiv.org"
    _add(channel, "title", title)
    _add(channel, "link", f"http://rss.arxiv.org/rss/{'+'.join(categories)}")
    _add(channel, "description", f"{title}: invented samples")
    _add(channel, "language", "en-us")
    _add(channel, "lastBuildDate", announced)
    _add(channel, "pubDate", announced)
    skip = etree.SubElement(channel, "skipDays")
    for name in ("Sunday", "Saturday"):
        _add(skip, "day", name)
    for sample in samples:
        if sample.arxiv and set(categories) & _with_archives(sample.categories):
            _add_item(channel, sample, announced)
    return _bytes(root)


def rss_error(query: str) -> bytes:
    """What the feed says about a category that does not exist, with status 400."""
    root = etree.Element("rss", version="2.0")
    channel = etree.SubElement(root, "channel")
    _add(channel, "title", f"Feed error for query: {query}")
    _add(channel, "link", "http://rss.arxiv.org/")
    _add(channel, "description", "Invalid archive or category.")
    return _bytes(root)


def atom(samples: Sequence[Sample], id_list: str, days: Mapping[int, date]) -> bytes:
    """/api/query?id_list=…: the papers with these ids, in our order, unknown ids left out."""
    wanted = {parse_arxiv_id(value) for value in id_list.split(",")}
    found = [sample for sample in samples if sample.id in wanted]
    root = _feed(f"arXiv Query: search_query=&id_list={id_list}&start=0&max_results={len(wanted)}", len(found))
    for sample in found:
        published = days[sample.day] - timedelta(days=sample.published)
        _add_entry(root, sample, datetime.combine(published, time(17, 30), UTC))
    return _bytes(root)


def atom_error(value: str) -> bytes:
    """What the API says about a malformed id, with status 400: a feed with one entry called Error."""
    root = _feed("arXiv Search Results", 1)
    entry = etree.SubElement(root, f"{{{_ATOM}}}entry")
    _add_all(
        entry,
        _ATOM,
        [
            ("id", f"https://arxiv.org/api/errors#incorrect_id_format_for_{value}"),
            ("title", "Error"),
            ("summary", f"incorrect id format for {value}"),
        ],
    )
    _add(etree.SubElement(entry, f"{{{_ATOM}}}author"), f"{{{_ATOM}}}name", "arXiv api core")
    return _bytes(root)


def _add_item(channel: etree._Element, sample: Sample, announced: str) -> None:
    name = f"{sample.id}v{sample.version}"
    abstract = " ".join(sample.summary.split())
    item = etree.SubElement(channel, "item")
    _add(item, "title", sample.one_line_title)
    _add(item, "link", f"https://arxiv.org/abs/{sample.id}")
    # The blank before the line break is the real feed's own.
    _add(item, "description", f"arXiv:{name} Announce Type: {sample.arxiv} \nAbstract: {abstract}")
    _add(item, "guid", f"oai:arXiv.org:{name}").set("isPermaLink", "false")
    for category in sample.categories:
        _add(item, "category", category)
    _add(item, "pubDate", announced)
    _add(item, f"{{{_ARXIV}}}announce_type", sample.arxiv)
    _add(item, f"{{{_DC}}}rights", _LICENCE)
    _add(item, f"{{{_DC}}}creator", ", ".join(sample.authors))


def _feed(title: str, total: int) -> etree._Element:
    prefixes = {"opensearch": _OPENSEARCH, "arxiv": _ARXIV, None: _ATOM}
    root = etree.Element(f"{{{_ATOM}}}feed", nsmap=prefixes)  # type: ignore[arg-type]  # the stubs know no default
    _add_all(root, _ATOM, [("id", "https://arxiv.org/api/sample"), ("title", title)])
    counts = [("itemsPerPage", str(total)), ("totalResults", str(total)), ("startIndex", "0")]
    _add_all(root, _OPENSEARCH, counts)
    return root


def _add_entry(root: etree._Element, sample: Sample, published: datetime) -> None:
    address = f"arxiv.org/abs/{sample.id}v{sample.version}"
    stamp = f"{published:%Y-%m-%dT%H:%M:%SZ}"
    entry = etree.SubElement(root, f"{{{_ATOM}}}entry")
    texts = [("id", f"http://{address}"), ("title", sample.title), ("updated", stamp)]
    _add_all(entry, _ATOM, [*texts, ("summary", f"  {sample.summary}\n"), ("published", stamp)])
    etree.SubElement(entry, f"{{{_ATOM}}}link", href=f"https://{address}", rel="alternate", type="text/html")
    for category in sample.categories:
        etree.SubElement(entry, f"{{{_ATOM}}}category", term=category, scheme=_ARXIV)
    etree.SubElement(entry, f"{{{_ARXIV}}}primary_category", term=sample.categories[0])
    for author in sample.authors:
        _add(etree.SubElement(entry, f"{{{_ATOM}}}author"), f"{{{_ATOM}}}name", author)


def _with_archives(categories: Iterable[str]) -> set[str]:
    """`cs.LG` is asked for by its own name or as part of all of `cs`."""
    return {name for category in categories for name in (category, category.partition(".")[0])}


def _rfc822(day: date) -> str:
    return format_datetime(datetime.combine(day, time(), _ITHACA))


def _add_all(parent: etree._Element, namespace: str, pairs: Iterable[tuple[str, str]]) -> None:
    for tag, text in pairs:
        _add(parent, f"{{{namespace}}}{tag}", text)


def _add(parent: etree._Element, tag: str, text: str) -> etree._Element:
    child = etree.SubElement(parent, tag)
    child.text = text
    return child


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
