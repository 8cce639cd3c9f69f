"""Papers on what a paper is about, found and ordered by the engine that serves readers' interests."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from papers.models import Paper
from papers.search import Index, Query, QueryError, parse, rank
from papers.search.expression import any_of
from papers.search.stored import preselect

_MOST = 150  # papers looked at
_MAX_KEYWORDS = 8
_MAX_PAIRS = 12
# Words that say nothing of a topic, though they stand in many titles.
_COMMON_WORDS = """
    about across after against among analysis approach based before benchmark between beyond both case efficient
    evaluating evaluation every first framework from general high improved improving into large learning less method
    methods model models more most novel over papers problem problems rethinking robust scalable simple some study
    system systems task tasks than that their them then there these they this through toward towards training under
    unified using very what when where which while with without work your
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_SHORTEST = 4


def related(paper: Paper, limit: int) -> list[Paper]:
    """Visible papers that share keywords or words of the title, the closest first."""
    interests = list(_interests(paper))
    if not interests:
        return []
    either = any_of([interest.expression for interest in interests])
    keys = preselect(Query("", either.normal, either), _MOST + 1, varied=False)
    index = Index(Paper.objects.visible().filter(pk__in=keys).exclude(pk=paper.pk).order_by("-pk")[:_MOST])
    found = index.match_many(interests)
    return [one.paper for one in rank(index, {query: found[query.normal] for query in interests}, limit=limit)]


def _interests(paper: Paper) -> Iterator[Query]:
    return _parsed([*paper.keywords[:_MAX_KEYWORDS], *_pairs(paper.title)])


def _pairs(title: str) -> list[str]:
    """Neighbouring words of a title that may name a topic; single words where none do."""
    words = ["".join(filter(str.isalnum, word)) if word.isascii() else word for word in title.split()]
    telling = [word if len(word) >= _SHORTEST and word.lower() not in _COMMON else "" for word in words]
    pairs = [f"{one} {other}" for one, other in pairwise(telling) if one and other]
    alone = [word for before, word, after in zip(["", *telling], telling, [*telling[1:], ""], strict=False)
             if word and not before and not after]  # fmt: skip
    return [*pairs, *alone][:_MAX_PAIRS]


def _parsed(texts: Iterable[str]) -> Iterator[Query]:
    for text in dict.fromkeys(texts):
        try:
            yield parse(f'"{text.replace(chr(34), " ")}"')
        except QueryError:
            continue  # a keyword without letters, or longer than any interest
