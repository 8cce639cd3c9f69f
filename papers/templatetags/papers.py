"""How papers are printed."""

import json
import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from papers.models import Announcement, Paper

register = template.Library()

# A shorter abstract is shown whole.
FOLDED_FROM = 320
# What a browser would take for the end of the data, or for markup within it.
_IN_SCRIPT = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


@register.filter
def short_date(day: date | None, today: date) -> str:
    """In English `Apr 1` in the running year, `Sep 3, 2024` in any other; nothing for no date."""
    if day is None:
        return ""
    return date_format(day, _("M j") if day.year == today.year else _("M j, Y"), use_l10n=False)


@register.filter
def marked(text: str, terms: Iterable[str]) -> SafeString:
    """The text with every occurrence of the terms in <mark>; all of it escaped."""
    wanted = sorted({term for term in terms or () if term}, key=len, reverse=True)
    if not wanted:
        return conditional_escape(str(text))
    pieces = re.split(f"({'|'.join(map(_whole, wanted))})", str(text), flags=re.IGNORECASE)
    shown = (format_html("<mark>{}</mark>", piece) if at % 2 else conditional_escape(piece)
             for at, piece in enumerate(pieces))  # fmt: skip
    return mark_safe("".join(shown))  # noqa: S308 -- each piece was escaped


@register.filter
def mentions(names: Iterable[str], terms: Iterable[str]) -> bool:
    """Whether one of the names is one of the terms."""
    return not set(names).isdisjoint(terms or ())


@register.filter
def is_long(abstract: str) -> bool:
    return len(abstract) > FOLDED_FROM


@register.filter
def json_ld(data: dict[str, Any]) -> SafeString:
    """A block of data for programs. Never run, so the content policy lets it stand."""
    written = json.dumps(data, ensure_ascii=False).translate(_IN_SCRIPT)
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(written))  # noqa: S308 -- as above


@register.inclusion_tag("papers/_byline.html")
def byline(paper: Paper, most: int, *, folds: bool = False) -> dict[str, Any]:
    """The first `most` authors, how many more there are (opening to their names, if it `folds`), the organisation."""
    count = max(paper.author_count or 0, len(paper.authors))
    return {
        "names": paper.authors[:most],
        "more": count - len(paper.authors[:most]),
        "rest": paper.authors[most:] if folds else [],
        "unnamed": count - len(paper.authors),
        "organisation": paper.organisation_name or paper.organisation,
    }


@register.inclusion_tag("papers/_authors.html")
def authors(paper: Paper, terms: Iterable[str] = ()) -> dict[str, Any]:
    """How many authors, opening to their names; and the organisation. Open where a name was searched for."""
    count = max(paper.author_count or 0, len(paper.authors))
    return {
        "names": paper.authors,
        "count": count,
        "more": count - len(paper.authors),
        "organisation": paper.organisation_name or paper.organisation,
        "terms": terms,
    }


@register.inclusion_tag("papers/_announcements.html")
def announcements(today: date) -> dict[str, Any]:
    """What the editors tell all readers today."""
    return {"announcements": list(Announcement.objects.current(today))}


def _whole(term: str) -> str:
    """The term where it is not part of a longer word; Chinese and the like has no such borders."""
    before = r"(?<![A-Za-z0-9])" if term[0].isascii() and term[0].isalnum() else ""
    after = r"(?![A-Za-z0-9])" if term[-1].isascii() and term[-1].isalnum() else ""
    return before + re.escape(term) + after
