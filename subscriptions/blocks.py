"""What many readers' mails share, a paper and the words that found it: rendered and encoded once a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from papers.models import Paper
from papers.text import MAX_NAME, MAX_TITLE, clean, clean_url
from subscriptions.encoding import Piece
from subscriptions.parts import Context, fill_page, fill_text
from subscriptions.wording import MAX_AUTHORS, byline, count_of, label, shorten

BRIEF = 120  # with an abstract cut at this, room is so short that two links must do


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What a block is made of, as the row holds it. Equal facts, equal block: it is the cache's key."""

    title: str
    abstract: str
    authors: tuple[str, ...]
    author_count: int
    organisation: str
    day: date | None
    votes: int
    comments: int
    arxiv_url: str
    pdf_url: str
    code_url: str
    page_url: str
    is_pick: bool
    pick_note: str


@dataclass(frozen=True, slots=True)
class Found:
    """An interest that found a paper; `words`, where what stands in the paper differs from it."""

    interest: str
    words: str


@dataclass(frozen=True, slots=True)
class Block:
    text: Piece
    html: Piece


def facts_of(paper: Paper) -> Facts:
    """Take from a row what its block shows; works on rows that were never saved."""
    return Facts(
        title=paper.title,
        abstract=paper.abstract,
        authors=tuple(paper.authors[:MAX_AUTHORS]),
        author_count=max(paper.author_count or 0, len(paper.authors)),
        organisation=paper.organisation_name or paper.organisation,
        day=paper.published_on or paper.featured_on,
        votes=paper.votes,
        comments=paper.comments,
        arxiv_url=paper.abstract_url,
        pdf_url=paper.pdf_url,
        code_url=paper.code_url,
        page_url=settings.SITE_URL + paper.get_absolute_url(),
        is_pick=paper.is_pinned,
        pick_note=paper.pick_note,
    )


def title_of(facts: Facts) -> str:
    return clean(facts.title, MAX_TITLE) or _("Untitled")


def paper_block(facts: Facts, abstract_length: int) -> Block:
    """The part of a paper's entry that is the same for every reader, its abstract cut near `abstract_length`."""
    return _paper_block(facts, abstract_length, get_language())


def found_block(found: Sequence[Found]) -> Block:
    """The interests that found a paper, and the words they found."""
    return _found_block(tuple(found), get_language())


@lru_cache(maxsize=2048)
def _paper_block(facts: Facts, abstract_length: int, _language: str | None) -> Block:
    title, abstract, links = title_of(facts), clean(facts.abstract), _links(facts)
    excerpt = shorten(abstract, abstract_length)
    is_brief = abstract_length <= BRIEF
    context = {
        "title": title,
        "label": label(title),
        "byline": byline([clean(name, MAX_NAME) for name in facts.authors], facts.author_count),
        "organisation": clean(facts.organisation, MAX_NAME),
        "numbers": _numbers(facts),
        "abstract": excerpt,
        "ending": " …" if excerpt != abstract and not excerpt.endswith("…") else "",
        "is_cut": excerpt != abstract and not is_brief,
        "links": _ends(links) if is_brief else links,
        "is_pick": facts.is_pick,
        "pick_note": clean(facts.pick_note),
    }
    return _fill("paper", context)


# Few interests are many readers', so more of these than of papers.
@lru_cache(maxsize=8192)
def _found_block(found: tuple[Found, ...], _language: str | None) -> Block:
    return _fill("found", {"found": found})


def _fill(name: str, context: Context) -> Block:
    return Block(Piece.of(fill_text(f"{name}.txt", context)), Piece.of(fill_page(f"{name}.html", context)))


def _ends(links: list[dict[str, str]]) -> list[dict[str, str]]:
    return [links[0], links[-1]] if len(links) > 1 else links


def _numbers(facts: Facts) -> list[str]:
    """Its date, votes and comments, as far as they say something."""
    votes, comments = facts.votes, facts.comments
    said = [
        facts.day and date_format(facts.day, pgettext("format of a day", "j F Y")),
        votes and count_of(votes, ngettext("%(count)s vote", "%(count)s votes", votes)),
        comments and count_of(comments, ngettext("%(count)s comment", "%(count)s comments", comments)),
    ]
    return [str(text) for text in said if text]


def _links(facts: Facts) -> list[dict[str, str]]:
    code = clean_url(facts.code_url)
    named = (
        (_("Abstract"), clean_url(facts.arxiv_url)),
        (_("PDF"), clean_url(facts.pdf_url)),
        # Scraped, so to any host; a mail links to https only (STANDARDS M39).
        (_("Code"), code if code.startswith("https://") else ""),
        (_("On our site"), facts.page_url),
    )
    return [{"label": label, "url": url} for label, url in named if url]
