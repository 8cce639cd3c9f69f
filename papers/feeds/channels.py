"""The lists one can follow: each a `Channel`, whatever form it is then written in."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from papers import browsing
from papers.models import Paper
from papers.periods import Period
from papers.search import Query, parse
from papers.search.query import MAX_LENGTH
from papers.search.stored import search_stored
from papers.text import clean
from papers.trending import trending

MAX_ENTRIES = 100


@dataclass(frozen=True)
class Channel:
    """One list. `path` is the address of its page on this site, query included."""

    path: str
    title: str
    papers: list[Paper]


def newest() -> Channel:
    """The newest day that has papers: what the first page shows."""
    day = browsing.newest()
    papers = _listed(Period(day, day)) if day else []
    return Channel(reverse("papers:latest"), _("Daily papers"), papers)


def period(kind: str, name: str) -> Channel:
    """A day, week or month, as its page's address names it. Raises BadPeriod."""
    page = browsing.Page(kind, browsing.PARSERS[kind](clean(name)))
    return Channel(page.url, _("Papers of %(name)s") % {"name": page.name}, _listed(page.period))


def trending_now() -> Channel:
    papers = trending(timezone.now().date(), MAX_ENTRIES)
    return Channel(reverse("papers:trending"), _("Trending papers"), papers)


def results(typed: str) -> Channel:
    """What a search finds, the newest first. Raises QueryError."""
    query = parse(_typed(typed))
    return _matching(query, f"{reverse('papers:search')}?{urlencode({'q': query.text, 'sort': 'date'})}")


def topic(typed: str) -> Channel:
    """What there is on an interest, the newest first. Raises QueryError."""
    query = parse(_typed(typed))
    return _matching(query, reverse("papers:topic", args=[query.text]))


def _listed(shown: Period) -> list[Paper]:
    papers = Paper.objects.visible().listed_between(shown.first, shown.last)
    return papers.order_by("-is_pinned", "-votes", "pk").part(0, MAX_ENTRIES)


def _matching(query: Query, path: str) -> Channel:
    found = search_stored(query).ranked(0, MAX_ENTRIES, "date")
    return Channel(path, _("Papers on %(interest)s") % {"interest": query.text}, [one.paper for one in found])


def _typed(value: str) -> str:
    # One more than is allowed, so that what is too long is refused and not cut.
    return clean(value, MAX_LENGTH + 1)
