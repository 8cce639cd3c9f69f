"""No django_db mark: a digest is filled from rows in memory, so a query fails the test."""

from pathlib import Path

import pytest

from subscriptions.encoding import Body
from subscriptions.issue import MAX_HTML, CannotRender
from subscriptions.message import MAX_SUBJECT
from tests.subscriptions.mails import ADDRESSES, FORBIDDEN, LONG, Page, fill, full_digest, interest, item, paper

GOLDEN = Path(__file__).parent.parent / "data" / "emails"


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = "https://digest.example.org"
    settings.SITE_NAME = "Paper Round"
    settings.POSTAL_ADDRESS = "1 Reading Room, 12345 Papertown"


@pytest.mark.parametrize(("part", "name"), [("text", "digest.txt"), ("html", "digest.html")])
def test_digest_is_as_the_golden_file(part, name):
    expected = (GOLDEN / name).read_text(encoding="utf-8")

    assert full_digest()[part] == expected


def test_quiet_note_says_why_and_nothing_else():
    parts = fill(matched=0, reason="214 new papers came in, but none matches your interests.")

    assert parts["subject"] == "No new papers for you on 12 August 2026"
    assert parts["text"].split("\n--\n")[0] == (
        "Paper Round\nWednesday, 12 August 2026 · No. 224\n\n"
        "214 new papers came in, but none matches your interests.\n\n"
        "You asked for this note on quiet days; your preferences switch it off.\n"
    )
    assert Page(parts["html"]).hrefs == [
        ADDRESSES.preferences,
        ADDRESSES.pause,
        ADDRESSES.digest,
        ADDRESSES.unsubscribe,
        "https://digest.example.org",
    ]


@pytest.mark.parametrize(
    ("items", "fields", "subject", "summary"),
    [
        (["matched"], {}, "1 new paper: grokking", "1 of 214 new papers matches."),
        (["matched"] * 2, {"matched": 2}, "2 new papers: grokking", "2 of 214 new papers match."),
        (["matched"], {"matched": 9}, "1 new paper: grokking", "9 of 214 new papers match; here is the best one."),
        (["matched"] * 2, {"matched": 9}, "2 new papers: grokking", "9 of 214 new papers match; here are the best 2."),
        (["matched", "trending"], {}, "1 new paper: grokking", "1 of 214 new papers matches; 1 more is trending."),
        (["trending"] * 2, {"matched": 0}, "2 trending papers", "The most voted of 214 new papers."),
        (["matched"], {"considered": 1}, "1 new paper: grokking", "1 of 1 new paper matches."),
        (["matched"], {"sources": 2, "sources_current": 2}, "1 new paper: grokking",
         "1 of 214 new papers matches; 2 sources, all current."),
        (["matched"], {"sources": 3, "sources_current": 1}, "1 new paper: grokking",
         "1 of 214 new papers matches; 3 sources, 2 not current."),
        (["trending"], {"sources": 1, "sources_current": 1}, "1 trending paper",
         "The most voted of 214 new papers; 1 source, current."),
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


@pytest.mark.parametrize(
    ("interest", "named"),
    [
        ('"sparse autoencoders"', "sparse autoencoders"),
        ('author:"Ada Grok"', 'author:"Ada Grok"'),
        ('"double descent" OR "grokking"', '"double descent" OR "grokking"'),
        ('"', '"'),
    ],
)
def test_subject_takes_off_only_quotation_marks_around_all(interest, named):
    subject = fill(item(paper(), reasons=[{"interest": interest, "terms": []}]))["subject"]

    assert subject == f"1 new paper: {named}"


@pytest.mark.parametrize(
    ("interest", "terms", "shown"),
    [
        ("benchmark", ["benchmarks", "Benchmark"], "benchmark"),
        ("robot*", ["robots", "robotic arms"], "robot* (as “robotic arms”)"),
        ("pi0", ["π_{0", "$f_{1}$"], "pi0 (as “π_0”, “$f_{1}$”)"),
    ],
)
def test_reason_shows_only_words_that_say_something(interest, terms, shown):
    text = fill(item(paper(), reasons=[{"interest": interest, "terms": terms}]))["text"]

    assert f"\nMatches: {shown}\n" in text


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

    assert parts["html"].count("<h3") == parts["text"].count("\n----") == 50
    assert Body.of(parts["html"]).size <= MAX_HTML


@pytest.mark.parametrize(("title", "shown"), [("研究" * 20, 32), ("研究" * 250, 18)])
def test_fifty_long_papers_are_cut_to_what_mail_programs_show(title, shown):
    items = [item(paper(n, title=title, abstract="我们研究大规模语言模型的推理能力。" * 90)) for n in range(1, 51)]

    parts = fill(*items, matched=50)

    left_out = 50 - parts["html"].count("<h3")
    assert 50 - left_out == pytest.approx(shown, abs=4)
    assert Body.of(parts["html"]).size <= MAX_HTML
    more = f"And {left_out} more on the web"
    assert (f">{more}</a>" in parts["html"], f"\n{more}:\n{ADDRESSES.digest}\n" in parts["text"]) == (True, True)
    assert parts["text"].count("\n----") - 1 == 50 - left_out


def test_paper_that_stands_higher_says_why():
    made = item(paper(1))
    made.alike = paper(2, title="A <b>liked</b> one")

    parts = fill(made)

    assert "You asked for more like “A <b>liked</b> one”\n" in parts["text"]
    assert "You asked for more like “A <b>liked</b> one”" in " ".join(Page(parts["html"]).text)


def test_hidden_paper_is_not_named_as_a_reason():
    made = item(paper(1))
    made.alike = paper(2, title="A liked one", is_hidden=True)

    assert "more like “" not in fill(made)["text"]
