"""What the API answers. Every query is bounded, whatever is asked for."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router
from ninja.errors import HttpError

from papers.api.questions import DailyPapers, PaperId, Search
from papers.api.shapes import Failure, FullPaper, Item, full_paper, item
from papers.identifiers import parse_arxiv_id
from papers.models import Paper
from papers.models.paper import PaperQuerySet
from papers.periods import Period
from papers.search import parse
from papers.search.stored import search_stored
from papers.sharing import last_change, stamp
from papers.trending import trending

_ORDERS = {
    "publishedAt": ("-featured_on", "-votes", "-pk"),
    "trending": ("-votes", "-comments", "-pk"),
}

router = Router(by_alias=True, exclude_none=True)


@router.get("daily_papers", response={200: list[Item], 400: Failure}, operation_id="daily_papers")
def daily_papers(request: HttpRequest, response: HttpResponse, asked: Query[DailyPapers]) -> list[Item]:
    """List the papers of a day, week or month; without any of them the newest ones.

    Sorted by publishedAt, those listed last come first, and of one day those with the most votes. Sorted by
    trending, those with the most votes come first; without a period, those that are talked about now.
    """
    now = timezone.now()
    start, end = asked.p * asked.limit, (asked.p + 1) * asked.limit
    period = asked.period
    if asked.sort == "trending" and period is None:
        found = trending(now.date(), end)[start:]
    else:
        found = _listed(period, now.date()).order_by(*_ORDERS[asked.sort]).part(start, end)
    stamp(response, last_change(now))
    return [item(paper) for paper in found]


@router.get("papers/search", response={200: list[Item], 400: Failure}, operation_id="search")
def search_papers(request: HttpRequest, response: HttpResponse, asked: Query[Search]) -> list[Item]:
    """Find papers by an interest, the best first. The language is that of the search box and of subscriptions."""
    found = search_stored(parse(asked.q)).ranked(asked.p * asked.limit, (asked.p + 1) * asked.limit)
    stamp(response, last_change(timezone.now()))
    return [item(ranked.paper) for ranked in found]


# Last: its pattern takes whatever follows.
@router.get("papers/{path:paper_id}", response={200: FullPaper, 404: Failure}, operation_id="paper")
def paper(request: HttpRequest, response: HttpResponse, paper_id: PaperId) -> FullPaper:
    """Show one paper, under its arXiv id in any spelling."""
    found = find(paper_id)
    if found is None:
        raise HttpError(404, f"No paper is known here as “{paper_id[:40]}”; write its arXiv id, such as 2608.00001.")
    stamp(response, found.updated_at)
    return full_paper(found)


def _listed(period: Period | None, today: date) -> PaperQuerySet:
    papers = Paper.objects.visible()
    return papers.listed_between(period.first, period.last) if period else papers.filter(featured_on__lte=today)


def find(name: str) -> Paper | None:
    """The visible paper under an arXiv id in any spelling, or under `entry/7` where it has none."""
    papers = Paper.objects.visible()
    number = name.removeprefix("entry/")
    if number != name:
        return papers.filter(pk=int(number)).first() if number.isascii() and number.isdigit() else None
    arxiv_id = parse_arxiv_id(name)
    return papers.filter(arxiv_id=arxiv_id).first() if arxiv_id else None
