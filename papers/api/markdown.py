"""One paper as Markdown, at the address where Hugging Face's client library looks for it."""

import re

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from papers.api.endpoints import find
from papers.models import Paper
from papers.sharing import shared, stamp

# What begins HTML, unless it is escaped; and what makes a link, an image or a link's definition of words in brackets.
_LIVE = re.compile(r"(?<!\\)(?:\\\\)*<|(?<=\])[(:\[]")


@shared
def paper_markdown(request: HttpRequest, name: str) -> HttpResponse:
    """`/papers/2608.00001.md`, or `/papers/entry/7.md` where the paper has no arXiv id."""
    paper = find(name)
    if paper is None:
        raise Http404
    response = HttpResponse(as_markdown(paper), content_type="text/markdown; charset=utf-8")
    return stamp(response, paper.updated_at)


def as_markdown(paper: Paper) -> str:
    """Title, facts, links and abstract; text as it was printed, formulas included, without live HTML or links."""
    links = {
        "arXiv": paper.abstract_url,
        "PDF": paper.pdf_url,
        "Code": paper.code_url,
        "Project": paper.project_url,
        settings.SITE_NAME: settings.SITE_URL + paper.get_absolute_url(),
    }
    parts = [
        f"# {_inert(paper.title)}",
        _inert(", ".join(paper.authors)),
        " · ".join(_inert(fact) for fact in _facts(paper)),
        "\n".join(f"- {name}: <{link}>" for name, link in links.items() if link),
        f"## Abstract\n\n{_inert(paper.abstract)}" if paper.abstract else "",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _facts(paper: Paper) -> list[str]:
    facts = [
        str(paper.published_on or ""),
        paper.organisation_name or paper.organisation,
        ", ".join(paper.categories),
        f"{paper.votes} votes" if paper.votes else "",
    ]
    return [fact for fact in facts if fact]


def _inert(text: str) -> str:
    return _LIVE.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", text)
