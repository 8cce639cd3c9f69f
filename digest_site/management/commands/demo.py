"""The whole product on sample papers: what `make demo` runs."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from digest_site.demo import isolation, morning, report
from digest_site.demo.readers import READERS
from digest_site.demo.samples import sample_days
from digest_site.demo.upstream import serving


class Command(BaseCommand):
    help = (
        "See the whole product work on invented papers: read, sign up, compose, deliver. Mails land in the outbox "
        "folder. Uses a database of its own, and nothing of yours; a second run sends nothing twice."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--in-place",
            action="store_true",
            help="play in this process, whose settings must be the demo's own (the command adds it itself)",
        )

    def handle(self, *, in_place: bool, no_color: bool, **options: Any) -> None:
        if not in_place:
            isolation.restart(["demo", "--in-place", *(["--no-color"] if no_color else [])])
        if foreign := isolation.foreign_settings():
            raise CommandError(f"The demo plays with its own settings only; these are not: {', '.join(foreign)}.")
        path = report.shown(isolation.database_path(settings.DATA_DIR))
        try:
            for part in play(timezone.now().date()):
                self._print(part)
        except morning.DemoFailed as error:
            raise CommandError(f"{error} To start afresh, remove {path}*.") from error
        except DatabaseError as error:
            raise CommandError(f"{path} cannot be used: {error}. To start afresh, remove {path}*.") from error
        except OSError as error:
            raise CommandError(f"The demo cannot go on: {error}.") from error

    def _print(self, part: str) -> None:
        """Print at once, headings in bold where the terminal can: they are the lines that are not indented."""
        for line in part.split("\n"):
            self.stdout.write(line if line.startswith(" ") else line and self.style.MIGRATE_LABEL(line))
        self.stdout.flush()


def play(today: date) -> Iterator[str]:
    """Play the morning; yield what to print as it goes."""
    call_command("migrate", verbosity=0)
    day = morning.day_of(today)
    yield report.opening(day)
    with serving(day) as base_url:
        yield f"\n{report.reading_heading(base_url)}"
        yield from map(report.reading, morning.read_papers(base_url, day))
    yield report.reading_total()
    if new := morning.subscribe(READERS, day):
        yield f"\n{report.signed_up(READERS, new)}"
    if sent := morning.deliver(READERS, day):
        yield f"\n{report.sent(sent)}"
    else:
        yield f"\n{report.nothing_new(READERS, day, sample_days(today)[-1])}"
    yield f"\n{report.next_steps()}"
