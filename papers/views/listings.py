"""The papers of a day, a week or a month, and what is trending."""

from django.core.paginator import Page as NumberedPage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from papers import browsing
from papers.browsing import DAY, MONTH, WEEK, Page
from papers.models import Paper
from papers.periods import BadPeriod
from papers.text import clean
from papers.trending import trending as trending_papers
from papers.views.answers import PAGE_SIZE, missing, page_of

_MAX_DAY = 40


@require_safe
def latest(request: HttpRequest) -> HttpResponse:
    """The newest day that has papers."""
    newest = browsing.newest()
    if newest is None:
        return render(request, "papers/none.html")
    return _page(request, Page.holding(DAY, newest))


@require_safe
def day(request: HttpRequest, day: str) -> HttpResponse:
    """The papers any source listed on a day, written YYYY-MM-DD."""
    return _asked(request, DAY, day)


@require_safe
def week(request: HttpRequest, week: str) -> HttpResponse:
    """The papers of an ISO week, written YYYY-Www."""
    return _asked(request, WEEK, week)


@require_safe
def month(request: HttpRequest, month: str) -> HttpResponse:
    """The papers of a month, written YYYY-MM."""
    return _asked(request, MONTH, month)


@require_safe
def jump(request: HttpRequest) -> HttpResponse:
    """Where the calendar's date field leads: to that day, or to the nearest one that has papers."""
    typed = clean(request.GET.get("day", ""), _MAX_DAY)
    try:
        found = browsing.nearest(browsing.PARSERS[DAY](typed).first) if typed else None
    except BadPeriod as error:
        return missing(request, str(error))
    return redirect("papers:day", found.isoformat()) if found else redirect("papers:latest")


@require_safe
def trending(request: HttpRequest) -> HttpResponse:
    """What is talked about these days."""
    today = timezone.now().date()
    return render(request, "papers/trending.html", {"papers": trending_papers(today, PAGE_SIZE), "today": today})


def _asked(request: HttpRequest, kind: str, name: str) -> HttpResponse:
    try:
        return _page(request, Page(kind, browsing.PARSERS[kind](clean(name))))
    except BadPeriod as error:
        return missing(request, str(error))


def _page(request: HttpRequest, shown: Page) -> HttpResponse:
    listed = Paper.objects.visible().listed_between(shown.period.first, shown.period.last)
    # Keys first: sorting a month of whole papers would carry their abstracts along.
    page = page_of(request, listed.order_by("-is_pinned", "-votes", "pk").values_list("pk", flat=True))
    if not page.paginator.count:
        return _empty(request, shown)
    today = timezone.now().date()
    context = {
        "shown": shown,
        "papers": _whole(page),
        "page": page,
        "today": today,
        "earlier": browsing.earlier(shown),
        "later": browsing.later(shown),
        "month": browsing.month_of(shown),
        "kinds": [Page.holding(kind, browsing.newest(shown.period) or shown.day) for kind in (DAY, WEEK, MONTH)],
    }
    return render(request, "papers/listing.html", context)


def _whole(page: "NumberedPage[int]") -> list[Paper]:
    papers = Paper.objects.in_bulk(list(page))
    return [papers[key] for key in page if key in papers]


def _empty(request: HttpRequest, shown: Page) -> HttpResponse:
    beside = [page for page in (browsing.earlier(shown), browsing.later(shown)) if page]
    context = {"shown": shown, "beside": beside, "today": timezone.now().date()}
    return render(request, "papers/empty.html", context, status=404)
