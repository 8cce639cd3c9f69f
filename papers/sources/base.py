"""What every source gives and may raise. Parsers are pure: bytes in, records out, no Django."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Protocol, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from papers.identifiers import is_category, parse_arxiv_id
from papers.text import MAX_ABSTRACT, MAX_NAME, MAX_TITLE, clean, clean_url

MAX_BYTES = 10 * 1024 * 1024
"""No answer is read further than this, compressed or not."""

MAX_RECORDS = 10_000
"""No answer lists more; a day of all of arXiv has a fifth of that."""

Item = TypeVar("Item")


class SourceError(Exception):
    """A reading failed; the message is for the operator."""


class FetchFailed(SourceError):
    """The answer did not come, came too late, too large, or with an error status."""


class UnexpectedShape(SourceError):
    """The answer came but is not what the format promises; the message names the place."""


def both(first: SourceError, last: SourceError) -> SourceError:
    """One error that names two failures: of the route tried first and of the one tried last."""
    kind = UnexpectedShape if isinstance(last, UnexpectedShape) else FetchFailed
    return kind(f"{first}; {last}")


class NotModified(Exception):
    """The site says nothing changed since the validators we sent."""


def _arxiv_id(value: str | None) -> str | None:
    if value is None:
        return None
    parsed = parse_arxiv_id(value)
    if parsed is None:
        raise ValueError(f"{value[:40]!r} is not an arXiv identifier")
    return parsed


def _title(value: str) -> str:
    text = clean(value, MAX_TITLE)
    if not text:
        raise ValueError("the title is empty")
    return text


def _names(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for value in values if (name := clean(value, MAX_NAME)))


def _categories(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for value in values if is_category(v := value.strip())))


Title = Annotated[str, AfterValidator(_title)]
Text = Annotated[str, AfterValidator(lambda value: clean(value, MAX_ABSTRACT))]
Name = Annotated[str, AfterValidator(lambda value: clean(value, MAX_NAME))]
Url = Annotated[str, AfterValidator(clean_url)]
Count = Annotated[int, Field(ge=0, le=2_000_000_000, strict=True)]


class PaperRecord(BaseModel):
    """One paper as one source showed it, in our words and already clean.

    None and empty mean "this source does not say" and never erase what another source said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Title
    arxiv_id: Annotated[str | None, AfterValidator(_arxiv_id)] = None
    version: int | None = None
    abstract: Text = ""
    authors: Annotated[tuple[str, ...], AfterValidator(_names)] = ()
    author_count: Count | None = None
    organisation: Name = ""  # slug, such as "google"
    organisation_name: Name = ""  # printed, such as "Google"
    categories: Annotated[tuple[str, ...], AfterValidator(_categories)] = ()
    published_on: date | None = None  # arXiv's date of the first version
    rank: Count | None = None  # 1 = first on the page
    votes: Count | None = None
    comments: Count | None = None
    code_url: Url = ""
    code_stars: Count | None = None
    project_url: Url = ""
    keywords: Annotated[tuple[str, ...], AfterValidator(_names)] = ()
    section: str = ""  # arXiv: "new", "cross"; elsewhere empty
    withdrawn: bool = False


@dataclass(frozen=True, kw_only=True)
class Reject:
    """One record that could not be understood; the others of its page go in."""

    reason: str
    raw: str


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What one answer, or one whole reading, held.

    `day` is the day the site itself names (None when it names none). `route` says which format it
    came by. `announces` is True where the answer lists what was announced on a day (listings, feeds) and
    False where it merely describes papers (the query API), which then get no `Listing`. `dropped` counts
    the replacements left out: they announce nothing, yet they were there.
    """

    records: Sequence[PaperRecord] = ()
    rejects: Sequence[Reject] = ()
    day: date | None = None
    route: str = ""
    announces: bool = True
    dropped: int = 0
    warnings: Sequence[str] = field(default=())


def parse_each(
    items: Sequence[Item], parse: Callable[[int, Item], PaperRecord], raw: Callable[[Item], str], where: str
) -> tuple[list[PaperRecord], list[Reject]]:
    """Parse items one by one: `parse(rank, item)`, rank counted from 1, says ValueError to a bad one.

    A bad item costs the others nothing; a paper met twice is kept where it stood first. When not one
    item can be read it is the format that changed, and UnexpectedShape names the first reason.
    """
    if len(items) > MAX_RECORDS:
        raise UnexpectedShape(f"{where}: {len(items):,} records")
    records: dict[str, PaperRecord] = {}
    rejects: list[Reject] = []
    for rank, item in enumerate(items, start=1):
        try:
            record = parse(rank, item)
        except ValueError as error:
            rejects.append(Reject(reason=why(error), raw=raw(item)))
        else:
            records.setdefault(record.arxiv_id or record.title.casefold(), record)
    if rejects and not records:
        raise UnexpectedShape(f"{where}: none of {len(rejects)} records could be read: {rejects[0].reason}")
    return list(records.values()), rejects


def why(error: ValueError) -> str:
    """Say in one line what is wrong with a record: `paper.title: Field required`."""
    if not isinstance(error, ValidationError):
        return clean(str(error), MAX_TITLE)
    faults = []
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        place = ".".join(map(str, fault["loc"])) or "record"
        # pydantic would name our class here, which the operator has never heard of.
        said = "an object expected" if fault["type"] == "model_type" else fault["msg"].removeprefix("Value error, ")
        faults.append(f"{place}: {said}")
    return clean("; ".join(faults), MAX_TITLE)


Get = Callable[[str], bytes]
"""Fetch one address: bytes of a 200 answer. Raises FetchFailed or NotModified."""


class Source(Protocol):
    """One site. `read` fetches through `get` and parses; it keeps no state and touches no database.

    `grows` tells that a day's list still changes after the day, so that the day before is worth reading
    again even when it was read without fault.
    """

    slug: str
    name: str
    base_url: str
    grows: bool

    def expects(self, day: date) -> bool:
        """Whether the site, by its own calendar, publishes on `day`: tells a quiet day from a stale page."""
        ...

    def read(self, day: date, get: Get, *, categories: Sequence[str] = ()) -> Batch:
        """Everything the site lists for `day`.

        Tries its routes in order; raises the last SourceError when none works, NotModified when the
        site says nothing changed. `categories` are arXiv's; other sources ignore them.
        """
        ...
