"""Many readers as a table, row by row, with flat memory: what an operator takes away as a file."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from subscriptions import keywords
from subscriptions.models import Subscriber
from subscriptions.preferences import Preferences

HEADINGS = (
    "id", "email", "status", "keywords", "frequency", "weekday", "hour", "zone", "max_papers", "language",
    "wants_quiet_note", "paused_until", "created_at", "confirmed_at", "left_at",
)  # fmt: skip
_AT_A_TIME = 2_000


def rows(readers: QuerySet[Subscriber]) -> Iterator[list[Any]]:
    """The headings, then the readers by number. What was exported can be imported."""
    yield list(HEADINGS)
    for reader in readers.order_by("pk").prefetch_related("interests").iterator(chunk_size=_AT_A_TIME):
        yield [_value(reader, name) for name in HEADINGS]


def write_json(table: Iterator[list[Any]]) -> Iterator[bytes]:
    """An array of objects."""
    headings = next(table)
    before = "[\n"
    for row in table:
        yield f"{before}{json.dumps(dict(zip(headings, row, strict=True)), ensure_ascii=False)}".encode()
        before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


def _value(reader: Subscriber, name: str) -> Any:
    if name == "keywords":
        return keywords.write(Preferences.of(reader).keywords)
    value = getattr(reader, name)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value if value is None or isinstance(value, bool | int) else str(value)
