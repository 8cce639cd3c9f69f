"""manage.py delivery_report: what was due, and what became of it."""

import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from subscriptions.editions import HORIZON, Tally, tally
from subscriptions.models import Digest, Edition

COLUMNS = ("due", "accepted", "failed", "cancelled", "unknown", "skipped", "open", "uncomposed")


class Command(BaseCommand):
    help = "Show, for each edition, how many digests were due and what became of them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--edition", metavar="DAY", help="one edition, as YYYY-MM-DD; else the last 30 days")
        parser.add_argument("--json", action="store_true", help="one line of JSON")

    def handle(self, *args: Any, edition: str | None, json: bool, **options: Any) -> None:
        now = timezone.now()
        days = [_parse(edition)] if edition else _recent(now.date())
        closed = dict(Edition.objects.filter(day__in=days).values_list("day", "closed_at"))
        rows = [(day, counts, closed.get(day) is not None) for day, counts in tally(days, now).items()]
        self.stdout.write(_as_json(rows) if json else _as_table(rows))


def _parse(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text!r} is no day: write it as 2026-08-12.") from error


def _recent(today: date) -> list[date]:
    days = Digest.objects.filter(edition__gte=today - HORIZON).order_by("edition")
    return list(days.values_list("edition", flat=True).distinct())


def _as_json(rows: list[tuple[date, Tally, bool]]) -> str:
    return json.dumps(
        {
            "editions": [
                {"edition": day.isoformat(), **counts.as_dict(), "balanced": counts.is_balanced, "closed": closed}
                for day, counts, closed in rows
            ]
        }
    )


def _as_table(rows: list[tuple[date, Tally, bool]]) -> str:
    if not rows:
        return "No digest was due in the last 30 days."
    lines = ["edition     " + "  ".join(f"{name:>10}" for name in COLUMNS) + "  state"]
    for day, counts, closed in rows:
        numbers = "  ".join(f"{counts.as_dict()[name]:>10}" for name in COLUMNS)
        state = "closed" if closed else "balanced" if counts.is_balanced else "open"
        lines.append(f"{day}  {numbers}  {state}")
    return "\n".join(lines)
