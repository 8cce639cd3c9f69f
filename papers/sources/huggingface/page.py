"""The HTML of huggingface.co/papers/date/<day>. Pure: bytes in, records out.

One Svelte island holds everything the page shows, as JSON in an attribute; the cards are a visual copy
without abstracts. The island has been there since 2023; only the key of its date was renamed.
"""

import re
from dataclasses import replace
from datetime import date
from typing import Any

from papers.sources.base import Batch, UnexpectedShape
from papers.sources.documents import load_html, load_json
from papers.sources.huggingface.api import parse_items

WHERE = "huggingface page"
ISLAND = "DailyPapers"

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T00:00:00(?:\.0+)?Z)?\Z")


def parse_page(body: bytes, *, day: date | None = None) -> Batch:
    """Read the island. Without it the answer is a challenge or an error page, never an empty day.

    A day not yet published is answered with the latest one, so with `day` given, a page of another day
    is refused. Nor is an empty page believed: only the API can say that a day has no papers.
    """
    props = _props(body)
    shown = _shown_day(props)
    if day and shown != day:
        raise UnexpectedShape(f"{WHERE}: asked for {day}, the page shows {shown or 'no single day'}")
    batch = parse_items(props.get("dailyPapers"), WHERE, "page", day=day)
    if not batch.records:
        raise UnexpectedShape(f"{WHERE}: no papers in the island")
    return replace(batch, day=shown, announces=shown is not None)


def _props(body: bytes) -> dict[str, Any]:
    # By attribute: the element around the island and its place on the page have both changed before.
    island = load_html(body, WHERE).select_one(f'[data-target="{ISLAND}"]')
    if island is None:
        raise UnexpectedShape(f"{WHERE}: no {ISLAND} island: a challenge, an error page or a new design")
    props = load_json(str(island.get("data-props", "")), WHERE)
    if not isinstance(props, dict):
        raise UnexpectedShape(f"{WHERE}: the island holds no object")
    return props


def _shown_day(props: dict[str, Any]) -> date | None:
    """`dateString` since 2026, `date` as midnight UTC before; None for a week, a month or a search."""
    if props.get("periodType", "day") != "day":
        return None
    match = _DAY.match(str(props.get("dateString") or props.get("date") or ""))
    if match is None:
        raise UnexpectedShape(f"{WHERE}: neither dateString nor date names a day")
    try:
        return date.fromisoformat(match[1])
    except ValueError:
        raise UnexpectedShape(f"{WHERE}: {match[1]} is no day") from None
