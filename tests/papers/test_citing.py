from datetime import date

import pytest

from papers.citing import bibtex, linked_data
from papers.models import Paper

URL = "https://papers.example.org/papers/2608.00001"


def test_entry_in_full():
    paper = Paper(
        arxiv_id="2608.00001",
        title="The Grokking of $x_i$ & 50% of {C}ircuits",
        authors=["Ada Bécquer Example", "Ben Sample"],
        categories=["cs.LG", "stat.ML"],
        published_on=date(2026, 8, 11),
    )

    assert bibtex(paper, URL) == (
        "@misc{example2026grokking,\n"
        "  title = {{The Grokking of $x_i$ \\& 50\\% of {C}ircuits}},\n"
        "  author = {Ada Bécquer Example and Ben Sample},\n"
        "  year = {2026},\n"
        "  eprint = {2608.00001},\n"
        "  archivePrefix = {arXiv},\n"
        "  primaryClass = {cs.LG},\n"
        "  url = {https://arxiv.org/abs/2608.00001}\n"
        "}"
    )


def test_entry_of_a_paper_known_by_title_only():
    assert bibtex(Paper(pk=7, title="AI"), URL) == f"@misc{{paper7,\n  title = {{{{AI}}}},\n  url = {{{URL}}}\n}}"


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("a { b", "a  b"),
        ("a } b { c", "a  b  c"),
        ("a \\{ b", "a \\{ b"),
        ("{a} {b}", "{a} {b}"),
        ("50\\% done", "50\\% done"),
        ("C# & #1", "C\\# \\& \\#1"),
        ("B\\^{a}le", "B\\^{a}le"),
        ("R^3 on $60 GPUs", "R\\^{}3 on \\$60 GPUs"),
        ("N_0 is $N_0 & 5%$", "N\\_0 is $N_0 \\& 5\\%$"),
        ("\\$5 & \\$6_a", "\\$5 \\& \\$6\\_a"),
    ],
)
def test_title_never_breaks_the_entry(title, written):
    assert f"title = {{{{{written}}}}}," in bibtex(Paper(title=title), URL)


def test_entry_of_names_that_look_like_two():
    paper = Paper(pk=7, title="AI", authors=["Ada Example", "The Sample and Example Team", "Doe, Jane"])

    assert "author = {Ada Example and {The Sample and Example Team} and {Doe, Jane}}," in bibtex(paper, URL)


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("From Grokking to Circuits", "example2026grokking"),
        ("Towards Efficient Wörter", "example2026worter"),
        ("Beyond That", "example2026beyond"),
    ],
)
def test_key_takes_a_word_that_tells_the_paper_from_others(title, key):
    paper = Paper(title=title, authors=["Ada Example"], published_on=date(2026, 8, 11))

    assert bibtex(paper, URL).startswith(f"@misc{{{key},")


def test_linked_data_leaves_out_what_is_not_known():
    assert linked_data(Paper(title="AI"), URL) == {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "headline": "AI",
        "url": URL,
    }


def test_linked_data_in_full():
    paper = Paper(
        arxiv_id="2608.00001",
        title="AI",
        abstract="Late.",
        authors=["Ada Example"],
        organisation="sampleu",
        keywords=["circuits"],
        published_on=date(2026, 8, 11),
    )

    assert linked_data(paper, URL) == {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "headline": "AI",
        "abstract": "Late.",
        "url": URL,
        "sameAs": "https://arxiv.org/abs/2608.00001",
        "datePublished": "2026-08-11",
        "author": [{"@type": "Person", "name": "Ada Example"}],
        "sourceOrganization": {"@type": "Organization", "name": "sampleu"},
        "keywords": ["circuits"],
        "identifier": "arXiv:2608.00001",
    }
