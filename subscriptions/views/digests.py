"""A reader's past digests as web pages."""

from datetime import date, datetime

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from subscriptions import history
from subscriptions.models import Subscriber
from subscriptions.views.doors import reader_page

PAGE_SIZE = 50


@require_safe
@reader_page
def digests(request: HttpRequest, reader: Subscriber, now: datetime) -> HttpResponse:
    """All that are kept, those with nothing in them too."""
    page = Paginator(history.digests_of(reader), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "digests": [(digest, history.outcome(digest)) for digest in page]}
    return render(request, "subscriptions/digests.html", context)


@require_safe
@reader_page
def digest(request: HttpRequest, reader: Subscriber, now: datetime, day: str) -> HttpResponse:
    """What one digest held and why, or why it held nothing."""
    edition = _day(day)
    found = history.digest_of(reader, edition)
    if found is None:
        return render(request, "subscriptions/digest_missing.html", {"edition": edition}, status=404)
    context = {
        "digest": found,
        "outcome": history.outcome(found),
        "items": found.items.select_related("paper", "alike").exclude(paper__is_hidden=True),
        "left_out": history.left_out(found),
        "asked": history.asked_of(reader),
        "earlier": reader.digests.filter(edition__lt=edition).order_by("-edition").first(),
        "later": reader.digests.filter(edition__gt=edition).order_by("edition").first(),
        "today": now.date(),
    }
    return render(request, "subscriptions/digest.html", context)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise Http404
    return day
