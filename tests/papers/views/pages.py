"""What tests of pages have in common: papers that are listed, and how to read a page."""

import re
from datetime import date
from typing import Any

from papers.models import Listing, Paper
from tests.factories import make_paper

DAY = date(2026, 8, 12)


def list_paper(number: int = 1, *, day: date = DAY, source: str = "huggingface", **fields: Any) -> Paper:
    paper = make_paper(number, **{"featured_on": day} | fields)
    Listing.objects.create(paper=paper, source=source, day=day, rank=number, votes=fields.get("votes"))
    return paper


def titles(response: Any) -> list[str]:
    return re.findall(r'<h2 id="paper-\d+"\s+dir="auto">\s*<a href="[^"]+">(.*?)</a>', response.text)


def hrefs(response: Any) -> list[str]:
    return re.findall(r'href="([^"]+)"', response.text)


def text(response: Any) -> str:
    """The words of the page's main part, without the invitation to subscribe."""
    main = re.sub(r'(?s)<form class="banner.*?</form>', "", response.text.partition("<main")[2].partition("</main>")[0])
    return " ".join(re.sub(r"<[^>]+>", " ", main.partition(">")[2]).split())
