"""Papers on what a paper is about, found and ordered by the engine that serves readers' interests."""

from collections.abc import Iterable, Iterator
from heapq import nlargest
from itertools import combinations, islice

from papers.models import Paper
from papers.search import Index, Query, QueryError, parse, rank
from papers.search.expression import any_of
from papers.search.normalise import tokens
from papers.search.stored import preselect, read_document
from papers.search.suggesting import is_telling, named

_MOST, _MOST_BY_PAIRS = 150, 60  # papers looked at
_MAX_INTERESTS = 12
_MAX_WORDS = 5


def related(paper: Paper, limit: int) -> list[Paper]:
    """Visible papers that share a keyword or a topic named in the title, the closest first.

    If they are too few, those follow that share two words of the title.
    """
    found = _found_by(_topics(paper), paper, limit, _MOST)
    if len(found) < limit:
        found += [other for other in _found_by(_pairs(paper.title), paper, limit, _MOST_BY_PAIRS) if other not in found]
    return found[:limit]


def _found_by(interests: Iterator[Query], paper: Paper, limit: int, most: int) -> list[Paper]:
    queries = list(islice(interests, _MAX_INTERESTS))
    if not queries:
        return []
    either = any_of([query.expression for query in queries])
    keys = preselect(Query("", either.normal, either), most + 1, varied=False)
    newest = Paper.objects.visible().filter(pk__in=keys).exclude(pk=paper.pk).order_by("-pk")[:most]
    index = Index(newest, read_document)
    found = index.match_many(queries)
    return [one.paper for one in rank(index, {query: found[query.normal] for query in queries}, limit=limit)]


def _topics(paper: Paper) -> Iterator[Query]:
    return _parsed(_quoted(text) for text in [*paper.keywords, *(text for _, text in named(paper))])


def _pairs(title: str) -> Iterator[Query]:
    """Each two of the longest words, which few papers have."""
    telling = {token.letters: None for token in tokens(title)[0] if is_telling(token.letters)}
    words = nlargest(_MAX_WORDS, telling, key=len)
    return _parsed(f"{_quoted(first)} AND {_quoted(second)}" for first, second in combinations(words, 2))


def _quoted(text: str) -> str:
    return f'"{text.replace(chr(34), " ")}"'


def _parsed(texts: Iterable[str]) -> Iterator[Query]:
    known = set()
    for text in texts:
        try:
            query = parse(text)
        except QueryError:
            continue  # a keyword without letters, or longer than any interest
        if query.normal not in known:
            known.add(query.normal)
            yield query
