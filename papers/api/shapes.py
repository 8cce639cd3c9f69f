"""The JSON of Hugging Face's API: https://huggingface.co/docs/hub/api. What a paper lacks is absent, never null."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

from papers.models import Paper

Stamp = Annotated[
    datetime,
    PlainSerializer(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class _Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class AuthorShape(_Shape):
    name: str
    hidden: bool = False


class OrganizationShape(_Shape):
    name: str
    fullname: str


class PaperShape(_Shape):
    """One paper. `publishedAt` is arXiv's date, and until that is known the day the paper was first listed."""

    id: str = Field(description="The arXiv id without version; what follows /papers/ where the paper has none.")
    authors: list[AuthorShape]
    published_at: Stamp
    submitted_on_daily_at: Stamp | None = Field(None, description="The first day a source listed it.")
    title: str
    summary: str
    upvotes: int
    keywords: list[str] | None = Field(None, serialization_alias="ai_keywords")
    categories: list[str] | None = Field(None, description="arXiv's categories, the primary one first.")
    github_repo: str | None = Field(None, description="Where the code is, at GitHub or elsewhere.")
    github_stars: int | None = None
    project_page: str | None = None
    organization: OrganizationShape | None = None


class FullPaper(PaperShape):
    num_comments: int


class Item(_Shape):
    """A paper on a list. The outer `publishedAt` is the first day a source listed it."""

    paper: PaperShape
    published_at: Stamp
    title: str
    summary: str
    num_comments: int
    organization: OrganizationShape | None = None


class Failure(BaseModel):
    error: str = Field(description="What is wrong, in a sentence.")


def full_paper(paper: Paper) -> FullPaper:
    return FullPaper(**_facts(paper), num_comments=paper.comments)


def item(paper: Paper) -> Item:
    shape = PaperShape(**_facts(paper))
    return Item(
        paper=shape,
        published_at=shape.submitted_on_daily_at or shape.published_at,
        title=shape.title,
        summary=shape.summary,
        num_comments=paper.comments,
        organization=shape.organization,
    )


def _facts(paper: Paper) -> dict[str, Any]:
    listed_on = paper.featured_on
    return {
        "id": paper.arxiv_id or f"entry/{paper.pk}",
        "authors": [AuthorShape(name=name) for name in paper.authors],
        "published_at": _midnight(paper.published_on or listed_on or paper.first_seen_at.date()),
        "submitted_on_daily_at": _midnight(listed_on) if listed_on else None,
        "title": paper.title,
        "summary": paper.abstract,
        "upvotes": paper.votes,
        "keywords": paper.keywords or None,
        "categories": paper.categories or None,
        "github_repo": paper.code_url or None,
        "github_stars": paper.code_stars,
        "project_page": paper.project_url or None,
        "organization": _organization(paper),
    }


def _organization(paper: Paper) -> OrganizationShape | None:
    name = paper.organisation or paper.organisation_name
    return OrganizationShape(name=name, fullname=paper.organisation_name or name) if name else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
