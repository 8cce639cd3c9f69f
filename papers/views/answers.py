"""What several pages share."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

PAGE_SIZE = 25


def missing(request: HttpRequest, reason: str) -> HttpResponse:
    """Nothing is here: say why."""
    return render(request, "404.html", {"reason": reason}, status=404)


def page_of(request: HttpRequest, found: Sequence[Any] | Any) -> Page[Any]:
    """The page asked for; the nearest one that exists for every number and word that is none."""
    return Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
