"""Searching all papers, and the page of a topic. Both speak the language of readers' interests."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, islice
from typing import Any

from django.core.paginator import Page
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from papers.browsing import weeks_before
from papers.models import Paper
from papers.search import Index, Query, QueryError, parse
from papers.search.lexer import unify
from papers.search.query import MAX_LENGTH
from papers.search.ranking import Ranked
from papers.search.stored import MOST, Found, search_stored
from papers.search.suggesting import respelt, wider
from papers.text import clean
from papers.views.answers import page_of

ORDERS = {"relevance": _("Relevance"), "date": _("Date"), "votes": _("Votes")}
HINTS = (
    ("diffusion models", _("the words side by side, in any spelling")),
    ('"state space" OR mamba', _("one or the other; AND and NOT work too")),
    ("title:jacobian", _("in the title; abstract: in the abstract")),
    ('author:"Jane Doe"', _("by an author")),
    ("org:google", _("from an organisation")),
    ("cat:cs.LG", _("in an arXiv category; cat:cs.* for all of cs")),
    ("robot*", _("every ending: robots, robotic")),
)
WEEKS = 12
_MAX_TRIED, _MAX_INSTEAD = 6, 3
# What the sign-up form takes for more than one keyword, or for a muted one.
_SEVERAL = re.compile(r'[-‐‑‒–—−]|(?:[^",]|"[^"]*")*,')


@dataclass(frozen=True)
class Bar:
    """A week in the chart: measures in the drawing's units."""

    monday: date
    count: int
    x: int
    y: int
    height: int


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """`?q=`: what all stored papers say to an interest. `sort`: relevance, date or votes."""
    typed = _typed(request.GET.get("q", ""))
    order = request.GET.get("sort", "")
    context: dict[str, Any] = {"q": typed, "orders": ORDERS, "order": order if order in ORDERS else "relevance"}
    context |= {"hints": HINTS, "today": timezone.now().date()}
    if not typed:
        return render(request, "papers/search.html", context)
    try:
        query = parse(typed)
    except QueryError as error:
        return render(request, "papers/search.html", context | _explained(typed, error), status=400)
    context |= _results(request, query, context["order"])
    if not context["found"]:
        context["instead"] = _instead(query)
    return render(request, "papers/search.html", context)


@require_safe
def topic(request: HttpRequest, interest: str) -> HttpResponse:
    """An interest as a page: its newest papers, how many came each week, its feeds."""
    typed = _typed(interest)
    try:
        query = parse(typed)
    except QueryError as error:
        context = {"q": typed, "orders": ORDERS, "order": "relevance", "hints": HINTS, **_explained(typed, error)}
        return render(request, "papers/search.html", context, status=404)
    today = timezone.now().date()
    context = {"q": typed, "today": today, **_results(request, query, "date")}
    return render(request, "papers/topic.html", context | {"chart": chart(context["found"], today)})


def _typed(value: str) -> str:
    # One more than is allowed, so that what is too long is not cut and found.
    return clean(value, MAX_LENGTH + 1)


def _results(request: HttpRequest, query: Query, order: str) -> dict[str, Any]:
    found = search_stored(query)
    page: Page[int] = page_of(request, range(len(found)))
    start = page.start_index() - 1 if found else 0
    results = _with_terms(found.ranked(start, page.end_index(), order))
    return {"found": found, "page": page, "results": results, "keyword": _as_keyword(query.text)}


def _as_keyword(typed: str) -> str:
    return f"({typed})" if _SEVERAL.match(unify(typed)) else typed


def _instead(query: Query) -> list[tuple[str, int]]:
    """What to ask where nothing was found, spelt otherwise or asking for less; and how many papers that finds."""
    newest = Index(Paper.objects.visible().order_by("-pk")[:MOST])
    proposed = islice(chain(respelt(query, newest), wider(query)), _MAX_TRIED)
    counts = {one.text: len(search_stored(one)) for one in _readable(proposed)}
    return [(text, count) for text, count in counts.items() if count][:_MAX_INSTEAD]


def _readable(proposed: Iterable[str]) -> Iterator[Query]:
    """A proposal may be longer than any interest, or an operator may have come to stand alone."""
    for text in proposed:
        with suppress(QueryError):
            yield parse(text)


def _with_terms(ranked: list[Ranked]) -> list[tuple[Paper, tuple[str, ...]]]:
    return [(one.paper, tuple(term for reason in one.reasons for term in reason.terms)) for one in ranked]


def _explained(typed: str, error: QueryError) -> dict[str, Any]:
    """The mistake, and the query parted where it is."""
    return {"error": error, "before": typed[: error.position], "after": typed[error.position :]}


def chart(found: Found, today: date) -> dict[str, Any] | None:
    """How many papers came in each of the last weeks; only in those that the search reached. None for no paper."""
    days = [day for paper in found.papers if (day := paper.featured_on or paper.first_seen_at.date())]
    mondays = weeks_before(today, WEEKS)
    if not found.complete:
        oldest = min(days, default=today)
        mondays = [monday for monday in mondays if monday > oldest] or mondays[-1:]
    counts = Counter(day - timedelta(days=day.weekday()) for day in days)
    highest = max((counts[monday] for monday in mondays), default=0)
    if not highest:
        return None
    bars = [
        Bar(monday, counts[monday], x=20 * at, y=60 - (height := round(60 * counts[monday] / highest)), height=height)
        for at, monday in enumerate(mondays)
    ]
    return {"bars": bars, "width": 20 * len(bars), "highest": highest, "total": sum(bar.count for bar in bars)}
