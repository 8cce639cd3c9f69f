from datetime import date, timedelta

import pytest
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from papers.models import Announcement, Listing
from tests.papers.views.pages import DAY, hrefs, list_paper, text, titles


@pytest.mark.django_db
def test_latest_shows_the_newest_day(client):
    list_paper(1, day=DAY - timedelta(days=1))
    list_paper(2)
    list_paper(3, day=DAY + timedelta(days=1), is_hidden=True)

    response = client.get("/")

    assert (response.status_code, titles(response)) == (200, ["Grokking in circuit 2"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "1,234 votes 1 comment arXiv PDF Hugging Face Code 48,211 stars"),
     ("de", "1.234 Stimmen 1 Kommentar arXiv PDF Hugging Face Code 48.211 Sterne")],
)  # fmt: skip
def test_thousands_are_parted(client, language, said):
    list_paper(votes=1234, comments=1, categories=[], code_url="https://example.org/code", code_stars=48211)

    assert said in text(client.get("/", headers={"accept-language": language}))


@pytest.mark.django_db
def test_ways_on_stand_at_the_end_too(client):
    list_paper(100, day=DAY - timedelta(days=2))
    for number in range(1, 27):
        list_paper(number)

    first, last = (
        client.get(f"/papers/date/{DAY}?page={page}").text.partition('<ol class="papers">') for page in (1, 2)
    )

    way = f'href="/papers/date/{DAY - timedelta(days=2)}"'
    assert [(page[0].count(way) > 0, page[2].count(way)) for page in (first, last)] == [(True, 0), (True, 1)]


@pytest.mark.django_db
def test_latest_without_papers(client):
    response = client.get("/")

    assert (response.status_code, titles(response)) == (200, [])
    assert "No papers yet" in text(response)


@pytest.mark.django_db
def test_day_pinned_first_then_by_votes(client):
    list_paper(1, votes=3)
    list_paper(2, votes=90)
    list_paper(3, is_pinned=True)
    list_paper(4, votes=50, is_hidden=True)
    list_paper(5, votes=50, is_withdrawn=True)
    both = list_paper(6, votes=10)
    Listing.objects.create(paper=both, source="arxiv", day=DAY)

    response = client.get(f"/papers/date/{DAY}")

    assert titles(response) == [f"Grokking in circuit {number}" for number in (3, 2, 6, 1)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "numbers"),
    [
        ("/papers/week/2026-W33", [2, 1, 3]),  # August 10 to 16
        ("/papers/week/2026-W32", [4]),
        ("/papers/month/2026-08", [2, 1, 3, 4]),
        ("/papers/month/2026-07", [5]),
    ],
)
def test_week_and_month(client, path, numbers):
    days = [date(2026, 8, 10), date(2026, 8, 12), date(2026, 8, 16), date(2026, 8, 9), date(2026, 7, 31)]
    votes = [7, 9, 5, 3, 1]
    for number, (day, count) in enumerate(zip(days, votes, strict=True), 1):
        list_paper(number, day=day, votes=count)

    response = client.get(path)

    assert titles(response) == [f"Grokking in circuit {number}" for number in numbers]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "beside"),
    [
        ("/papers/date/2026-08-12", ["/papers/date/2026-08-10", "/papers/date/2026-09-01"]),
        ("/papers/week/2026-W33", ["/papers/week/2026-W27", "/papers/week/2026-W36"]),
        ("/papers/month/2026-08", ["/papers/month/2026-07", "/papers/month/2026-09"]),
        ("/papers/month/2026-09", ["/papers/month/2026-08"]),
        ("/papers/date/2025-12-31", ["/papers/date/2026-07-01"]),
        ("/papers/week/2026-W01", ["/papers/week/2026-W27"]),  # to which the last days of 2025 belong
    ],
)
def test_beside_it_are_the_next_ones_that_have_papers(client, path, beside):
    days = [date(2025, 12, 31), date(2026, 7, 1), date(2026, 8, 10), DAY, date(2026, 9, 1)]
    for number, day in enumerate(days, 1):
        list_paper(number, day=day)
    list_paper(9, day=DAY - timedelta(days=1), is_hidden=True)

    nav = client.get(path).text.partition('<nav class="day-nav"')[2]
    before, _, rest = nav.partition('<details class="calendar"')
    after = rest.partition("</details>")[2].partition("</nav>")[0]

    assert [href for part in (before, after) for href in hrefs(type("", (), {"text": part}))] == beside


@pytest.mark.django_db
def test_calendar_leads_to_every_day_and_week_that_has_papers(client):
    for number, day in enumerate([date(2026, 8, 3), DAY, date(2026, 8, 31), date(2026, 6, 5), date(2026, 11, 5)], 1):
        list_paper(number, day=day)

    page = client.get("/papers/date/2026-08-12").text
    calendar = page.partition('<details class="calendar"')[2].partition("</details>")[0]

    assert hrefs(type("", (), {"text": calendar})) == [
        "/papers/month/2026-06",
        "/papers/month/2026-08",
        "/papers/month/2026-11",
        "/papers/week/2026-W32",
        "/papers/date/2026-08-03",
        "/papers/week/2026-W33",
        "/papers/date/2026-08-12",
        "/papers/week/2026-W36",
        "/papers/date/2026-08-31",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "target"),
    [
        ("2026-08-12", "/papers/date/2026-08-12"),
        ("2026-08-14", "/papers/date/2026-08-12"),
        ("2030-01-01", "/papers/date/2026-08-12"),
        ("1999-01-01", "/papers/date/2026-08-03"),
        ("", "/"),
    ],
)
def test_jump_leads_to_the_nearest_day_that_has_papers(client, typed, target):
    list_paper(1, day=date(2026, 8, 3))
    list_paper(2)

    response = client.get("/papers/date", {"day": typed})

    assert (response.status_code, response.headers["Location"]) == (302, target)


@pytest.mark.django_db
def test_jump_without_papers_and_to_no_date(client):
    assert client.get("/papers/date?day=2026-08-12").headers["Location"] == "/"
    assert "“soon” is not a date" in text(client.get("/papers/date?day=soon"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "name", "reason"),
    [
        ("day", "2026-02-30", "“2026-02-30” is not a date"),
        ("day", "20260812", "“20260812” is not a date"),
        ("day", "<script>", "“&lt;script&gt;” is not a date"),
        ("day", "2026-08-10", "No papers on August 10, 2026 No source listed any, or none was read. Nearby: Aug 12"),
        ("day", "0001-01-01", "No papers on January 1, 0001"),
        ("day", "9999-12-31", "No papers on December 31, 9999 Nobody has listed any so far. Nearby: Aug 12"),
        ("week", "2026-W54", "“2026-W54” is not a week"),
        ("week", "0001-W01", "No papers in the week 0001-W01 No source listed any, or none was read. Nearby: Week 33"),
        ("week", "9999-W52", "“9999-W52” is not a week"),
        ("month", "2026-13", "“2026-13” is not a month"),
        ("month", "9999-12", "No papers in December 9999 Nobody has listed any so far. Nearby: August 2026"),
        ("month", "2026-8", "“2026-8” is not a month"),
    ],
)
def test_period_that_has_no_page(client, kind, name, reason):
    list_paper()

    response = client.get(reverse(f"papers:{kind}", args=[name]))

    assert response.status_code == 404
    assert reason in text(response)


class FuzzTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        list_paper()

    @settings(max_examples=40)
    @given(
        st.sampled_from(["papers:day", "papers:week", "papers:month"]),
        st.one_of(
            st.text(min_size=1, max_size=30).filter(lambda text: "/" not in text and "\n" not in text),
            st.from_regex(r"\d{4}-(\d\d-\d\d|W\d\d|\d\d)", fullmatch=True),
        ),
        st.text(max_size=10),
    )
    def test_every_period_and_page_has_an_answer(self, view, name, page):
        try:
            path = reverse(view, args=[name])
        except UnicodeEncodeError:
            return  # no address can be written so

        assert self.client.get(path, {"page": page.encode(errors="replace")}).status_code in {200, 404}

    @settings(max_examples=40)
    @given(st.text(max_size=40))
    def test_every_jump_has_an_answer(self, day):
        response = self.client.get("/papers/date", {"day": day.encode(errors="surrogatepass")})

        assert response.status_code in {302, 404}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", f"/papers/date/{DAY}", "/papers/week/2026-W33", "/papers/month/2026-08"])
@pytest.mark.parametrize(("page", "count"), [("", 25), ("?page=2", 2), ("?page=99", 2), ("?page=x", 25)])
def test_pages_of_25(client, path, page, count):
    for number in range(1, 28):
        list_paper(number)

    response = client.get(f"{path}{page}")

    assert len(titles(response)) == count
    assert [href for href in hrefs(response) if href.startswith("?")] == ["?page=2" if count == 25 else "?page=1"]


@pytest.mark.django_db
@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("path", ["/papers/date/2026-08-12", "/papers/week/2026-W33", "/papers/month/2026-08"])
def test_query_count(client, django_assert_num_queries, path, size):
    for number in range(size):
        list_paper(number)

    # How many, their keys, the papers; two neighbours, the calendar and its two, three kinds' days; announcements.
    with django_assert_num_queries(12):
        client.get(path)


@pytest.mark.django_db
def test_card_in_full(client):
    list_paper(
        published_on=date(2026, 4, 1),
        votes=31,
        comments=1,
        author_count=9,
        authors=[f"Ada {letter}." for letter in "ABCDEFGH"],
        organisation="sampleu",
        organisation_name="Sample University",
        code_url="https://code.example.org/grok",
        code_stars=7,
        project_url="https://grok.example.org/",
        is_pinned=True,
        pick_note="Read it first.",
    )

    response = client.get("/")

    assert text(response).partition("Editors’ pick ")[2] == (
        "Read it first. Grokking in circuit 1 "
        "9 authors Ada A. , Ada B. , Ada C. , Ada D. , Ada E. , Ada F. , Ada G. , Ada H. and 1 more Sample University "
        "We study how grokking appears in circuit 1. It appears late. "
        "Apr 1 31 votes 1 comment cs.LG "
        "arXiv PDF Hugging Face Code 7 stars Project page"
    )
    assert [href for href in hrefs(response) if href.startswith("https:")] == [
        "https://arxiv.org/abs/2608.00001",
        "https://arxiv.org/pdf/2608.00001",
        "https://huggingface.co/papers/2608.00001",
        "https://code.example.org/grok",
        "https://grok.example.org/",
    ]


@pytest.mark.django_db
def test_long_abstract_can_be_opened(client):
    list_paper(1, abstract="Late. " * 60)
    list_paper(2, abstract="Late. " * 9)

    page = client.get("/").text

    assert (page.count("is-folded"), page.count("Whole abstract"), page.count("Late. " * 59)) == (1, 1, 1)


@pytest.mark.django_db
def test_card_of_a_paper_known_by_title_only(client):
    list_paper(arxiv_id=None, authors=[], author_count=14, abstract="", categories=[])

    response = client.get("/")

    assert text(response).endswith("Grokking in circuit 1 14 authors")
    assert not [href for href in hrefs(response) if href.startswith("https:")]


@pytest.mark.django_db
def test_card_prints_markup_as_text(client):
    list_paper(title='<b onclick="x">&lt;think&gt;</b>', abstract="<script>alert(1)</script>", authors=["<i>Ada</i>"])

    response = client.get("/")

    assert titles(response) == ["&lt;b onclick=&quot;x&quot;&gt;&amp;lt;think&amp;gt;&lt;/b&gt;"]
    assert "<script" not in response.text
    assert "<i>" not in response.text


@pytest.mark.django_db
def test_pages_invite_to_subscribe(client):
    list_paper()

    page = client.get("/").text

    assert '<form class="banner" action="/subscribe"' in page
    assert "Get trending papers in your email inbox!" in page
    assert 'name="keywords"' in page


@pytest.mark.django_db
def test_current_announcements_are_shown(client):
    list_paper()
    for start, end, body in [(-1, 0, "Now *here*."), (1, 2, "Later."), (-3, -1, "Before.")]:
        first, last = DAY + timedelta(days=start), DAY + timedelta(days=end)
        Announcement.objects.create(body=body, starts_on=first, ends_on=last)

    page = client.get("/").text

    assert page.count('<aside class="notice"') == 1
    assert "<p>Now <em>here</em>.</p>" in page


@pytest.mark.django_db
def test_trending_page(client):
    list_paper(1, day=DAY - timedelta(days=9), votes=50)
    list_paper(2, day=DAY - timedelta(days=1), votes=40)
    list_paper(3, day=DAY - timedelta(days=20), votes=900)
    list_paper(4)
    list_paper(5, votes=70, is_hidden=True)

    response = client.get("/papers/trending")

    assert titles(response) == ["Grokking in circuit 2", "Grokking in circuit 1"]


@pytest.mark.django_db
def test_trending_without_votes(client):
    assert "No paper of the last two weeks has votes yet." in text(client.get("/papers/trending"))
