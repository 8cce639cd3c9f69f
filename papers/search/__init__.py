"""The one engine behind the search box, previews, topic feeds and the nightly match.

`parse` reads an interest, an `Index` over some papers finds what matches, `rank` orders it and says why;
`search` does all three for one interest. Papers may be stored ones or fresh records.
"""

from collections.abc import Iterable

from papers.search.index import Index, Matches, Searchable
from papers.search.lexer import QueryError
from papers.search.query import Query, parse
from papers.search.ranking import Ranked, Reason, rank

__all__ = ["Index", "Matches", "Query", "QueryError", "Ranked", "Reason", "Searchable", "parse", "rank", "search"]


def search(interest: str | Query, papers: Iterable[Searchable], *, limit: int | None = None) -> list[Ranked]:
    """The papers that match one interest, best first. Raises QueryError when it cannot be understood."""
    query = parse(interest) if isinstance(interest, str) else interest
    index = Index(papers)
    return rank(index, {query: index.match(query)}, limit=limit)
