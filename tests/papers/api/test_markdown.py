"""A paper as Markdown: whatever a source says, no link, image, HTML or block of its own making comes out."""

import re

import pytest
from markdown_it import MarkdownIt

from tests.factories import make_paper

pytestmark = pytest.mark.django_db

LINK = re.compile(r'<a href="([^"]*)"')
HOSTILE = [
    "[click](javascript:alert(1))",
    "![pixel](http://evil.example/x.png)",
    "[click][x] [x]: http://evil.example",
    "[x]: http://evil.example",
    "<http://evil.example>",
    "<script>alert(1)</script>",
    "\\<script>alert(1)</script> \\\\<img src=x>",
    "![a][x] `](http://evil.example)`",
    "\\[click](http://evil.example)",
    "[click]\\\\(http://evil.example)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_words_of_a_source_stay_words(client, text):
    make_paper(1, title=f"[x] {text}", authors=[text], abstract=text, organisation=text)

    said = client.get("/papers/2608.00001.md").text
    html = MarkdownIt("commonmark").render(said)

    assert LINK.findall(html) == [
        "https://arxiv.org/abs/2608.00001",
        "https://arxiv.org/pdf/2608.00001",
        "http://127.0.0.1:8000/papers/2608.00001",
    ]
    assert "<script" not in html
    assert "<img" not in html


def test_formulas_are_left_as_they_were_printed(client):
    make_paper(1, abstract=r"For $x_i \in [0,1]$ and $\{a\} < \mathcal{O}(n)$, see [1] and (2).")

    said = client.get("/papers/2608.00001.md").text

    assert said.endswith(r"For $x_i \in [0,1]$ and $\{a\} \< \mathcal{O}(n)$, see [1] and (2)." + "\n")
