"""How papers are printed."""

from datetime import date
from typing import Any

from django import template
from django.utils.formats import date_format

from papers.models import Paper

register = template.Library()


@register.filter
def short_date(day: date | None, today: date) -> str:
    """`Apr 1` in the running year, `Sep 3, 2024` in any other; nothing for no date."""
    if day is None:
        return ""
    return date_format(day, "M j" if day.year == today.year else "M j, Y", use_l10n=False)


@register.inclusion_tag("papers/_byline.html")
def byline(paper: Paper, most: int = 0) -> dict[str, Any]:
    """The authors, the first `most` of them (0: all) and how many more there are, and the organisation."""
    names = paper.authors[:most] if most else paper.authors
    return {
        "names": names,
        "more": max(paper.author_count or 0, len(paper.authors)) - len(names),
        "organisation": paper.organisation_name or paper.organisation,
    }
