"""Recognise a saved response by its content, whatever its name, and parse it. Pure."""

import re
from dataclasses import replace
from datetime import date

from papers.sources.base import MAX_BYTES, Batch, UnexpectedShape
from papers.sources.documents import decode
from papers.sources.huggingface import api, page, text

KNOWN = "a Hugging Face API array, a Hugging Face page (HTML or plain text)"
_DAY = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")


def parse_saved(body: bytes, *, name: str = "") -> tuple[str, Batch]:
    """Return the source's slug and what the response held.

    A date in `name`, such as `2025-01-22__at_0416.json`, is the day where the response itself names none.
    Raises UnexpectedShape when it is none of the known formats, or one of them and broken.
    """
    if len(body) > MAX_BYTES:
        raise UnexpectedShape(f"{len(body):,} bytes: no listing is longer than {MAX_BYTES:,}")
    content = decode(body).strip()
    named = _named_day(name)
    if content.startswith("["):
        batch = api.parse_api(body)
        return "huggingface", replace(batch, day=batch.day or named)
    if content.startswith("<") and page.ISLAND in content:
        return "huggingface", page.parse_page(body)
    if text.is_listing(content):
        return "huggingface", text.parse_text(body, saved_on=named)
    raise UnexpectedShape(f"{name or 'This'} is none of the known formats: {KNOWN}")


def _named_day(name: str) -> date | None:
    for match in _DAY.finditer(name):
        try:
            return date.fromisoformat(match[0])
        except ValueError:
            continue
    return None
