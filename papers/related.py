"""Papers on what a paper is about, found and ordered by the engine that serves readers' interests."""

from collections.abc import Iterable, Iterator
from itertools import islice

from papers.models import Paper
from papers.search import Index, Query, QueryError, parse, rank
from papers.search.expression import any_of
from papers.search.stored import preselect
from papers.search.suggesting import named

_MOST = 150  # papers looked at
_MAX_INTERESTS = 12


def related(paper: Paper, limit: int) -> list[Paper]:
    """Visible papers that share a keyword or a topic named in the title, the closest first."""
    interests = list(islice(_interests(paper), _MAX_INTERESTS))
    if not interests:
        return []
    either = any_of([interest.expression for interest in interests])
    keys = preselect(Query("", either.normal, either), _MOST + 1, varied=False)
    index = Index(Paper.objects.visible().filter(pk__in=keys).exclude(pk=paper.pk).order_by("-pk")[:_MOST])
    found = index.match_many(interests)
    return [one.paper for one in rank(index, {query: found[query.normal] for query in interests}, limit=limit)]


def _interests(paper: Paper) -> Iterator[Query]:
    return _parsed([*paper.keywords, *(text for _, text in named(paper))])


def _parsed(texts: Iterable[str]) -> Iterator[Query]:
    known = set()
    for text in texts:
        try:
            query = parse(f'"{text.replace(chr(34), " ")}"')
        except QueryError:
            continue  # a keyword without letters, or longer than any interest
        if query.normal not in known:
            known.add(query.normal)
            yield query
