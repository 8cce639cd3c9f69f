"""Which feeds belong to a page, and the page that names them all."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import ResolverMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from papers import browsing
from papers.search import QueryError, parse
from papers.search.query import MAX_LENGTH
from papers.text import clean

_OF_PAGE = {name: f"{name}_" for name in ("day", "week", "month", "trending", "topic")}
EXAMPLE = "diffusion models"


def of_page(match: ResolverMatch | None, typed: str = "") -> dict[str, str]:
    """The Atom and the JSON feed of a page; of a page without list, the feeds of the newest papers."""
    if match and match.app_name == "papers" and match.url_name in _OF_PAGE:
        return _pair(_OF_PAGE[match.url_name], list(match.kwargs.values()))
    return _pair("", query=urlencode({"q": typed}) if typed else "")


def of_interest(interest: str) -> dict[str, str]:
    return _pair("topic_", [interest])


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Name every feed; make one for the interest that was typed."""
    typed = clean(request.GET.get("q", ""), MAX_LENGTH + 1)
    context: dict[str, Any] = {"q": typed, "example": EXAMPLE}
    try:
        context["made"] = of_interest(parse(typed).text) if typed else None
    except QueryError as error:
        context["error"] = error
    context |= {"lists": _lists(), "today": timezone.now().date()}
    return render(request, "papers/feeds.html", context, status=400 if "error" in context else 200)


def _lists() -> list[dict[str, Any]]:
    day = browsing.newest()
    pages = [browsing.Page.holding(kind, day) for kind in (browsing.DAY, browsing.WEEK, browsing.MONTH)] if day else []
    return [
        {"name": _("Daily papers"), "url": reverse("papers:latest"), "feed": _pair("")},
        {"name": _("Trending papers"), "url": reverse("papers:trending"), "feed": _pair("trending_")},
        *({"page": page, "feed": _pair(f"{page.kind}_", [page.name])} for page in pages),
    ]


def _pair(prefix: str, args: list[Any] | None = None, query: str = "") -> dict[str, str]:
    forms = {form: reverse(f"papers:{prefix}{form}", args=args) for form in ("atom", "json")}
    return {form: f"{address}?{query}" if query else address for form, address in forms.items()}
