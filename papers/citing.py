"""How a paper is cited: BibTeX for people, schema.org for programs."""

import re
from typing import Any

from papers.models import Paper
from papers.search.normalise import fold
from papers.search.suggesting import is_telling

# https://www.bibtex.com/g/bibtex-format/ : what TeX would take for a command, where the text is not TeX already.
_SPECIAL = re.compile(r"(?<!\\)([&%#])")
_SPECIAL_IN_TEXT = re.compile(r"(?<!\\)([&%#$_])")
_CARET = re.compile(r"(?<!\\)\^")
_MATHS = re.compile(r"(?<!\\)(\$[^$]+(?<!\\)\$)")
_KEY = re.compile(r"[^a-z0-9]+")


def bibtex(paper: Paper, url: str) -> str:
    """An entry that BibTeX and BibLaTeX take. `url`: where the paper is found when it has no arXiv id."""
    fields = {
        "title": f"{{{_balanced(paper.title)}}}",
        "author": " and ".join(map(_author, paper.authors)),
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
    """Family name, year and first long word of the title that many titles do not begin with: doe2026grokking."""
    family = paper.authors[0].split()[-1:] if paper.authors else []
    long_words = [word for word in map(_letters, paper.title.split()) if len(word) > 3]
    words = list(filter(is_telling, long_words)) or long_words
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
    return _escaped(text if depth == 0 else re.sub(r"\\?[{}]", "", text))


def _escaped(text: str) -> str:
    """With a backslash before what has a meaning in TeX, in text or in $maths$."""
    parts = _MATHS.split(text)
    parts[1::2] = [_SPECIAL.sub(r"\\\1", maths) for maths in parts[1::2]]
    parts[::2] = [_CARET.sub(r"\\^{}", _SPECIAL_IN_TEXT.sub(r"\\\1", part)) for part in parts[::2]]
    return "".join(parts)


def _author(name: str) -> str:
    """In braces where BibTeX would see two authors, or turn the name round."""
    safe = _balanced(name)
    return f"{{{safe}}}" if "," in name or " and " in name.lower() else safe
