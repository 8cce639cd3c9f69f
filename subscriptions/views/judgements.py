"""What a reader said about single papers by the links in mails, and how to take it back."""

from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from subscriptions import judging
from subscriptions.models import Subscriber
from subscriptions.views.doors import reader_page

PAGE_SIZE = 50


@require_safe
@reader_page
def judgements(request: HttpRequest, reader: Subscriber, _now: datetime) -> HttpResponse:
    page = Paginator(judging.said_by(reader), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "subscriptions/judgements.html", {"page": page, "most": judging.MAX_COUNTED})


@require_POST
@reader_page
def take_back(request: HttpRequest, reader: Subscriber, now: datetime, pk: int) -> HttpResponse:
    paper = judging.paper_of(pk)
    if paper is None:
        raise Http404
    judging.judge(reader, paper, None, now)
    messages.success(request, _("Taken back: this paper moves no other any more."), extra_tags="is-good")
    return redirect("subscriptions:judgements")
