"""Recognise a saved response by its content, whatever its name, and parse it. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from papers.sources.arxiv import atom, listing, rss
from papers.sources.base import MAX_BYTES, Batch, UnexpectedShape
from papers.sources.documents import decode
from papers.sources.huggingface import api, page, text

_DAY = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
_LISTING = re.compile(
    r"class\s*=\s*['\"]?list-title|Showing new listings for|Catchup results for|No updates (?:today|for)"
)


@dataclass(frozen=True)
class _Format:
    """`looks_like` sees the whole text, stripped; `parse` gets the bytes and the day in the file's name."""

    name: str
    source: str
    looks_like: Callable[[str], bool]
    parse: Callable[[bytes, date | None], Batch]


# In this order: the first that looks like it is it.
_FORMATS = (
    _Format(
        "a Hugging Face API array",
        "huggingface",
        lambda content: content.startswith("["),
        lambda body, _: api.parse_api(body),
    ),
    _Format(
        "an arXiv RSS feed",
        "arxiv",
        lambda content: content.startswith("<") and "<rss" in content[:1000],
        lambda body, _: rss.parse_feed(body),
    ),
    _Format(
        "an answer of arXiv's query API",
        "arxiv",
        lambda content: content.startswith("<") and "<feed" in content[:1000] and "totalResults" in content,
        lambda body, _: atom.parse_query(body).batch,
    ),
    _Format(
        "an arXiv Atom feed",
        "arxiv",
        lambda content: content.startswith("<") and "<feed" in content[:1000],
        lambda body, _: rss.parse_feed(body),
    ),
    _Format(
        "a Hugging Face page",
        "huggingface",
        lambda content: content.startswith("<") and f'data-target="{page.ISLAND}"' in content,
        lambda body, _: page.parse_page(body),
    ),
    _Format(
        "an arXiv listing page",
        "arxiv",
        lambda content: content.startswith("<") and _LISTING.search(content) is not None,
        lambda body, _: listing.parse_listing(body).batch,
    ),
    _Format(
        "a Hugging Face page saved as plain text",
        "huggingface",
        lambda content: not content.startswith("<") and text.is_listing(content),
        lambda body, named: text.parse_text(body, saved_on=named),
    ),
)


def parse_saved(body: bytes, *, name: str = "") -> tuple[str, Batch]:
    """Return the source's slug and what the response held.

    A date in `name`, such as `2025-01-22__at_0416.json`, is the day where an API array itself names none,
    and the day a plain text was saved on. Raises UnexpectedShape when the response is none of the known
    formats, or one of them and broken.
    """
    if len(body) > MAX_BYTES:
        raise UnexpectedShape(f"{len(body):,} bytes: no listing is longer than {MAX_BYTES:,}")
    content = decode(body).strip()
    named = named_day(name)
    for known in _FORMATS:
        if known.looks_like(content):
            batch = known.parse(body, named)
            return known.source, replace(batch, day=batch.day or (named if batch.route == "api" else None))
    names = ", ".join(known.name for known in _FORMATS)
    raise UnexpectedShape(f"{name or 'the response'} is none of the known formats: {names}")


def named_day(name: str) -> date | None:
    for match in _DAY.finditer(name):
        try:
            return date.fromisoformat(match[0])
        except ValueError:
            continue
    return None
