"""Search all stored papers for one interest: the database pre-selects, the engine decides and ranks.

However many papers there are, at most MOST of them are looked at: the newest that the database names.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.db import connection

from papers.models import Paper, PaperWords
from papers.search.document import Document
from papers.search.index import Index, Matches
from papers.search.query import Query
from papers.search.ranking import Ranked, rank
from papers.search.words import POSTGRESQL, SQLITE, words_of, written

MOST = 500
FORM = 1
"""To be raised when papers.search.words or the normal form of words changes: papers are then indexed again."""
FIELDS = frozenset({"title", "abstract", "authors", "organisation", "organisation_name", "categories", "keywords"})
"""What papers are found by: to be remembered when it changes."""

_SELECT = {
    "sqlite": "SELECT rowid FROM papers_words_index WHERE papers_words_index MATCH %s ORDER BY rowid DESC LIMIT %s",
    # OFFSET 0 keeps PostgreSQL from walking all papers backwards in the hope of soon having enough.
    "postgresql": """
        SELECT paper_id FROM (SELECT paper_id FROM papers_paperwords WHERE vector @@ %s::tsquery OFFSET 0) AS named
        ORDER BY paper_id DESC LIMIT %s""",
}
_KEPT = 2_000  # documents read, some 20 kB each: the newest papers answer most questions
_DIALECTS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
ORDERS: Mapping[str, Callable[[Paper], tuple[Any, ...]]] = {
    "date": lambda paper: (paper.featured_on or paper.published_on or date.min, paper.votes, paper.pk),
    "votes": lambda paper: (paper.votes, paper.featured_on or date.min, paper.pk),
}


@dataclass(frozen=True)
class Found:
    """The visible papers that match. Not `complete`: older ones may as well, for there were more than MOST."""

    query: Query
    index: Index
    matches: Matches
    complete: bool

    def __len__(self) -> int:
        return len(self.matches)

    @property
    def papers(self) -> list[Paper]:
        """All of them, the newest first."""
        return [self.index.papers[position] for position in self.matches]

    def ranked(self, start: int, end: int, order: str = "relevance") -> list[Ranked]:
        """A slice of them in order of "relevance", "date" or "votes", each with what made it match."""
        if order == "relevance":
            return rank(self.index, {self.query: self.matches}, limit=end)[start:]
        key = ORDERS[order]
        wanted = sorted(self.matches, key=lambda position: key(self.index.papers[position]), reverse=True)[start:end]
        chosen = rank(self.index, {self.query: self.matches.where(frozenset(wanted).__contains__)})
        return sorted(chosen, key=lambda one: wanted.index(one.position))


def search_stored(query: Query, most: int = MOST) -> Found:
    """Search every stored paper; three queries at most."""
    named = preselect(query, most + 1)
    papers = Paper.objects.visible().filter(pk__in=named[:most]).order_by("-pk")
    index = Index(papers, read_document)
    return Found(query, index, index.match(query), complete=len(named) <= most)


def preselect(query: Query, limit: int, *, varied: bool = True) -> list[int]:
    """The primary keys of papers that may match, the newest first; hidden ones among them.

    Not `varied`: those only that part and join words as the query does, which takes a tenth of the time.
    """
    dialect = _DIALECTS[connection.vendor]._replace(varies=varied)
    with connection.cursor() as cursor:
        cursor.execute(_SELECT[connection.vendor], [written(query.expression, dialect), limit])
        return [key for (key,) in cursor.fetchall()]


@lru_cache(maxsize=_KEPT)
def read_document(fields: tuple[str, ...]) -> Document:
    """The document of a paper's fields, kept for the next who asks."""
    return Document(fields)


def remember(papers: Iterable[Paper]) -> None:
    """Make stored papers findable, or findable by what they say now."""
    rows = [PaperWords(paper_id=paper.pk, words=words_of(paper), form=FORM) for paper in papers]
    PaperWords.objects.bulk_create(
        rows, batch_size=500, update_conflicts=True, unique_fields=["paper"], update_fields=["words", "form"]
    )


def remember_missing(limit: int) -> int:
    """Do it for papers that came some other way or before this form of words; returns how many."""
    missing = list(Paper.objects.exclude(words__form=FORM).order_by("-pk")[:limit])
    remember(missing)
    return len(missing)
