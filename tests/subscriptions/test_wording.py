from datetime import timedelta

import pytest
from django.utils.translation import ngettext

from subscriptions.wording import WIDTH, byline, columns, count_of, fold, label, lifetime, shorten, topics


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("Short enough.", 13, "Short enough."),
        ("One thing holds. Another thing does not hold at all.", 30, "One thing holds."),
        ("It holds, e.g. For rings. And then there is more of it.", 40, "It holds, e.g. For rings."),
        ("By Example et al. We show that this goes on and on.", 30, "By Example et al. We show…"),
        ("Version 2.5 is small. but this is no new sentence here", 40, "Version 2.5 is small. but this is no…"),
        ("“It ends.” Then it goes on for a while.", 18, "“It ends.”"),
        ("No end in sight, only one long breath", 20, "No end in sight…"),
        ("一二三四五六。七八九十", 9, "一二三四五六。"),
        ("x" * 40, 10, "x" * 9 + "…"),
    ],
)
def test_shorten_cuts_at_a_sentence(text, limit, expected):
    assert shorten(text, limit) == expected


@pytest.mark.parametrize(
    ("authors", "count", "expected"),
    [
        ([], None, ""),
        ([], 1, "1 author"),
        ([], 64, "64 authors"),
        (["A", "B", "C"], None, "A, B, C"),
        (["A", "B", "C", "D"], None, "A, B, C and 1 more"),
        (["A", "B", "C"], 12, "A, B, C and 9 more"),
        (["A", "B"], 1, "A, B"),
    ],
)
def test_byline_names_three(authors, count, expected):
    assert byline(authors, count) == expected


@pytest.mark.parametrize(
    ("room", "expected"),
    [(30, "grokking, RAG, pruning"), (20, "grokking and 2 more"), (19, "grokking and 2 more"), (7, "")],
)
def test_topics_fill_the_room(room, expected):
    assert topics(["grokking", "RAG", "grokking", "pruning"], room) == expected


def test_topics_pass_over_what_never_fits():
    assert topics(["x" * 80, "RAG"], 20) == "RAG and 1 more"


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=30), "30 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(hours=72), "72 hours"),
        (timedelta(days=7), "7 days"),
        (timedelta(days=7, hours=23), "7 days"),
    ],
)
def test_lifetime_never_promises_more(span, expected):
    assert lifetime(span) == expected


def test_count_of_agrees_with_the_number():
    said = [count_of(n, ngettext("%(count)s vote", "%(count)s votes", n)) for n in (0, 1, 2, 1234)]

    assert said == ["0 votes", "1 vote", "2 votes", "1,234 votes"]


def test_fold_keeps_indents_and_addresses():
    url = "https://digest.example.org/papers/" + "9" * 60
    text = "  " + "word " * 20 + f"\nCode: {url}\n\n\n\nEnd  "

    folded = fold(text)

    line = "  " + " ".join(["word"] * 14)
    assert folded == f"{line}\n  {' '.join(['word'] * 6)}\nCode:\n{url}\n\nEnd\n"


def test_fold_keeps_together_what_a_no_break_space_joins():
    assert fold("word " * 14 + "1\xa0comment") == f"{' '.join(['word'] * 14)}\n1 comment\n"


def test_fold_breaks_text_without_blanks_by_its_columns():
    folded = fold("研究" * 40)

    assert [columns(line) for line in folded.splitlines()] == [WIDTH, WIDTH, 16]
    assert folded.replace("\n", "") == "研究" * 40


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Grokking", "Grokking"),
        ("Grokking in sparse parity is a phase transition", "Grokking in sparse parity i…"),
        ("大规模语言模型的推理能力", "大规模语言模型的推…"),
    ],
)
def test_label_is_short_in_octets(title, expected):
    assert label(title) == expected
