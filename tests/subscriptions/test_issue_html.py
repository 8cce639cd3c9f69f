"""The HTML part of a digest as mail programs and their readers need it (STANDARDS M34 to M46)."""

import re

import pytest

from tests.subscriptions.mails import Page, full_digest


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = "https://digest.example.org"
    settings.SITE_NAME = "Paper Round"
    settings.POSTAL_ADDRESS = "1 Reading Room, 12345 Papertown"


def test_html_is_plain_and_needs_nothing_from_outside():
    page = Page(full_digest()["html"])

    tags = [tag for tag, _ in page.elements]
    allowed = "html head meta title style body div table tr td h1 h2 h3 p a b bdi br"
    names = {name for _, attrs in page.elements for name in attrs}
    assert set(tags) <= set(allowed.split())
    assert not {"src", "background", "onclick", "onload", "id"} & names
    assert "url(" not in full_digest()["html"]
    assert [attrs.get("role") for tag, attrs in page.elements if tag == "table"] == ["presentation"] * tags.count(
        "table"
    )
    assert tags.count("h1") == 1
    assert [tag for tag in tags if tag in {"h1", "h2", "h3"}] == ["h1", "h2", "h3", "h3", "h2", "h3"]
    assert page.stack == []


def test_html_names_its_language_and_title():
    html = full_digest()["html"]

    page = Page(html)
    assert html.startswith("<!doctype html>\n")
    assert page.elements[0] == ("html", {"lang": "en", "dir": "ltr"})
    assert "<title>3 new papers · Paper Round</title>" in html
    assert ("meta", {"name": "color-scheme", "content": "light dark"}) in page.elements


def test_html_begins_with_a_summary():
    first = Page(full_digest()["html"]).text[0]

    assert first == (
        "Grokking in sparse parity is a phase transition of the loss landscape, "
        "with $\\alpha$ & <think>; שלום: a title…"
    )
    assert len(first) <= 110


def test_titles_and_names_keep_their_own_direction():
    assert "<bdi>שלום: a title from right to left</bdi>" in full_digest()["html"]


def test_no_text_is_smaller_than_14_pixels():
    sizes = [int(size) for size in re.findall(r"font-size: (\d+)px", full_digest()["html"])]

    assert min(sizes) >= 14


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_enough_in_both_modes():
    style, body = full_digest()["html"].split("</style>")
    dark = dict(re.findall(r"\.(\w+) \{[^}]*?(?<!-)\bcolor: (#\w{6})", style))
    backs = dict(re.findall(r"\.(\w+) \{ background-color: (#\w{6})", style))
    light = set(re.findall(r"(?<!-)\bcolor: (#\w{6})", body))

    assert light == {"#1e2024", "#565a62", "#0c5a52"}
    assert [c for c in light for back in ("#ffffff", "#faf8f3", "#f8edd2") if _contrast(c, back) < 4.5] == []
    assert dark.keys() == {"ink", "soft", "link", "note", "button"}
    assert [name for name in ("ink", "soft", "link") if _contrast(dark[name], backs["sheet"]) < 4.5] == []
    assert [name for name in ("note", "button") if _contrast(dark[name], backs[name]) < 4.5] == []


def test_each_coloured_element_has_a_class_for_dark_mode():
    coloured = [
        (tag, attrs["class"].split()[-1])
        for tag, attrs in Page(full_digest()["html"]).elements
        if re.search(r"(^|; )color: ", attrs.get("style") or "")
    ]

    assert {name for _, name in coloured} <= {"ink", "soft", "link", "note", "rule"}
