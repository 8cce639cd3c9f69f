from datetime import date

import pytest

from papers.templatetags.papers import is_long, json_ld, marked, mentions, short_date

TODAY = date(2026, 8, 12)


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2026, 4, 1), "Apr 1"), (date(2024, 9, 3), "Sep 3, 2024"), (date(2026, 5, 20), "May 20"), (None, "")],
)
def test_short_date(day, expected):
    assert short_date(day, TODAY) == expected


@pytest.mark.parametrize(
    ("text", "terms", "expected"),
    [
        ("Grokking & grokking", ["grokking"], "<mark>Grokking</mark> &amp; <mark>grokking</mark>"),
        ("regrokking", ["grokking"], "regrokking"),
        ("a <b> c", ["<b>"], "a <mark>&lt;b&gt;</mark> c"),
        ("C++ and C", ["C", "C++"], "<mark>C++</mark> and <mark>C</mark>"),
        ("自然语言模型", ["语言"], "自然<mark>语言</mark>模型"),
        ("a.b axb", ["a.b"], "<mark>a.b</mark> axb"),
        ("<i>", [], "&lt;i&gt;"),
        ("<i>", "", "&lt;i&gt;"),
        ("abc", [""], "abc"),
    ],
)
def test_marked(text, terms, expected):
    assert marked(text, terms) == expected


def test_mentions():
    assert [mentions(["Ada", "Ben"], terms) for terms in (["Ben"], ["Chi"], "")] == [True, False, False]


def test_is_long():
    assert [is_long("x" * size) for size in (320, 321)] == [False, True]


def test_data_cannot_leave_its_block():
    assert json_ld({"name": "</script><!-- & é"}) == (
        '<script type="application/ld+json">{"name": "\\u003C/script\\u003E\\u003C!-- \\u0026 é"}</script>'
    )
