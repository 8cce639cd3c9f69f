"""How a record changes what is known of a paper. Pure: the objects change, nothing is saved.

Snapshots arrive in any order and more than once, and only some say how old they are. So every rule is
one that gives the same paper whichever snapshot came first, and nothing new when one comes again:

- Numbers (votes, comments, stars, authors) and the version only grow; an early snapshot read late
  lowers nothing. The price: a vote taken back is not seen.
- arXiv's words (title, abstract, authors, categories) give way to the same or a newer version. A record
  without a version only fills gaps in a paper that has one.
- Where neither names a version, and for what only a community site says (organisation, keywords, code),
  the numbers are the clock: a snapshot with fewer votes or comments is an older one.
- Dates move back to the earliest. None and empty erase nothing.
- Words an editor put in place of a source's stay; what the sources say goes on beneath them.
"""

import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from papers.models import Listing, Paper
from papers.sources.base import PaperRecord
from papers.text import MAX_TITLE

_WORDS = ("title", "abstract", "authors", "categories")
_EXTRAS = ("organisation", "organisation_name", "keywords", "code_url", "project_url")
_NUMBERS = ("votes", "comments", "code_stars", "author_count", "version")


def title_key(title: str) -> str:
    """What makes two spellings of a title one: its letters and digits, folded. Never empty."""
    folded = unicodedata.normalize("NFKD", title).casefold()
    return ("".join(char for char in folded if char.isalnum()) or folded)[:MAX_TITLE]


def merge_paper(paper: Paper, record: PaperRecord, day: date | None) -> set[str]:
    """Change `paper` to what is known with `record`; return the fields that changed.

    `day` is the day on which a source listed it, None when the record merely describes it.
    """
    wanted: dict[str, Any] = {
        "arxiv_id": paper.arxiv_id or record.arxiv_id,
        "published_on": _earliest(paper.published_on, record.published_on),
        "featured_on": _earliest(paper.featured_on, day),
        "is_withdrawn": _is_withdrawn(paper, record),
        **{name: _highest(getattr(paper, name), getattr(record, name)) for name in _NUMBERS},
        **_preferred(paper, record, _WORDS, replace=_has_current_words(paper, record)),
        **_preferred(paper, record, _EXTRAS, replace=_has_current_numbers(paper, record)),
    }
    wanted["title_key"] = title_key(wanted["title"])
    # Last, and beneath: by the sources' title a paper is found again, and an editor's words are not theirs to change.
    wanted["source_words"] = {name: wanted.pop(name) for name in paper.source_words}
    return _assign(paper, wanted)


def merge_listing(listing: Listing, record: PaperRecord) -> set[str]:
    """Change a sighting likewise. Its rank is the one that went with the most votes, or the longer list."""
    wanted: dict[str, Any] = {"comments": _highest(listing.comments, record.comments)}
    if (record.votes or 0, record.rank or 0) > (listing.votes or 0, listing.rank or 0):
        wanted["rank"] = record.rank or listing.rank
    wanted["votes"] = _highest(listing.votes, record.votes)
    # A paper that is new in one category and a cross-list in another was announced as new.
    if record.section and (not listing.section or record.section == "new"):
        wanted["section"] = record.section
    return _assign(listing, wanted)


def _has_current_words(paper: Paper, record: PaperRecord) -> bool:
    if record.version is not None:
        return record.version >= (paper.version or 0)
    return paper.version is None and _has_current_numbers(paper, record)


def _has_current_numbers(paper: Paper, record: PaperRecord) -> bool:
    if record.votes is None or record.votes < paper.votes:
        return False
    return record.comments is None or record.comments >= paper.comments


def _is_withdrawn(paper: Paper, record: PaperRecord) -> bool:
    """A newer version that is not withdrawn brings a paper back; silence does not."""
    if record.withdrawn:
        return paper.is_withdrawn or _has_current_words(paper, record)
    return paper.is_withdrawn and not (record.version or 0) > (paper.version or 0)


def _preferred(paper: Paper, record: PaperRecord, names: tuple[str, ...], *, replace: bool) -> dict[str, Any]:
    chosen = {}
    for name in names:
        stored, said = paper.said(name), getattr(record, name)
        chosen[name] = (list(said) if isinstance(said, tuple) else said) if said and (replace or not stored) else stored
    return chosen


def _highest(stored: int | None, said: int | None) -> int | None:
    return max((number for number in (stored, said) if number is not None), default=None)


def _earliest(stored: date | None, said: date | None) -> date | None:
    return min((day for day in (stored, said) if day is not None), default=None)


def _assign(row: Paper | Listing, wanted: Mapping[str, Any]) -> set[str]:
    changed = {name for name, value in wanted.items() if getattr(row, name) != value}
    for name in changed:
        setattr(row, name, wanted[name])
    return changed
