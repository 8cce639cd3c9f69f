"""No django_db mark: a digest is filled from rows in memory, so a query fails the test."""

import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from papers.models import Paper
from subscriptions.issue import MAX_HTML, Addresses, CannotRender, fill_digest
from subscriptions.message import MAX_SUBJECT, encoded_size
from subscriptions.models import Digest, DigestItem, Interest
from tests.subscriptions.test_message import FORBIDDEN

GOLDEN = Path(__file__).parent.parent / "data" / "emails"
ADDRESSES = Addresses(
    preferences="https://digest.example.org/m/AbCdEfGhIjKlMnOpQrStUv",
    unsubscribe="https://digest.example.org/u/ZyXwVuTsRqPoNmLkJiHgFe",
    digest="https://digest.example.org/preferences/digests/2026-08-12",
)
LONG = (
    "Networks trained on sparse parity generalise late, long after they fit their training set. "
    "We follow every weight through that moment and find a phase transition, e.g. in the rank of the first layer. "
)
VOID = {"meta", "br"}


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = "https://digest.example.org"
    settings.SITE_NAME = "Paper Round"
    settings.POSTAL_ADDRESS = "1 Reading Room, 12345 Papertown"


def paper(number: int = 1, **fields) -> Paper:
    values = {
        "pk": number,
        "arxiv_id": f"2608.{number:05}",
        "title": f"Grokking in circuit {number}",
        "abstract": "It appears late.",
        "authors": ["Ada Example", "Ben Sample"],
    }
    return Paper(**values | fields)


def item(paper: Paper, section: str = "matched", reasons: list | None = None) -> DigestItem:
    found = [{"interest": "grokking", "terms": ["Grokking"]}] if section == "matched" else []
    return DigestItem(paper=paper, position=paper.pk, section=section, reasons=found if reasons is None else reasons)


def digest(**fields) -> Digest:
    at = datetime(2026, 8, 12, 5, tzinfo=UTC)
    values = {"edition": date(2026, 8, 12), "due_at": at, "window_start": at, "window_end": at}
    return Digest(**values | {"considered": 214, "matched": 1, "outcome": Digest.Outcome.QUEUED} | fields)


def interest(text: str, *, is_muted: bool = False) -> Interest:
    return Interest(text=text, normal=text, is_muted=is_muted)


def fill(*items: DigestItem, interests: tuple[Interest, ...] = (interest("grokking"),), **fields) -> dict[str, str]:
    return fill_digest(digest(**fields), items, interests, ADDRESSES)


class Page(HTMLParser):
    """What a mail program would see: elements in order, attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if self.stack and self.stack[-1] not in {"style", "title"} and data.strip():
            self.text.append(" ".join(data.split()))

    @property
    def hrefs(self) -> list[str | None]:
        return [attrs["href"] for tag, attrs in self.elements if tag == "a"]


def full_digest() -> dict[str, str]:
    """One of everything."""
    return fill(
        item(
            paper(
                1,
                title="Grokking in sparse parity is a phase transition of the loss landscape, with $\\alpha$ & <think>",
                abstract=LONG * 6,
                authors=["Ada Example", "Ben Sample", "Chloé Muster"],
                author_count=12,
                organisation="example-lab",
                organisation_name="Example Lab",
                published_on=date(2026, 8, 11),
                votes=1210,
                comments=1,
                code_url="https://code.example.org/parity",
            ),
            reasons=[
                {"interest": '"phase transition"', "terms": ["phase transition"]},
                {"interest": "sparse parities", "terms": ["sparse parity", "Sparse parity", "sparse-parity"]},
            ],
        ),
        item(
            paper(2, arxiv_id=None, title="שלום: a title from right to left", abstract="", authors=[], author_count=64)
        ),
        item(
            paper(3, title="大规模语言模型的推理", abstract="我们研究推理。" * 20, authors=["张示例"], votes=7),
            "trending",
        ),
        interests=(interest('"phase transition"'), interest("sparse parities"), interest("survey", is_muted=True)),
        matched=5,
        notices=["arXiv could not be read for 11 August: papers announced there come in a later digest."],
    )


@pytest.mark.parametrize(("part", "name"), [("text", "digest.txt"), ("html", "digest.html")])
def test_digest_is_as_the_golden_file(part, name):
    expected = (GOLDEN / name).read_text(encoding="utf-8")

    assert full_digest()[part] == expected


def test_quiet_note_says_why_and_nothing_else():
    parts = fill(matched=0, reason="214 new papers came in, but none matches your interests.")

    assert parts["subject"] == "No new papers for you on 12 August 2026"
    assert parts["text"].split("\n--\n")[0] == (
        "Paper Round · Wednesday, 12 August 2026\n\n"
        "214 new papers came in, but none matches your interests.\n\n"
        "You asked for this note on quiet days; your preferences switch it off.\n"
    )
    assert Page(parts["html"]).hrefs == [ADDRESSES.preferences, ADDRESSES.unsubscribe, "https://digest.example.org"]


@pytest.mark.parametrize(
    ("items", "fields", "subject", "summary"),
    [
        (["matched"], {}, "1 new paper: grokking", "1 of 214 new papers matches your interests."),
        (["matched"] * 2, {"matched": 2}, "2 new papers: grokking", "2 of 214 new papers match your interests."),
        (["matched"], {"matched": 9}, "1 new paper: grokking",
         "9 of 214 new papers match your interests; here is the best one."),
        (["matched"] * 2, {"matched": 9}, "2 new papers: grokking",
         "9 of 214 new papers match your interests; here are the best 2."),
        (["matched", "trending"], {}, "2 new papers: grokking",
         "1 of 214 new papers matches your interests; 1 more is trending."),
        (["trending"] * 2, {"matched": 0}, "2 trending papers", "The most voted of 214 new papers."),
    ],
)  # fmt: skip
def test_numbers_agree(items, fields, subject, summary):
    parts = fill(*(item(paper(number), section) for number, section in enumerate(items, 1)), **fields)

    assert (parts["subject"], parts["text"].split("\n\n")[1].replace("\n", " ")) == (subject, summary)


def test_subject_names_as_many_interests_as_fit():
    names = [f"interest number {number}" for number in range(9)]
    found = [{"interest": name, "terms": []} for name in names]

    subject = fill(item(paper(), reasons=found))["subject"]

    assert subject == "1 new paper: interest number 0, interest number 1 and 7 more"
    assert len(subject) <= MAX_SUBJECT


def test_reader_without_keywords_is_told_so():
    parts = fill(item(paper(), "trending"), interests=())

    sentence = "You gave no keywords, so you get the trending papers."
    assert [sentence in parts["text"], sentence in Page(parts["html"]).text] == [True, True]


def test_postal_address_may_be_missing(settings):
    settings.POSTAL_ADDRESS = ""

    assert fill(item(paper()))["text"].endswith("\nSent by Paper Round\nhttps://digest.example.org\n")


# M02: the text part is real ----------------------------------------------------------------------------


def test_text_holds_every_title_and_address_of_the_html():
    parts = full_digest()

    unfolded = " ".join(parts["text"].split())
    page = Page(parts["html"])
    titles = [text for text in page.text[1:] if text.startswith(("Grokking", "שלום", "大"))]
    assert [text in unfolded for text in titles] == [True] * 3
    assert [href for href in page.hrefs if href not in parts["text"].split()] == []


def test_text_lines_are_folded_but_addresses_whole():
    lines = full_digest()["text"].splitlines()

    assert [line for line in lines if len(line) > 72 and "://" not in line] == []


# M10, M30: poison --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["a{}Bcc: x@evil.example", "a{}b"])
def test_no_code_point_gets_into_a_mail(form):
    # Fifty a digest; of the 2,048 surrogates every 64th.
    chars = [char for char in FORBIDDEN if not 0xD800 <= ord(char) <= 0xDFFF or ord(char) % 64 == 0]
    for start in range(0, len(chars), 50):
        texts = [form.format(char) for char in chars[start : start + 50]]
        items = [
            item(
                paper(number, title=text, abstract=text, authors=[text], organisation=text),
                reasons=[{"interest": text, "terms": [text, "x" + text]}],
            )
            for number, text in enumerate(texts, 1)
        ]

        parts = fill(*items, interests=tuple(map(interest, texts)), notices=texts, reason=texts[0])

        assert [char for part in parts.values() for char in set(part) - {"\n"} if char in FORBIDDEN] == []
        assert "\n" not in parts["subject"]
        assert parts["text"].count(form[3:]) >= 5 * len(texts)


@pytest.mark.parametrize(
    "poison", ["<think>", "$\\alpha$", "&amp;", '"<b>&', "{{ secret }}", "</bdi><script>alert(1)</script>"]
)
def test_markup_is_escaped_once_and_only_in_html(poison):
    text = f"x {poison} y"
    poisoned = paper(title=text, abstract=text, organisation=text, authors=[text])
    found = [{"interest": text, "terms": []}, {"interest": "other", "terms": [text]}]

    parts = fill(
        item(poisoned, reasons=found), interests=(interest(text), interest(text, is_muted=True)), notices=[text]
    )
    quiet = fill(reason=text, notices=[text])

    page, quiet_page = Page(parts["html"]), Page(quiet["html"])
    # Title, abstract, author, group, interest, notice, two in the footer; the preheader or the words found.
    assert [page.text.count(text), " ".join(parts["text"].split()).count(text)] == [9, 9]
    assert [quiet_page.text.count(text), quiet["text"].count(text)] == [3, 2]
    assert {tag for tag, _ in page.elements + quiet_page.elements}.isdisjoint({"script", "think"})


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "http://code.example.org/x", "https://user@code.example.org/", 'https://e.org/"><b>']
)
def test_doubtful_code_address_is_left_out(url):
    parts = fill(item(paper(code_url=url)))

    assert "Code" not in Page(parts["html"]).text
    assert url not in parts["text"]


def test_broken_row_costs_its_own_paper_only(caplog):
    broken = item(paper(2, authors=None))

    parts = fill(item(paper(1)), broken, matched=2)

    assert parts["subject"] == "1 new paper: grokking"
    assert "circuit 2" not in parts["text"] + parts["html"]
    assert [record.getMessage() for record in caplog.records] == ["Paper 2 is left out of digest None"]


def test_digest_of_broken_rows_only_is_not_called_quiet(caplog):
    with pytest.raises(CannotRender, match=r"^not one of this digest's papers can be rendered$"):
        fill(item(paper(1, authors=None)))


# M23, M33: size ----------------------------------------------------------------------------------------


def test_ordinary_fifty_papers_are_all_shown():
    items = [
        item(paper(n, abstract=LONG * 8, organisation="Example Lab", code_url="https://e.org/x")) for n in range(1, 51)
    ]

    parts = fill(*items, matched=50)

    assert parts["html"].count("<h3") == parts["text"].count("\n----") - 1 == 50
    assert encoded_size(parts["html"]) <= MAX_HTML


@pytest.mark.parametrize(("title", "shown"), [("研究" * 20, 50), ("研究" * 250, 25)])
def test_fifty_long_papers_are_cut_to_what_mail_programs_show(title, shown):
    items = [item(paper(n, title=title, abstract="我们研究大规模语言模型的推理能力。" * 90)) for n in range(1, 51)]

    parts = fill(*items, matched=50)

    more = f"And {50 - shown} more on the web"
    assert parts["html"].count("<h3") == pytest.approx(shown, abs=8)
    assert encoded_size(parts["html"]) <= MAX_HTML
    if shown < 50:
        assert re.search(
            r"And \d+ more on the web:\nhttps://digest.example.org/preferences/digests/2026-08-12\n", parts["text"]
        )
        assert parts["html"].count("<h3") + int(re.search(r"And (\d+) more on the web", parts["html"])[1]) == 50
    else:
        assert more not in parts["text"]


# M34 to M46: the HTML part -----------------------------------------------------------------------------


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
