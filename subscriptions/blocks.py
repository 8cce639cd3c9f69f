"""One paper's entry in a digest. What many readers' mails share of it is rendered and encoded once a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import NamedTuple

from django.conf import settings
from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from papers.models import Paper
from papers.text import MAX_NAME, MAX_TITLE, clean, clean_url
from subscriptions.digest_links import Wishes
from subscriptions.encoding import Piece
from subscriptions.joining import Frame, room
from subscriptions.parts import Context, fill_page, fill_text
from subscriptions.wording import MAX_AUTHORS, byline, count_of, label, shorten

# Stand for what is put in later; papers.text.clean leaves none in any text.
_MORE, _LESS, _LABEL = "\x01", "\x02", "\x03"
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
class Why:
    """Why a paper is there, and, with the quoted title of a paper more of which was asked for, why it stands where."""

    found: tuple[Found, ...]
    alike: str = ""


class Block(NamedTuple):
    """Lines of both parts of a mail."""

    text: Sequence[Piece]
    html: Sequence[Piece]


@lru_cache(maxsize=2048)
def _path(arxiv_id: str | None, pk: int | None) -> str:
    return Paper(arxiv_id=arxiv_id, pk=pk).get_absolute_url()


_NOTHING = Block((), ())


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
        page_url=settings.SITE_URL + _path(paper.arxiv_id, paper.pk),
        is_pick=paper.is_pinned,
        pick_note=paper.pick_note,
    )


def title_of(facts: Facts) -> str:
    return clean(facts.title, MAX_TITLE) or _("Untitled")


def entry_block(facts: Facts, why: Why, wishes: Wishes, abstract_length: int) -> Block:
    """A paper, why it is there, and the links by which its reader asks for more or less of its kind."""
    language = get_language()
    rooms = (
        _paper_block(facts, abstract_length, language),
        _found_block(why, language) if why.found or why.alike else _NOTHING,
        _wishes_block(title_of(facts), wishes, language),
    )
    text, html = _entry_frames(language)
    return Block(text.join([block.text for block in rooms]).pieces, html.join([block.html for block in rooms]).pieces)


def paper_context(facts: Facts, abstract_length: int) -> Context:
    """What the templates `paper` are filled with, the abstract cut near `abstract_length`."""
    title, abstract, links = title_of(facts), clean(facts.abstract), _links(facts)
    excerpt = shorten(abstract, abstract_length)
    is_brief = abstract_length <= BRIEF
    return {
        "title": title,
        "label": label(title),
        "byline": byline([clean(name, MAX_NAME) for name in facts.authors], facts.author_count),
        "organisation": clean(facts.organisation, MAX_NAME),
        "numbers": _numbers(facts),
        "abstract": excerpt,
        "ending": "\xa0…" if excerpt != abstract and not excerpt.endswith("…") else "",
        "is_cut": excerpt != abstract and not is_brief,
        "links": _ends(links) if is_brief else links,
        "is_pick": facts.is_pick,
        "pick_note": clean(facts.pick_note),
    }


@lru_cache(maxsize=2048)
def _paper_block(facts: Facts, abstract_length: int, _language: str | None) -> Block:
    return _fill("paper", paper_context(facts, abstract_length))


# Few interests are many readers', so more of these than of papers.
@lru_cache(maxsize=8192)
def _found_block(why: Why, _language: str | None) -> Block:
    return _fill("found", {"found": why.found, "alike": why.alike})


def _fill(name: str, context: Context) -> Block:
    return Block([Piece.of(fill_text(f"{name}.txt", context))], [Piece.of(fill_page(f"{name}.html", context))])


def _wishes_block(title: str, wishes: Wishes, language: str | None) -> Block:
    """Its addresses are the reader's own, so it is put together rather than rendered."""
    text, html = _wishes_moulds(language)
    page = html.replace(_MORE, wishes.more).replace(_LESS, wishes.less).replace(_LABEL, escape(label(title)))
    return Block([Piece.of(text.replace(_MORE, wishes.more).replace(_LESS, wishes.less))], [Piece.of(page)])


@cache
def _wishes_moulds(_language: str | None) -> tuple[str, str]:
    context = {"feedback": Wishes(_MORE, _LESS), "label": _LABEL}
    return fill_text("feedback.txt", context), fill_page("feedback.html", context)


@cache
def _entry_frames(_language: str | None) -> tuple[Frame, Frame]:
    context = {"paper": room(0), "found": room(1), "feedback": room(2)}
    return Frame(fill_text("entry.txt", context)), Frame(fill_page("entry.html", context))


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
    return [text.replace(" ", "\xa0") for text in said if text]


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
