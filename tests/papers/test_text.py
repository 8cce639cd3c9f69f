"""What everything from outside passes, once (STANDARDS R17, M09), and which addresses may be linked to (A11)."""

import json
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.text import MAX_URL, clean, clean_url
from tests.subscriptions.mails import FORBIDDEN

ANY = st.text(st.characters(blacklist_categories=()), max_size=60)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("  Two\n  lines\tand\x0ba\x0cform\x1cfeed ", "Two lines and a form feed"),
        ("no\u00a0break \u2028 \u2029\x85 between", "no break between"),
        ("a\x00b\x07c\x7fd\x9fe", "abcde"),
        ("\u202eevil\u202c \u2066in\u2069 \u200ework\u200f\u061c", "evil in work"),
        ("lone \ud800 surrogate, \ufdd0 none \uffff such \U0010fffe", "lone surrogate, none such"),
        ("Cafe\u0301", "Café"),
        ("<think> & &amp; $\\alpha$ 👩‍🔬", "<think> & &amp; $\\alpha$ 👩‍🔬"),
        ("\ufeff\x00 \n", ""),
    ],
)
def test_r17_text_from_outside_is_made_safe_and_nothing_else(given_text, expected):
    assert clean(given_text) == expected


def test_r17_no_forbidden_code_point_is_left():
    assert clean("".join(f"a{char}" for char in FORBIDDEN)).strip("a ") == ""


@pytest.mark.parametrize(("length", "expected"), [(5, "12345"), (6, "12345"), (7, "12345 7"), (99, "12345 7")])
def test_r17_text_is_cut_to_its_length_without_a_blank_at_the_end(length, expected):
    assert clean("12345 7", length) == expected


@given(ANY, st.integers(1, 70))
def test_r17_cleaning_again_changes_nothing(text, length):
    once = clean(text, length)

    assert clean(once, length) == once
    assert (len(once) <= length, unicodedata.is_normalized("NFC", once)) == (True, True)
    once.encode()


@pytest.mark.samples
@pytest.mark.skipif("UPSTREAM_SAMPLES" not in os.environ, reason="UPSTREAM_SAMPLES is not set")
def test_r17_naughty_strings_come_out_clean():
    path = Path(os.environ["UPSTREAM_SAMPLES"]) / "corpora" / "big-list-of-naughty-strings" / "blns.json"
    strings = json.loads(path.read_text(encoding="utf-8"))

    assert len(strings) == 515
    for text in strings:
        once = clean(text)
        assert (clean(once), set(once) & set(FORBIDDEN)) == (once, set()), text


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://code.example.org/a?b=c&d#e", "https://code.example.org/a?b=c&d#e"),
        (" http://code.example.org:8080/\n", "http://code.example.org:8080/"),
        ("HTTPS://code.example.org", "HTTPS://code.example.org"),
        ("https://example.org/" + "a" * (MAX_URL - 20), "https://example.org/" + "a" * (MAX_URL - 20)),
    ],
)
def test_a11_web_address_is_kept(written, kept):
    assert clean_url(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        "", "javascript:alert(1)", "java\nscript:alert(1)", "\x01javascript:alert(1)", "JaVaScRiPt://x/%0aalert(1)",
        "data:text/html,<script>alert(1)</script>", "vbscript:msgbox(1)", "file:///etc/passwd", "ftp://example.org/",
        "mailto:x@example.org", "//example.org/x", "/x", "example.org", "https:///x", "https://", "https://[::1",
        "https://user@example.org/", "https://user:secret@example.org/", "https://example.org:port/",
        'https://example.org/"onclick=x', "https://example.org/<b>", "https://example.org/a b", "https://example.org\\x",
        "https://example.org/" + "a" * (MAX_URL - 19),
    ],
)  # fmt: skip
def test_a11_anything_else_is_no_link(written):
    assert clean_url(written) == ""
