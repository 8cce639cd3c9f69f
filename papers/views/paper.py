"""One paper."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from papers.citing import bibtex, linked_data
from papers.models import Paper
from papers.related import related
from papers.sources import SOURCES
from papers.views.answers import missing

RELATED = 5


@require_safe
def paper(request: HttpRequest, arxiv_id: str) -> HttpResponse:
    """One paper, under its arXiv id without version; any other spelling leads there."""
    found = Paper.objects.filter(arxiv_id=arxiv_id, is_hidden=False).first()
    if found is None:
        return missing(request, _("No source has listed arXiv:%(id)s so far.") % {"id": arxiv_id})
    if request.path != found.get_absolute_url():
        return redirect(found, permanent=True)
    return _page(request, found)


@require_safe
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One paper whose arXiv id is not known; once it is, the address leads to the paper's own."""
    found = get_object_or_404(Paper, pk=pk, is_hidden=False)
    return redirect(found, permanent=True) if found.arxiv_id else _page(request, found)


def _page(request: HttpRequest, found: Paper) -> HttpResponse:
    listings = [
        (SOURCES[row.source].name if row.source in SOURCES else row.source, row)
        for row in found.listings.order_by("day", "source")
    ]
    url = settings.SITE_URL + found.get_absolute_url()
    context = {
        "paper": found,
        "url": url,
        "listings": listings,
        "related": related(found, RELATED),
        "bibtex": bibtex(found, url),
        "linked_data": linked_data(found, url),
        "today": timezone.now().date(),
    }
    return render(request, "papers/paper.html", context)
