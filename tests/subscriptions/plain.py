"""A digest rendered the straightforward way: every template anew for every reader, the page in one piece."""

from collections.abc import Sequence
from itertools import groupby

from django.utils.safestring import mark_safe

from subscriptions import issue
from subscriptions.blocks import paper_context, title_of
from subscriptions.encoding import Body
from subscriptions.issue import ABSTRACT_LENGTHS, MAX_HTML, Addresses, Entry
from subscriptions.models import Digest, DigestItem, Interest
from subscriptions.parts import fill_page, fill_subject, fill_text
from subscriptions.wording import label


def render_plainly(
    digest: Digest, items: Sequence[DigestItem], interests: Sequence[Interest], addresses: Addresses
) -> tuple[str, str, str]:
    """Subject, text and HTML."""
    entries = [entry for item in items if (entry := issue._entry(item, addresses))]
    context = issue._context(digest, interests, addresses) | issue._headlines(digest, entries, names_interests=True)
    shown, lengths = len(entries), iter(ABSTRACT_LENGTHS)
    length = next(lengths)
    while (size := Body.of(html := _fill(fill_page, "html", entries, shown, length, context)).size) > MAX_HTML:
        if (shorter := next(lengths, None)) is None:
            shown = max(1, min(shown - 1, shown * MAX_HTML // size))
        else:
            length = shorter
    return fill_subject("digest", context), _fill(fill_text, "txt", entries, shown, length, context), html


def _fill(fill, ending: str, entries: list[Entry], shown: int, length: int, context: dict) -> str:
    sections = [
        {
            "heading": issue._section_heading(section, entries),
            "room": mark_safe("\n".join(_entry(fill, ending, entry, length) for entry in group)),
        }
        for section, group in groupby(entries[:shown], key=lambda entry: entry.section)
    ]
    return fill(f"digest.{ending}", context | {"sections": sections, "left_out": len(entries) - shown})


def _entry(fill, ending: str, entry: Entry, length: int) -> str:
    def part(name: str, context: dict) -> str:
        return mark_safe(fill(f"{name}.{ending}", context).rstrip("\n"))

    why = entry.why
    context = {
        "paper": part("paper", paper_context(entry.facts, length)),
        "found": part("found", {"found": why.found, "alike": why.alike}) if why.found or why.alike else "",
        "feedback": part("feedback", {"feedback": entry.wishes, "label": label(title_of(entry.facts))}),
    }
    return fill(f"entry.{ending}", context)
