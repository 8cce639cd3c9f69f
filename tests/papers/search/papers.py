"""Papers for search tests: unsaved, so that a query to the database fails the test."""

from dataclasses import dataclass

from papers.search import Index, parse


@dataclass(frozen=True)
class Paper:
    title: str = ""
    abstract: str = ""
    authors: tuple[str, ...] = ()
    organisation: str = ""
    organisation_name: str = ""
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    votes: int | None = 0


def matched(interest: str, *papers: Paper | str) -> dict[int, tuple[str, ...]]:
    """What `interest` finds in papers; a string is a paper of which it is the abstract."""
    index = Index(Paper(abstract=paper) if isinstance(paper, str) else paper for paper in papers)
    return dict(index.match(parse(interest)))


def found(interest: str, *papers: Paper | str) -> list[int]:
    return list(matched(interest, *papers))
