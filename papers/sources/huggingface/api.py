"""The JSON array of huggingface.co/api/daily_papers. Pure: bytes in, records out."""

import json
import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, WrapValidator
from pydantic.alias_generators import to_camel
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from papers.sources.base import Batch, PaperRecord, UnexpectedShape, parse_each
from papers.sources.documents import load_json

WHERE = "huggingface api"

_T = TypeVar("_T")
_GITHUB = re.compile(r"(?:https?://)?(?:www\.)?github\.com/+([\w.-]+)/+([\w.-]+)(?:[/?#].*)?\Z", re.IGNORECASE)
_BARE_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?::\d+)?(?:/|\Z)", re.IGNORECASE)


def _lenient(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    """Take an optional field of an unexpected type for absent, and count it."""
    try:
        return handler(value)
    except ValidationError:
        if isinstance(info.context, dict):
            info.context[info.field_name] = info.context.get(info.field_name, 0) + 1
        return None


_Lenient = Annotated[_T | None, WrapValidator(_lenient)]


class _Shape(BaseModel):
    """What we read of the site's objects; whatever else they hold is ignored."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore")


class _Author(_Shape):
    name: str
    hidden: _Lenient[bool] = None


class _Organisation(_Shape):
    name: str = ""
    fullname: str = ""


# Optional fields vanish, they are not null; which ones do was measured (FORMATS, section b).
class _Paper(_Shape):
    id: str
    title: str
    summary: str
    authors: list[_Author]
    published_at: datetime
    submitted_on_daily_at: _Lenient[datetime] = None
    upvotes: _Lenient[Annotated[int, Field(strict=True, ge=0)]] = None
    keywords: _Lenient[list[str]] = Field(None, alias="ai_keywords")
    github_repo: _Lenient[str] = None
    github_stars: _Lenient[Annotated[int, Field(strict=True, ge=0)]] = None
    project_page: _Lenient[str] = None
    organization: _Lenient[_Organisation] = None


class _Item(_Shape):
    paper: _Paper
    num_comments: _Lenient[Annotated[int, Field(strict=True, ge=0)]] = None
    # `submitterOrganization` lived for four days in 2025.
    organization: _Lenient[_Organisation] = Field(
        None, validation_alias=AliasChoices("organization", "submitterOrganization")
    )


def parse_api(body: bytes, *, day: date | None = None) -> Batch:
    """Read one page of the API.

    The batch's day is the one all its papers were featured on: None when they do not say, and None when
    they do not agree, as on a week's list, which then announces nothing. With `day` given, a paper of any
    other day means that the site answered another question.
    """
    return parse_items(load_json(body, WHERE), WHERE, "api", day=day)


def parse_items(items: Any, where: str, route: str, *, day: date | None = None) -> Batch:
    """Read the array that the API and the island of the page share."""
    if not isinstance(items, list):
        raise UnexpectedShape(f"{where}: an array of papers expected, got {_sketch(items)}")
    odd: dict[str, int] = {}
    days: set[date] = set()

    def parse(rank: int, item: Any) -> PaperRecord:
        shape = _Item.model_validate(item, context=odd)
        record = _record(rank, shape)
        if shape.paper.submitted_on_daily_at:
            days.add(_utc_date(shape.paper.submitted_on_daily_at))
        return record

    records, rejects = parse_each(items, parse, _raw, where)
    if day and days - {day}:
        raise UnexpectedShape(f"{where}: asked for {day}, got papers of {min(days - {day})}")
    return Batch(
        records=records,
        rejects=rejects,
        day=days.pop() if len(days) == 1 else None,
        route=route,
        announces=len(days) < 2,
        warnings=[
            f"{where}: {to_camel(name)} of an unexpected type in {count} of {len(items)} records"
            for name, count in odd.items()
        ],
    )


def _record(rank: int, item: _Item) -> PaperRecord:
    paper = item.paper
    organisation = paper.organization or item.organization or _Organisation()
    return PaperRecord(
        arxiv_id=paper.id,
        title=paper.title,
        abstract=paper.summary,
        authors=tuple(author.name for author in paper.authors if not author.hidden),
        author_count=len(paper.authors),
        organisation=organisation.name,
        organisation_name=organisation.fullname,
        # Not the outer publishedAt: since March 2025 that one is four or five hours early, so a day off.
        published_on=_utc_date(paper.published_at),
        rank=rank,
        votes=paper.upvotes,
        comments=item.num_comments,
        code_url=_repository(paper.github_repo or ""),
        code_stars=paper.github_stars,
        project_url=_with_scheme(paper.project_page or ""),
        keywords=tuple(paper.keywords or ()),
    )


def _utc_date(moment: datetime) -> date:
    try:
        return (moment.astimezone(UTC) if moment.tzinfo else moment).date()
    except OverflowError:  # the first and the last day of the calendar
        raise ValueError(f"{moment} is no date of a paper") from None


def _repository(value: str) -> str:
    """Cut a GitHub address down to its repository: no `//`, `/tree/main/…`, `.git`."""
    match = _GITHUB.match(value.strip())
    return f"https://github.com/{match[1]}/{match[2].removesuffix('.git')}" if match else _with_scheme(value)


def _with_scheme(value: str) -> str:
    return f"https://{value.strip()}" if _BARE_HOST.match(value.strip()) else value


def _raw(item: Any) -> str:
    try:
        return json.dumps(item)
    except (RecursionError, ValueError):
        return "(cannot be printed)"


def _sketch(value: Any) -> str:
    if isinstance(value, dict) and isinstance(value.get("error"), str):
        return f"the error {value['error'][:200]!r}"
    return type(value).__name__
