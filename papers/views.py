"""The public pages: a day's papers, what is trending, one paper."""

from datetime import date

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from papers.models import Listing, Paper
from papers.sources import SOURCES
from papers.trending import trending as trending_papers

PAGE_SIZE = 25


@require_safe
def latest(request: HttpRequest) -> HttpResponse:
    """The newest day that has papers."""
    newest = _days().order_by("-day").values_list("day", flat=True).first()
    if newest is None:
        return render(request, "papers/none.html")
    return _day_page(request, newest)


@require_safe
def day(request: HttpRequest, day: str) -> HttpResponse:
    """The papers any source listed on a day, written YYYY-MM-DD."""
    wanted = _parse_day(day)
    if wanted is None:
        return _missing(request, _("“%(day)s” is not a date; write it like 2026-08-12.") % {"day": day})
    if not _days().filter(day=wanted).exists():
        return _missing(request, _("No papers are known for %(day)s.") % {"day": wanted})
    return _day_page(request, wanted)


@require_safe
def trending(request: HttpRequest) -> HttpResponse:
    """What is talked about these days."""
    today = timezone.now().date()
    return render(request, "papers/trending.html", {"papers": trending_papers(today, PAGE_SIZE), "today": today})


@require_safe
def paper(request: HttpRequest, arxiv_id: str) -> HttpResponse:
    """One paper, under its arXiv id without version; any other spelling leads there."""
    found = Paper.objects.filter(arxiv_id=arxiv_id, is_hidden=False).first()
    if found is None:
        return _missing(request, _("No source has listed arXiv:%(id)s so far.") % {"id": arxiv_id})
    if request.path != found.get_absolute_url():
        return redirect(found, permanent=True)
    return _paper_page(request, found)


@require_safe
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One paper whose arXiv id is not known; once it is, the address leads to the paper's own."""
    found = get_object_or_404(Paper, pk=pk, is_hidden=False)
    return redirect(found, permanent=True) if found.arxiv_id else _paper_page(request, found)


def _day_page(request: HttpRequest, shown: date) -> HttpResponse:
    papers = Paper.objects.visible().listed_on(shown).order_by("-is_pinned", "-votes", "pk")
    context = {
        "day": shown,
        "today": timezone.now().date(),
        "page": Paginator(papers, PAGE_SIZE).get_page(request.GET.get("page")),
        "earlier": _days().filter(day__lt=shown).order_by("-day").values_list("day", flat=True).first(),
        "later": _days().filter(day__gt=shown).order_by("day").values_list("day", flat=True).first(),
    }
    return render(request, "papers/day.html", context)


def _paper_page(request: HttpRequest, found: Paper) -> HttpResponse:
    listings = [
        (SOURCES[row.source].name if row.source in SOURCES else row.source, row)
        for row in found.listings.order_by("day", "source")
    ]
    return render(request, "papers/paper.html", {"paper": found, "listings": listings, "today": timezone.now().date()})


def _days() -> QuerySet[Listing]:
    """Listings a reader may see: each stands for a day that has a page."""
    return Listing.objects.filter(paper__is_hidden=False, paper__is_withdrawn=False)


def _parse_day(value: str) -> date | None:
    try:
        parsed = date.fromisoformat(value)
    except ValueError:
        return None
    return parsed if str(parsed) == value else None  # fromisoformat also takes 20260812 and 2026-W33-3


def _missing(request: HttpRequest, reason: str) -> HttpResponse:
    return render(request, "404.html", {"reason": reason}, status=404)
