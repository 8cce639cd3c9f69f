"""A reader's past digests as web pages."""

from datetime import date, datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from subscriptions import history
from subscriptions.models import Subscriber
from subscriptions.views.doors import reader_page


@require_safe
@reader_page
def digest(request: HttpRequest, reader: Subscriber, now: datetime, day: str) -> HttpResponse:
    """What one digest held and why, or why it held nothing."""
    found = history.digest_of(reader, _day(day))
    if found is None:
        raise Http404
    context = {
        "digest": found,
        "outcome": history.outcome(found),
        "items": found.items.select_related("paper").exclude(paper__is_hidden=True),
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
