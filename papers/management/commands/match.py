"""Show which papers interests match: with the very engine behind search, preview and digests."""

import json
from argparse import ArgumentTypeError
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from papers.merging import merge_paper, title_key
from papers.models import Paper
from papers.search import Index, Query, QueryError, Ranked, parse, rank
from papers.sources.base import MAX_BYTES, SourceError
from papers.sources.saved import parse_saved

BAD_INTEREST = 2

_FIELDS = (
    "arxiv_id", "title", "abstract", "authors", "organisation", "organisation_name", "categories", "keywords", "votes",
)  # fmt: skip


class Command(BaseCommand):
    help = (
        "Print the papers that match any of the interests, best first, with score and matched terms. "
        "Searches the stored papers, or those in saved responses. Exits with 2 when an interest cannot be understood."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("interest", nargs="+", help='such as: "diffusion models" or: grokking AND NOT survey')
        parser.add_argument(
            "--since",
            type=_day,
            metavar="YYYY-MM-DD",
            help="only papers featured on that day or later (else published, else first seen)",
        )
        parser.add_argument(
            "--file", nargs="+", type=Path, metavar="PATH", help="saved responses to search instead of the database"
        )
        parser.add_argument("--json", action="store_true", help="print one line of JSON for each paper")
        parser.add_argument("--limit", type=_positive, metavar="N", help="print at most so many papers")

    def handle(self, *args: Any, **options: Any) -> None:
        queries = {query.normal: query for query in map(_parse, options["interest"])}
        since = options["since"]
        index = Index(_saved(options["file"], since) if options["file"] else _stored(since))
        found = index.match_many(queries.values())
        ranked = rank(index, {query: found[normal] for normal, query in queries.items()}, limit=options["limit"])
        for one in ranked:
            self.stdout.write(json.dumps(_summary(one)) if options["json"] else "\n".join(_lines(one)))
        if not ranked and not options["json"]:
            self.stdout.write(_nothing(len(index.papers), since, options["file"]))


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ArgumentTypeError(f"{value!r} is not a day: write it like 2026-08-12") from None


def _positive(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise ArgumentTypeError(f"{value!r} is not a number of papers: write 1 or more")
    return int(value)


def _parse(interest: str) -> Query:
    try:
        return parse(interest)
    except QueryError as error:
        shown = interest[: error.position]
        blanks = " " * sum(2 if east_asian_width(character) in "FW" else 1 for character in shown)
        line = "".join(character if character.isprintable() else " " for character in interest)
        raise CommandError(
            f"{error.message}\n  {line}\n  {blanks}^\n{error.suggestion}", returncode=BAD_INTEREST
        ) from None


def _stored(since: date | None) -> Iterable[Paper]:
    papers = Paper.objects.visible().order_by("pk").only(*_FIELDS)
    if since:
        midnight = datetime.combine(since, time(), UTC)
        papers = papers.filter(
            Q(featured_on__gte=since)
            | Q(featured_on=None, published_on__gte=since)
            | Q(featured_on=None, published_on=None, first_seen_at__gte=midnight)
        )
    return papers.iterator(chunk_size=2_000)


def _saved(paths: Sequence[Path], since: date | None) -> Iterator[Paper]:
    """The papers in saved responses, each once, as they would be stored. Those without any day are always in."""
    papers: dict[str, Paper] = {}
    for path in paths:
        try:
            _, batch = parse_saved(_load(path), name=path.name)
        except SourceError as error:
            raise CommandError(f"{path}: {error}") from error
        for record in batch.records:
            paper = papers.setdefault(record.arxiv_id or title_key(record.title), Paper())
            merge_paper(paper, record, batch.day)
    for paper in papers.values():
        day = paper.featured_on or paper.published_on
        if not paper.is_withdrawn and not (since and day and day < since):
            yield paper


def _load(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path}: cannot be read: {error.strerror or error}") from error


def _nothing(searched: int, since: date | None, files: Sequence[Path] | None) -> str:
    if searched or files:
        return f"None of {searched:,} papers matches."
    which = f"since {since} " if since else ""
    return f"No papers {which}are stored: read some with manage.py read_papers."


def _matched(one: Ranked) -> list[str]:
    return list(dict.fromkeys(term for reason in one.reasons for term in reason.terms))


def _summary(one: Ranked) -> dict[str, Any]:
    return {"id": one.paper.arxiv_id, "title": one.paper.title, "score": one.score, "matched": _matched(one)}


def _lines(one: Ranked) -> Iterator[str]:
    yield f"{one.score:8.2f}  {one.paper.arxiv_id or '–':<12}  {one.paper.title}"
    for reason in one.reasons:
        yield f"{'':10}{reason.interest}: {', '.join(reason.terms)}"
