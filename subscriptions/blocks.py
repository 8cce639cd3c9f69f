"""One paper as it stands in a mail, in text and HTML: rendered once a run, not once a reader."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.conf import settings
from django.utils.safestring import SafeString

from papers.models import Paper
from papers.text import MAX_NAME, MAX_TITLE, clean, clean_url
from subscriptions.parts import fill_html, fill_text
from subscriptions.wording import MAX_AUTHORS, byline, count_of, shorten


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


@dataclass(frozen=True, slots=True)
class Block:
    title: str
    text: str
    html: SafeString


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
    )


@lru_cache(maxsize=2048)
def paper_block(facts: Facts, abstract_length: int) -> Block:
    """The part of a paper's entry that is the same for every reader, its abstract cut near `abstract_length`."""
    title = clean(facts.title, MAX_TITLE) or "Untitled"
    abstract = clean(facts.abstract)
    excerpt = shorten(abstract, abstract_length)
    context = {
        "title": title,
        "byline": byline([clean(name, MAX_NAME) for name in facts.authors], facts.author_count),
        "organisation": clean(facts.organisation, MAX_NAME),
        "day": facts.day,
        "counts": [
            count_of(number, noun) for number, noun in ((facts.votes, "vote"), (facts.comments, "comment")) if number
        ],
        "abstract": excerpt,
        "ending": " …" if excerpt != abstract and not excerpt.endswith("…") else "",
        "is_cut": excerpt != abstract,
        "links": _links(facts),
    }
    return Block(title, fill_text("paper.txt", context), fill_html("paper.html", context))


def _links(facts: Facts) -> list[dict[str, str]]:
    code = clean_url(facts.code_url)
    named = (
        ("arXiv", clean_url(facts.arxiv_url)),
        ("PDF", clean_url(facts.pdf_url)),
        # Scraped, so to any host; a mail links to https only (STANDARDS M39).
        ("Code", code if code.startswith("https://") else ""),
        ("Details", facts.page_url),
    )
    return [{"label": label, "url": url} for label, url in named if url]
