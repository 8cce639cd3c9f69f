"""Read papers now: live from the sources, or from saved responses."""

import json
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.progress import track

from papers.models import Reading
from papers.reading import close_abandoned, configured_sources, plan, read_file, read_source

Job = Callable[[], Reading]

_COUNTS = ("found", "new", "updated", "rejected")


class Command(BaseCommand):
    help = (
        "Read papers into the database: live from the sources, or from saved responses of any known format. "
        "Exits with 1 when a reading failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        slugs = sorted(configured_sources())
        parser.add_argument("--source", choices=slugs, help="read only this source")
        parser.add_argument(
            "--day",
            type=_day,
            metavar="YYYY-MM-DD",
            help="the day to read; with --file, the day of files that name none (default: today, UTC)",
        )
        parser.add_argument("--file", nargs="+", type=Path, metavar="PATH", help="saved responses to read instead")
        parser.add_argument("--dry-run", action="store_true", help="fetch and parse, but write nothing")
        parser.add_argument("--json", action="store_true", help="print one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        jobs = _jobs(options, now)
        if not options["dry_run"]:
            close_abandoned(now)
        quiet = options["json"] or not sys.stderr.isatty()
        readings = []
        for reading in _run(jobs, quiet=quiet):
            readings.append(reading)
            if not options["json"]:
                self.stdout.write(_line(reading))
        if options["json"]:
            self.stdout.write(json.dumps({"readings": [_summary(reading) for reading in readings]}))
        _complain(readings)


def _day(value: str) -> date:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ArgumentTypeError(f"{value!r} is not a day: write it like 2026-08-12") from None
    if day > timezone.now().date() + timedelta(days=1):
        raise ArgumentTypeError(f"{day} lies in the future")
    return day


def _jobs(options: dict[str, Any], now: datetime) -> list[Job]:
    day, dry_run = options["day"], options["dry_run"]
    if options["file"]:
        if options["source"]:
            raise CommandError("--source is for live reading: what a file holds says where it is from.")
        return [partial(read_file, path, now=now, day=day, dry_run=dry_run) for path in options["file"]]
    sources = configured_sources()
    if options["source"]:
        sources = {options["source"]: sources[options["source"]]}
    wanted = [(source, day) for source in sources.values()] if day else plan(now.date(), sources)
    return [partial(read_source, source, one, now=now, dry_run=dry_run) for source, one in wanted]


def _run(jobs: Sequence[Job], *, quiet: bool) -> Iterator[Reading]:
    """Run the jobs one by one, with a progress bar on a terminal."""
    shown: Iterable[Job] = jobs
    if not quiet:
        shown = track(jobs, description="Reading", console=Console(stderr=True), transient=True)
    for job in shown:
        yield job()


def _line(reading: Reading) -> str:
    counts = "  ".join(f"{name} {getattr(reading, name)}" for name in _COUNTS)
    error = f"  {reading.error}" if reading.error else ""
    return f"{reading.source:<12} {reading.day}  {reading.outcome:<9}  {counts}{error}"


def _summary(reading: Reading) -> dict[str, Any]:
    return {
        "source": reading.source,
        "day": str(reading.day),
        "outcome": str(reading.outcome),
        **{name: getattr(reading, name) for name in _COUNTS},
        "error": reading.error,
    }


def _complain(readings: Sequence[Reading]) -> None:
    failed = [reading for reading in readings if reading.outcome == Reading.Outcome.FAILED]
    if failed:
        names = "\n".join(f"{reading.source} {reading.day}: {reading.error}" for reading in failed)
        raise CommandError(f"{len(failed)} of {len(readings)} readings failed:\n{names}")
