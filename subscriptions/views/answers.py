"""Answers that several pages give."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language

from subscriptions.consent import Shown
from subscriptions.models import Subscriber
from subscriptions.schedule import zone_info


def next_local(reader: Subscriber) -> datetime | None:
    """When the next digest comes, as the reader's own clock shows it."""
    at = reader.next_digest_at
    return at.astimezone(zone_info(reader.zone)).replace(tzinfo=None) if at else None


def saved(request: HttpRequest, sentence: str) -> HttpResponse:
    messages.success(request, sentence, extra_tags="is-good")
    return redirect("subscriptions:preferences")


def dead_link(request: HttpRequest) -> HttpResponse:
    """One page for every link that does not work, whatever the reason."""
    return render(request, "subscriptions/dead_link.html", status=404)


def too_many(request: HttpRequest) -> HttpResponse:
    response = render(request, "subscriptions/too_many.html", status=429)
    response["Retry-After"] = "3600"
    return response


def shown(form: str, text: str = "") -> Shown:
    return Shown(form=form, locale=get_language() or "", text=text)
