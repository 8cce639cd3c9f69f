import pytest

from papers.search.query import parse
from subscriptions.keywords import Keyword, KeywordsError, read, read_one, split, write

CANNOT = "cannot stand in a keyword; letters, digits and - + . / ' # & \" ( ) : * can."


def keyword(text: str, *, muted: bool = False) -> Keyword:
    return Keyword(text, parse(text).normal, muted)


@pytest.mark.parametrize(
    ("typed", "entries"),
    [
        ("", []),
        (" \n ,, \r\n\t", []),
        ("grokking, diffusion models", [(1, "grokking"), (1, "diffusion models")]),
        ("grokking\r\ndiffusion\rrobot*\nlast", [(1, "grokking"), (2, "diffusion"), (3, "robot*"), (4, "last")]),
        ('"a, b", (x OR (y, z)), w', [(1, '"a, b"'), (1, "(x OR (y, z))"), (1, "w")]),
        ("“a, b”, c", [(1, "“a, b”"), (1, "c")]),
        ('"(", a', [(1, '"("'), (1, "a")]),
        ("), a", [(1, ")"), (1, "a")]),
        ('"open, still open\nclosed, again', [(1, '"open, still open'), (2, "closed"), (2, "again")]),
    ],
)
def test_split_keeps_commas_in_quotes_and_brackets(typed: str, entries: list[tuple[int, str]]) -> None:
    assert list(split(typed)) == entries


def test_read_gives_each_keyword_once_in_order() -> None:
    found = read('diffusion models\n-survey, - "position paper"\nDiffusion  Model, Schrödinger\n–robot*')

    assert found == (
        keyword("diffusion models"),
        keyword("survey", muted=True),
        keyword('"position paper"', muted=True),
        keyword("Schrödinger"),
        keyword("robot*", muted=True),
    )


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("“state space model”", '"state space model"'),
        ("state–space", "state-space"),
        ("Lovász’s theta", "Lovász's theta"),
        ("e\u0301tale", "étale"),
        ("a\u00a0b\tc", "a b c"),
        ("C++/C#", "C++/C#"),
        ("AT&T", "AT&T"),
        ("扩散模型", "扩散模型"),
        ("H₂O", "H₂O"),
    ],
)
def test_a09_keyword_is_kept_as_clean_text(typed: str, text: str) -> None:
    assert read_one(typed) == keyword(text)


def test_write_shows_what_read_understands() -> None:
    keywords = read('grokking\n-survey\n"a, b" OR c')

    assert write(keywords) == 'grokking\n-survey\n"a, b" OR c'
    assert read(write(keywords)) == keywords


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("Visit http://evil.example", "Line 1, “Visit http://evil.example”: a web address is no keyword."),
        ("fine\nwww.evil.example", "Line 2, “www.evil.example”: a web address is no keyword."),
        (
            "a$b",
            f"Line 1, “a$b”: “$” {CANNOT}",
        ),
        (
            "a\u200bb",
            f"Line 1, “a\u200bb”: The invisible character U+200B {CANNOT}",
        ),
        ("x" * 121, f"Line 1, “{'x' * 59}…”: this is 121 characters long; at most 120 are possible."),
        (
            "fine, (open",
            "Line 1, “(open”: This parenthesis is never closed, at character 1. Add ) where the group ends.",
        ),
        ("survey\n-Surveys", "Line 2: “Surveys” stands here both as wanted and as muted."),
        ("\n".join(f"k{n}" for n in range(21)), "These are 21 keywords; at most 20 are possible."),
    ],
)
def test_a09_refused_keyword_is_explained_where_it_stands(typed: str, sentence: str) -> None:
    with pytest.raises(KeywordsError) as caught:
        read(typed)

    assert caught.value.sentences == [sentence]


@pytest.mark.parametrize(
    "char", ["\x00", "\x0b", "\x1c", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\ufeff", "\ud800"]
)
def test_a09_control_characters_are_refused(char: str) -> None:
    with pytest.raises(KeywordsError) as caught:
        read(f"a{char}b")

    assert f"U+{ord(char):04X}" in caught.value.sentences[0]


def test_every_bad_keyword_is_named_at_once() -> None:
    with pytest.raises(KeywordsError) as caught:
        read("a$\nfine\nNOT\n(x")

    assert [sentence.partition(":")[0] for sentence in caught.value.sentences] == [
        "Line 1, “a$”",
        "Line 3, “NOT”",
        "Line 4, “(x”",
    ]


def test_longest_keyword_fits_its_column() -> None:
    found = read_one(" OR ".join(f'"{c} {c}"' for c in "abcdefghijklm"))

    assert len(found.normal) <= 480
