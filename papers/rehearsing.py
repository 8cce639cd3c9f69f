"""What people ask of a source by hand and wait for: what a reading would change, and one paper by its arXiv id."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from papers import reading
from papers.attempt import open_reading
from papers.identifiers import parse_arxiv_id
from papers.ingest import Counts
from papers.models import Paper, Reading
from papers.sources.arxiv import Arxiv
from papers.sources.base import Source

EDITORS = "editors"  # the source of papers that editors added
COMPARED = (
    "title", "abstract", "authors", "author_count", "organisation", "organisation_name", "categories", "keywords",
    "published_on", "featured_on", "version", "votes", "comments", "code_url", "code_stars", "project_url",
    "is_withdrawn", "arxiv_id", "source_words",
)  # fmt: skip
MAX_CHANGES = 200
# Somebody waits for the page: if a reading holds the turn at a site they had better try again.
in_haste = partial(reading.real_web, patience=timedelta(seconds=20))


@dataclass(frozen=True)
class Change:
    """What would become of one paper, which stands here as it is, or as it came when it is new.

    `fields`: what differs, each by its words for people, before and after.
    """

    paper: Paper
    is_new: bool
    fields: list[tuple[str, Any, Any]]


@dataclass
class Rehearsal:
    """A reading that was undone, and what it would have changed: `total` papers, MAX_CHANGES of them in `changes`."""

    reading: Reading
    total: int = 0
    changes: list[Change] = field(default_factory=list)


def rehearse(source: Source, day: date, *, now: datetime, connect: reading.Connect = in_haste) -> Rehearsal:
    """Read a source-day afresh, compare, and keep nothing."""
    after: dict[int, Paper] = {}
    touched: set[int] = set()

    def witness(counts: Counts) -> None:
        touched.update(counts.papers)
        after.update(Paper.objects.in_bulk(sorted(counts.papers)[:MAX_CHANGES]))

    read = reading.read_source(source, day, now=now, connect=lambda _: connect({}), dry_run=True, witness=witness)
    before = Paper.objects.in_bulk(list(after))
    changes = [_change(before.get(pk), paper) for pk, paper in sorted(after.items())]
    return Rehearsal(read, len(touched), [change for change in changes if change.is_new or change.fields])


def add_paper(arxiv_id: str, arxiv: Arxiv, *, now: datetime, connect: reading.Connect = in_haste) -> Reading:
    """Ask arXiv for a paper and list it under today, as the editors' own. The Reading says how it went."""
    wanted = parse_arxiv_id(arxiv_id)
    with open_reading(EDITORS, now.date(), now, dry_run=False) as attempt:
        batch = arxiv.enrich([wanted] if wanted else [], connect({}).get)
        attempt.store(replace(batch, announces=True), now.date(), expected=False)
        if not attempt.reading.found:
            attempt.note(f"arXiv describes no paper {arxiv_id}.")
    return attempt.reading


def _change(before: Paper | None, after: Paper) -> Change:
    known: Mapping[str, Any] = {name: getattr(before or Paper(), name) for name in COMPARED}
    pairs = [(_words(name), known[name], getattr(after, name)) for name in COMPARED]
    return Change(before or after, before is None, [(name, was, will) for name, was, will in pairs if was != will])


def _words(name: str) -> str:
    return str(getattr(Paper._meta.get_field(name), "verbose_name", name))  # noqa: SLF001 -- a documented API of Django
