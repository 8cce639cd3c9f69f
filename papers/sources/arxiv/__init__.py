"""arXiv: category feeds first, listing pages behind them; the query API only describes papers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

from papers.identifiers import is_category, parse_arxiv_id
from papers.sources.arxiv import calendar
from papers.sources.arxiv.atom import QueryPage, ShortPage, parse_query
from papers.sources.arxiv.listing import parse_listing
from papers.sources.arxiv.rss import parse_feed
from papers.sources.arxiv.wording import NEW
from papers.sources.base import Batch, FetchFailed, Get, NotModified, PaperRecord, SourceError, UnexpectedShape, both

SITE = "https://arxiv.org"
FEEDS = "https://rss.arxiv.org"
API = "https://export.arxiv.org"
CATEGORIES = ("cs.AI", "cs.CL", "cs.CV", "cs.LG", "cs.RO", "stat.ML")

_SHOW = 2000  # the most a listing page shows; any number but the few it offers is an error
_MAX_PAGES = 10
_ENRICH = 100  # ids a query: keeps the address below 4,000 characters
_SEARCH = 200
_MAX_RESULTS = 30_000  # arXiv answers no query beyond that
_TRIES = 3


class Arxiv:
    slug = "arxiv"
    name = "arXiv"
    grows = False

    def __init__(self, base_url: str = SITE, rss_url: str = FEEDS, api_url: str = API) -> None:
        self.base_url = base_url.rstrip("/")
        self.rss_url = rss_url.rstrip("/")
        self.api_url = api_url.rstrip("/")

    def expects(self, day: date) -> bool:
        """See `calendar.expects`."""
        return calendar.expects(day)

    def read(self, day: date, get: Get, *, categories: Sequence[str] = ()) -> Batch:
        """What was announced under the date of `day`, which is the US East's.

        1. One feed of all categories. It knows the newest day only: when that is before `day`, nothing is
           out yet and the batch is empty; when it is after, the day is looked up in the archive of lists.
        2. Without a sound feed, the listing page of each category. One that fails is named in the
           warnings and costs the others nothing.
        """
        wanted = tuple(dict.fromkeys(filter(is_category, categories or CATEGORIES)))
        if not wanted:
            raise FetchFailed(f"none of {', '.join(categories)[:200]} is an arXiv category")
        try:
            feed = parse_feed(get(f"{self.rss_url}/rss/{'+'.join(wanted)}"))
            if feed.day is None:
                raise UnexpectedShape("arxiv feed: it names no day")
        except SourceError as feed_error:
            try:
                return _each(wanted, lambda category: self._read_new(category, day, get))
            except SourceError as error:
                raise both(feed_error, error) from error
        if feed.day > day:
            return _each(wanted, lambda category: self._read_past(category, day, get))
        return feed if feed.day == day else _not_yet(feed)

    def enrich(self, ids: Iterable[str], get: Get) -> Batch:
        """Describe the papers of these ids; ids that arXiv does not know, or withholds, are left out."""
        wanted = list(dict.fromkeys(found for value in ids if (found := parse_arxiv_id(value))))
        pages = []
        for start in range(0, len(wanted), _ENRICH):
            chunk = wanted[start : start + _ENRICH]
            pages.append(self._query({"id_list": ",".join(chunk), "max_results": len(chunk)}, get).batch)
        merged = _merged(pages, route="query", announces=False)
        # The order is not the asked one, and nothing promises that only the asked ones come.
        return replace(merged, records=[record for record in merged.records if record.arxiv_id in set(wanted)])

    def search(self, since: date, until: date, get: Get, *, categories: Sequence[str] = ()) -> Batch:
        """Describe the papers first submitted from `since` to `until`, both included, in GMT.

        Not what was announced on those days: papers released from moderation keep their old date.
        """
        among = " OR ".join(f"cat:{category}" for category in filter(is_category, categories or CATEGORIES))
        query = f"({among}) AND submittedDate:[{since:%Y%m%d}0000 TO {until:%Y%m%d}2359]"
        pages: list[Batch] = []
        start = 0
        while start < _MAX_RESULTS:
            asked: dict[str, str | int] = {
                "search_query": query,
                "sortBy": "submittedDate",
                "start": start,
                "max_results": _SEARCH,
            }
            page = self._query(asked, get)
            pages.append(page.batch)
            if page.end <= start or page.end >= page.total:
                break
            start = page.end
        return _merged(pages, route="query", announces=False)

    def _query(self, asked: dict[str, str | int], get: Get) -> QueryPage:
        address = f"{self.api_url}/api/query?{urlencode(asked)}"
        for _ in range(_TRIES - 1):
            try:
                return parse_query(get(address))
            except ShortPage:  # seen for minutes at a time, with totals that are right
                continue
        return parse_query(get(address))

    def _read_new(self, category: str, day: date, get: Get) -> Batch:
        # Bare first: the page once lost its date wherever skip and show were given.
        address = f"{self.base_url}/list/{category}/new"
        batch = _paged(get, lambda seen, _: f"{address}?skip={seen}&show={_SHOW}" if seen else address)
        if batch.day is None:
            raise UnexpectedShape("arxiv list: the page names no day")
        if batch.day > day:
            return self._read_past(category, day, get)
        return batch if batch.day == day else _not_yet(batch)

    def _read_past(self, category: str, day: date, get: Get) -> Batch:
        """Ninety days back; beyond that the site answers with an error."""
        address = f"{self.base_url}/catchup/{category}/{day}?abs=True"
        batch = _paged(get, lambda _, page: f"{address}&page={page}")
        if batch.day not in (None, day):
            raise UnexpectedShape(f"arxiv list: asked for {day}, got {batch.day}")
        return replace(batch, day=day, route="catchup")


def _paged(get: Get, address: Callable[[int, int], str]) -> Batch:
    """Read on until all entries were seen; `address` gets how many were seen and the page's number."""
    batches: list[Batch] = []
    seen, previous = 0, b""
    for number in range(1, _MAX_PAGES + 1):
        body = get(address(seen, number))
        page = parse_listing(body)
        batches.append(page.batch)
        seen += page.shown
        if seen >= page.total:
            return _merged(batches, route="list")
        if page.shown == 0 or body == previous:
            break
        previous = body
    raise UnexpectedShape(f"arxiv list: {seen} entries on {len(batches)} pages, more were promised")


def _each(categories: Sequence[str], read: Callable[[str], Batch]) -> Batch:
    """Read category by category and join what came."""
    batches: list[Batch] = []
    failures: list[str] = []
    for category in categories:
        try:
            batches.append(read(category))
        except NotModified:
            continue
        except SourceError as error:
            failures.append(f"{category}: {error}")
    if batches:
        merged = _merged(batches, route=batches[0].route)
        return replace(merged, warnings=[*merged.warnings, *failures])
    if failures:
        raise FetchFailed("; ".join(failures))
    raise NotModified


def _not_yet(shown: Batch) -> Batch:
    """Nothing of the asked day: what the site still shows belongs to the day before and was read then."""
    return Batch(day=shown.day, route=shown.route, warnings=[f"{shown.route}: still of {shown.day}"])


def _merged(batches: Sequence[Batch], *, route: str, announces: bool = True) -> Batch:
    """Join batches in order, each paper once; new in one category outweighs crossed into another."""
    records: dict[str | None, PaperRecord] = {}
    for record in (record for batch in batches for record in batch.records):
        known = records.get(record.arxiv_id)
        if known is None or (record.section == NEW and known.section != NEW):
            records[record.arxiv_id] = record
    ranked = [record.model_copy(update={"rank": rank}) for rank, record in enumerate(records.values(), start=1)]
    return Batch(
        records=ranked if announces else list(records.values()),
        rejects=[reject for batch in batches for reject in batch.rejects],
        day=max((batch.day for batch in batches if batch.day), default=None),
        route=route,
        announces=announces,
        dropped=sum(batch.dropped for batch in batches),
        warnings=[warning for batch in batches for warning in batch.warnings],
    )
