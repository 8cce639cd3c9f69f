"""The feeds' addresses. Each is its list's address with feed.atom or feed.json behind it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils import timezone

from papers.feeds import channels
from papers.feeds.addresses import overview
from papers.feeds.channels import Channel
from papers.feeds.writing import atom, json_feed
from papers.periods import BadPeriod
from papers.search import QueryError
from papers.sharing import last_change, shared, stamp

ATOM, JSON = "atom", "json"
TYPES = {ATOM: "application/atom+xml; charset=utf-8", JSON: "application/feed+json; charset=utf-8"}


@shared
def latest(request: HttpRequest, form: str) -> HttpResponse:
    """The newest day's papers; with `?q=` what a search finds."""
    typed = request.GET.get("q", "")
    return _answer(request, form, lambda: channels.results(typed) if typed else channels.newest())


@shared
def period(request: HttpRequest, form: str, kind: str, name: str) -> HttpResponse:
    return _answer(request, form, lambda: channels.period(kind, name))


@shared
def trending(request: HttpRequest, form: str) -> HttpResponse:
    return _answer(request, form, channels.trending_now)


@shared
def topic(request: HttpRequest, form: str, interest: str) -> HttpResponse:
    return _answer(request, form, lambda: channels.topic(interest))


def _answer(request: HttpRequest, form: str, make: Callable[[], Channel]) -> HttpResponse:
    try:
        channel = make()
    except (BadPeriod, QueryError) as error:
        return HttpResponse(str(error), status=400, content_type="text/plain; charset=utf-8")
    listed_at = last_change(timezone.now())
    feed_url = settings.SITE_URL + request.get_full_path()
    if form == ATOM:
        changed_at = max((paper.updated_at for paper in channel.papers), default=listed_at)
        response = HttpResponse(atom(channel, feed_url, changed_at), content_type=TYPES[ATOM])
    else:
        response = JsonResponse(json_feed(channel, feed_url), content_type=TYPES[JSON])
    return stamp(response, listed_at)


def _routes(form: str) -> list[URLPattern]:
    here = {"form": form}
    return [
        path(f"papers/feed.{form}", latest, here, name=form),
        path(f"papers/date/<str:name>/feed.{form}", period, {**here, "kind": "day"}, name=f"day_{form}"),
        path(f"papers/week/<str:name>/feed.{form}", period, {**here, "kind": "week"}, name=f"week_{form}"),
        path(f"papers/month/<str:name>/feed.{form}", period, {**here, "kind": "month"}, name=f"month_{form}"),
        path(f"papers/trending/feed.{form}", trending, here, name=f"trending_{form}"),
        path(f"topics/<path:interest>/feed.{form}", topic, here, name=f"topic_{form}"),
    ]


urlpatterns = [path("feeds", overview, name="feeds"), *_routes(ATOM), *_routes(JSON)]
