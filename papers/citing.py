"""How a paper is cited: BibTeX for people, schema.org for programs."""

import re
from typing import Any

from papers.models import Paper
from papers.search.normalise import fold

# https://www.bibtex.com/g/bibtex-format/ : what TeX would take for a command, where the text is not TeX already.
_SPECIAL = re.compile(r"(?<!\\)([&%#])")
_KEY = re.compile(r"[^a-z0-9]+")


def bibtex(paper: Paper, url: str) -> str:
    """An entry that BibTeX and BibLaTeX take. `url`: where the paper is found when it has no arXiv id."""
    fields = {
        "title": f"{{{_balanced(paper.title)}}}",
        "author": " and ".join(_balanced(name) for name in paper.authors),
        "year": str(paper.published_on.year) if paper.published_on else "",
        "eprint": paper.arxiv_id or "",
        "archivePrefix": "arXiv" if paper.arxiv_id else "",
        "primaryClass": paper.categories[0] if paper.arxiv_id and paper.categories else "",
        "url": paper.abstract_url or url,
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@misc{{{_key(paper)},\n" + ",\n".join(lines) + "\n}"


def linked_data(paper: Paper, url: str) -> dict[str, Any]:
    """The paper as a schema.org ScholarlyArticle."""
    facts = {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "headline": paper.title,
        "abstract": paper.abstract,
        "url": url,
        "sameAs": paper.abstract_url,
        "datePublished": paper.published_on.isoformat() if paper.published_on else "",
        "author": [{"@type": "Person", "name": name} for name in paper.authors],
        "sourceOrganization": _organisation(paper),
        "keywords": list(paper.keywords),
        "identifier": f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else "",
    }
    return {name: value for name, value in facts.items() if value}


def _organisation(paper: Paper) -> dict[str, str] | None:
    name = paper.organisation_name or paper.organisation
    return {"@type": "Organization", "name": name} if name else None


def _key(paper: Paper) -> str:
    """Family name, year and first long word of the title: doe2026grokking."""
    family = paper.authors[0].split()[-1:] if paper.authors else []
    words = [word for word in map(_letters, paper.title.split()) if len(word) > 3]
    year = str(paper.published_on.year) if paper.published_on else ""
    return "".join([*map(_letters, family), year, *words[:1]]) or f"paper{paper.pk}"


def _letters(word: str) -> str:
    return _KEY.sub("", fold(word))


def _balanced(text: str) -> str:
    """Braces only where every one has its other; else the entry would never end."""
    depth = 0
    for character in re.sub(r"\\[{}]", "", text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            break
    safe = text if depth == 0 else re.sub(r"\\?[{}]", "", text)
    return _SPECIAL.sub(r"\\\1", safe)
