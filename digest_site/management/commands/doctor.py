"""Examine this installation, and say what to do about what is wrong."""

import json
import sys
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from digest_site.doctor import Finding, Level, examine
from digest_site.logs import escape

COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.FAILED: "bold red", Level.NOT_CHECKED: "dim"}


class Command(BaseCommand):
    help = "Examine settings, database, broker, mail, DNS, clocks and disk; exit code 1 when something failed."
    # The examination says itself what checks and migrations say, and goes on.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(examine(timezone.now()))
        if options["json"]:
            body = {"ok": not _has_failed(findings), "findings": [each.as_dict() for each in findings]}
            self.stdout.write(json.dumps(body, indent=2))
        else:
            stream = cast("IO[str]", self.stdout._out)  # noqa: SLF001 -- itself: rich asks it whether it is a terminal
            Console(file=stream, highlight=False).print(table(findings))
        if _has_failed(findings):
            sys.exit(1)


def table(findings: list[Finding]) -> Table:
    grid = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("check", "", "found", "what to do"):
        grid.add_column(heading, overflow="fold")
    for each in findings:
        state = f"[{COLOURS[each.level]}]{each.level}[/]"
        grid.add_row(each.check, state, _plain(each.words), _plain(each.hint))
    return grid


def _plain(text: str) -> str:
    return escape(text).replace("[", r"\[")


def _has_failed(findings: list[Finding]) -> bool:
    return any(each.level == Level.FAILED for each in findings)
