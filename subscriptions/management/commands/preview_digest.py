"""Show the digest that some interests would bring. Sends nothing, writes nothing."""

import json
from argparse import ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date

from papers.models import Listing, Paper
from papers.search import QueryError, parse
from subscriptions.composing import compose_preview
from subscriptions.drafting import Draft
from subscriptions.models import Digest, Interest
from subscriptions.models.subscriber import MAX_PAPERS
from subscriptions.rendering import render_preview


class Command(BaseCommand):
    help = "Print the digest these interests would bring, without any: what is trending. Sends nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--interest", action="append", default=[], metavar="WORDS", help="may be given repeatedly")
        parser.add_argument("--day", metavar="D", help="a day with listings, such as 2026-05-04; default: the last one")
        parser.add_argument("--max-papers", type=_number, default=10, metavar="N", help="at most so many; default: 10")
        parser.add_argument("--format", choices=["text", "html", "eml", "json"], default="text")

    def handle(self, *args: Any, interest: list[str], day: str | None, **options: Any) -> None:
        interests = [_read(text) for text in interest]
        listed_on = _day(day) if day else _last_day()
        papers = list(Paper.objects.visible().listed_on(listed_on))
        if not papers:
            raise CommandError(f"No papers are listed on {listed_on}: read them with manage.py read_papers --day.")
        draft = compose_preview(interests, papers, timezone.now(), max_papers=options["max_papers"])
        _digest(draft).edition = listed_on
        self.stdout.write(_print(draft, interests, options["format"]))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= MAX_PAPERS):
        raise ArgumentTypeError(f"{text!r} is no number from 1 to {MAX_PAPERS}")
    return int(text)


def _read(text: str) -> Interest:
    try:
        return Interest(text=text, normal=parse(text).normal)
    except QueryError as error:
        raise CommandError(f"--interest {text!r}: {error}") from error


def _day(text: str) -> date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise CommandError(f"--day {text!r} is no date: write for example --day 2026-05-04.")
    return day


def _last_day() -> date:
    last = Listing.objects.order_by("-day").values_list("day", flat=True).first()
    if last is None:
        raise CommandError("There are no papers yet: read some with manage.py read_papers.")
    return last


def _digest(draft: Draft) -> Digest:
    assert draft.digest is not None  # noqa: S101 -- a preview always has one
    return draft.digest


def _print(draft: Draft, interests: list[Interest], form: str) -> str:
    if form == "json":
        return json.dumps(_facts(draft), ensure_ascii=False, indent=2)
    message = render_preview(_digest(draft), draft.items, interests, to="reader@example.org", now=draft.due_at)
    if form == "eml":
        return str(message.message().as_string())
    return message.html if form == "html" else f"Subject: {message.subject}\n\n{message.body}"


def _facts(draft: Draft) -> dict[str, Any]:
    digest = _digest(draft)
    papers = [
        {"id": item.paper.arxiv_id or item.paper.pk, "title": item.paper.title, "score": item.score}
        | {"section": item.section, "reasons": item.reasons}
        for item in draft.items
    ]
    return {"considered": digest.considered, "matched": digest.matched, "reason": digest.reason, "papers": papers}
