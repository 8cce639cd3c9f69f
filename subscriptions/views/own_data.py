"""A reader's own data: all of it as a file, and none of it any more. Both need a link asked for just now."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from subscriptions import erasing, exporting, visiting
from subscriptions.addresses import masked
from subscriptions.discretion import TooManyRequests
from subscriptions.models import Subscriber
from subscriptions.views import answers
from subscriptions.views.doors import reader_page


@require_safe
@reader_page
def own_data(request: HttpRequest, reader: Subscriber, now: datetime) -> HttpResponse:
    return _page(request, reader, now)


@require_POST
@reader_page
def ask_for_link(request: HttpRequest, reader: Subscriber, now: datetime) -> HttpResponse:
    """Whoever reads a forwarded digest may come this far, so the mailbox is asked once more."""
    try:
        visiting.send_link(reader.email, now, to=visiting.OWN_DATA)
    except TooManyRequests:
        return answers.too_many(request)
    return redirect("subscriptions:link_sent")


@require_POST
@reader_page
def export(request: HttpRequest, reader: Subscriber, now: datetime) -> HttpResponse:
    if not visiting.is_fresh(request, now):
        return _not_fresh(request)
    response = JsonResponse(exporting.export(reader), json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="my-data-{now:%Y-%m-%d}.json"'
    return response


@require_POST
@reader_page
def erase(request: HttpRequest, reader: Subscriber, now: datetime) -> HttpResponse:
    """Delete everything, once the box that says so is ticked."""
    if not visiting.is_fresh(request, now):
        return _not_fresh(request)
    if "sure" not in request.POST:
        return _page(request, reader, now, is_unsure=True)
    erasing.erase(reader, now, answers.shown("own data"))
    response = render(request, "subscriptions/erased.html")
    visiting.end(response)
    return response


def _page(request: HttpRequest, reader: Subscriber, now: datetime, *, is_unsure: bool = False) -> HttpResponse:
    context = {
        "address": masked(reader.email),
        "is_fresh": visiting.is_fresh(request, now),
        "is_unsure": is_unsure,
        "interests": reader.interests.count(),
        "digests": reader.digests.count(),
        "mails": reader.deliveries.count(),
        "feedback": reader.feedback.count(),
        "consents": reader.consents.count(),
        "since": reader.created_at,
    }
    return render(request, "subscriptions/own_data.html", context)


def _not_fresh(request: HttpRequest) -> HttpResponse:
    messages.warning(
        request, _("This needs a link asked for within the last hour. Nothing was done."), extra_tags="is-warn"
    )
    return redirect("subscriptions:own_data")
