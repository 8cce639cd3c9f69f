"""STANDARDS M33 to M46, each by its id: the HTML part of every mail, as mail programs and their readers need it.

M35 against caniemail's data is test_mail_caniemail's matter; what a browser must measure (M43, M44), test_mails's.
"""

import re
from itertools import pairwise
from urllib.parse import urlsplit

import pytest

from subscriptions.addresses import AddressError, parse
from subscriptions.encoding import Body
from subscriptions.gallery import cases
from subscriptions.message import Message
from subscriptions.rendering import render
from tests.factories import NOW, make_delivery, make_interest
from tests.subscriptions.mails import Page, build_message, fill, interest, item, paper

SITE = "https://digest.example.org"
HOSTS = {"digest.example.org", "arxiv.org", "code.example.org"}
TAGS = {"html", "head", "meta", "title", "style", "body", "div", "table", "tbody", "tr", "td", "h1", "h2", "h3"}
TAGS |= {"p", "a", "b", "strong", "span", "bdi", "br"}
ATTRIBUTES = {"lang", "dir", "charset", "name", "content", "class", "style", "role", "align", "border", "width"}
ATTRIBUTES |= {"cellpadding", "cellspacing", "href", "rel", "aria-label"}


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = SITE
    settings.SITE_NAME = "Paper Round"
    settings.DEFAULT_FROM_EMAIL = "Paper Round <papers@digest.example.org>"
    settings.POSTAL_ADDRESS = "1 Reading Room, 12345 Papertown"


@pytest.fixture
def mails() -> dict[str, Message]:
    return {case.name: case.message for case in cases()}


@pytest.fixture
def pages(mails) -> dict[str, Page]:
    return {name: Page(message.html) for name, message in mails.items()}


@pytest.mark.parametrize("sign", ["研", "👩‍🔬", "x", "=", "é"])
def test_m33_worst_case_is_cut_to_what_is_not_clipped(sign):
    items = [
        item(
            paper(
                number,
                title=sign * 250,
                abstract=f"{sign * 40}. " * 200,
                authors=[sign * 60] * 3,
                author_count=664,
                organisation=sign * 100,
                is_pinned=True,
                pick_note=sign * 100,
            )
        )
        for number in range(1, 51)
    ]

    html = fill(*items, interests=tuple(interest(sign * 100) for _ in range(20)), matched=50)["html"]

    assert Body.of(html).size <= 100_000
    assert 1 <= html.count("<h3") < 50
    assert f"And {50 - html.count('<h3')} more on the web" in html


def test_m34_layout_stands_without_the_style_element(mails):
    for message in mails.values():
        styles = re.findall(r"<style>(.*?)</style>", message.html, re.DOTALL)
        bare = Page(re.sub(r"<style>.*?</style>", "", message.html, flags=re.DOTALL))
        unstyled = [
            (tag, attrs)
            for tag, attrs in bare.elements
            if tag in {"td", "p", "h1", "h2", "h3", "a"} and not attrs.get("style")
        ]

        assert (len(styles), len(styles[0].encode()) <= 16_384, unstyled) == (1, True, [])


def test_m36_only_harmless_elements_and_attributes(pages):
    for name, page in pages.items():
        assert {tag for tag, _ in page.elements} <= TAGS, name
        assert {key for _, attrs in page.elements for key in attrs} <= ATTRIBUTES, name
        assert page.stack == []
        assert {attrs.get("role") for tag, attrs in page.elements if tag == "table"} == {"presentation"}


def test_m37_nothing_is_loaded_from_anywhere(mails):
    for message in mails.values():
        assert re.search(r"\bsrc\b|background=|url\(|@import|@font-face|<link|<base", message.html) is None


@pytest.mark.parametrize("provider", ["mailgun", "postmark", "mailjet", "sparkpost", "mailersend"])
def test_m38_providers_are_told_not_to_watch(provider, settings):
    settings.ANYMAIL_PROVIDER = provider

    message = build_message()

    assert (message.track_opens, message.track_clicks) == (False, False)


@pytest.mark.django_db
def test_m38_equal_readers_get_equal_mails_but_for_their_links():
    html = []
    for number in (1, 2):
        delivery = make_delivery(number)
        make_interest(delivery.subscriber, "grokking")
        html.append(render(delivery, now=NOW).html)

    bare = [re.sub(rf"{SITE}/[fmpuv]/[\w-]+", "", each) for each in html]
    assert (bare[0] == bare[1], html[0] == html[1]) == (True, False)


def test_m39_links_lead_where_they_say(pages):
    for page in pages.values():
        for href in page.hrefs:
            parts = urlsplit(href)
            assert (parts.scheme, parts.hostname in HOSTS, parts.username) == ("https", True, None), href
            assert (parts.query, "@" in href, "%40" in href) == ("", False, False), href
        assert [text for text in page.text if re.match(r"(https?://|www\.)", text)] == []


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ada@faß.de", "ada@xn--fa-hia.de"),
        ("ada@βόλος.com", "ada@xn--nxasmm1c.com"),
        ("ada@ex。ample.com", "ada@ex.ample.com"),
    ],
)
def test_m40_domains_are_a_labels_and_stay_so_in_the_message(typed, stored):
    assert (parse(typed), build_message(to=parse(typed)).to) == (stored, [stored])


@pytest.mark.parametrize("typed", ["jané@example.com", "a@x.example, b@y.example", "Doe, Jane <j@x.example>"])
def test_m41_m42_one_ascii_address_or_none(typed):
    with pytest.raises(AddressError):
        parse(typed)
    with pytest.raises(ValueError, match="not exactly one ASCII address"):
        build_message(to=typed)


def test_m42_one_recipient(mails):
    for message in mails.values():
        assert (len(message.to), message.cc, message.bcc) == (1, [], [])


def test_m43_page_is_well_formed(mails, pages):
    for name, page in pages.items():
        html = mails[name].html
        heads = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
        assert html.startswith("<!doctype html>\n"), name
        assert page.elements[0] == ("html", {"lang": "en", "dir": "ltr"})
        assert ("meta", {"charset": "utf-8"}) in page.elements
        assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in page.elements
        assert re.search(r"<title>[^<]{5,}</title>", html)
        assert (heads.count(1), heads[0], max(b - a for a, b in pairwise([*heads, 1])) <= 1) == (1, 1, True)
        assert min(map(int, re.findall(r"font-size:(\d+)px", html))) >= 14


def test_m43_links_of_equal_words_can_be_told_apart(pages):
    for name, page in pages.items():
        named: dict[str, set] = {}
        for tag, attrs in page.elements:
            if tag == "a" and attrs.get("aria-label"):
                named.setdefault(attrs["aria-label"], set()).add(attrs["href"])
        # Only papers of one title share their labels.
        assert name in {"hard", "fifty"} or [label for label, hrefs in named.items() if len(hrefs) > 1] == [], name


def test_m44_every_colour_has_its_dark_counterpart(mails):
    style = re.search(r"prefers-color-scheme: dark\) \{(.*?)\n\}", mails["ordinary"].html, re.DOTALL)[1]
    named = set(re.findall(r"(?:^|[\s,])(\.?[\w-]+)(?=[,\s][^{}]*\{)", style))
    coloured = {
        (attrs.get("class") or tag).split()[-1]
        for message in mails.values()
        for tag, attrs in Page(message.html).elements
        if re.search(r"(?:^|;)(?:background-)?color:", attrs.get("style") or "")
    }

    assert {name for name in coloured if f".{name}" not in named and name not in named} == set()


def test_m45_preheader_sums_the_issue_up(pages):
    first = pages["ordinary"].text[0]

    assert first.startswith("Grokking in Sparse Parity Is a Phase Transition; Ebb: State-Space Models")
    assert 90 <= len(first) <= 110
    assert pages["quiet"].text[0].startswith("214 new papers came in")


def test_m46_titles_and_names_keep_their_own_direction():
    html = fill(item(paper(title="שלום: a title", authors=["נועה דוגמה"], abstract="שלום.")))["html"]

    assert re.search(r'<h3 dir="auto"[^>]*><a [^>]*><bdi>שלום: a title</bdi></a></h3>', html)
    assert "<bdi>נועה דוגמה</bdi>" in html
    assert re.search(r'<p class="abstract" dir="auto"[^>]*>שלום\.</p>', html)
