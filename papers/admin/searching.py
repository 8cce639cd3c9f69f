"""The editors' search box: an arXiv id, or an interest, by the very engine that readers' interests go through."""

from dataclasses import dataclass

from django.db.models import QuerySet

from papers.identifiers import parse_arxiv_id
from papers.models import Paper
from papers.search import Index, parse
from papers.search.stored import MOST, preselect

NAMED = 5_000


@dataclass(frozen=True)
class Answer:
    """`papers` found. Not `complete`: there may be older ones."""

    papers: QuerySet[Paper]
    complete: bool = True


def find(papers: QuerySet[Paper], text: str) -> Answer:
    """Those of `papers` (filtered already, hidden ones included) that the text finds. Raises QueryError."""
    if not text.strip():
        return Answer(papers)
    arxiv_id = parse_arxiv_id(text)
    if arxiv_id:
        return Answer(papers.filter(arxiv_id=arxiv_id))
    query = parse(text)
    named = preselect(query, NAMED)
    looked_at = list(papers.filter(pk__in=named).order_by("-pk")[: MOST + 1])
    index = Index(looked_at[:MOST])
    found = [index.papers[position].pk for position in index.match(query)]
    return Answer(papers.filter(pk__in=found), complete=len(looked_at) <= MOST and len(named) < NAMED)
