import re
from datetime import date, timedelta
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from papers.search import parse, stored
from subscriptions import keywords
from tests.papers.search.test_stored import PIECES
from tests.papers.views.pages import DAY, hrefs, list_paper, text, titles


@pytest.mark.django_db
def test_empty_search_says_how_to_ask(client):
    response = client.get("/papers")

    assert response.status_code == 200
    assert '<details class="hints" id="hints" open>' in response.text
    assert "/papers?q=author%3A%22Jane%20Doe%22" in hrefs(response)


@pytest.mark.django_db
def test_search_finds_and_marks(client):
    list_paper(1, title="Multi-agent planning", abstract="For multiagent teams.")
    list_paper(2, title="Tidal locking", abstract="Of planets & moons.")

    response = client.get("/papers", {"q": "multi agent"})

    assert (response.status_code, titles(response)) == (200, ["<mark>Multi-agent</mark> planning"])
    assert "For <mark>multiagent</mark> teams." in response.text
    assert text(response).partition("How to ask")[2].partition("1 paper ")[1] == "1 paper "


@pytest.mark.django_db
def test_search_by_author_opens_the_names(client):
    list_paper(authors=["Jane A. Doe", "Ben <Sample>"])

    page = client.get("/papers", {"q": "author:doe"}).text

    assert '<details class="authors" open>' in page
    assert "<bdi><mark>Jane A. Doe</mark></bdi>, <bdi>Ben &lt;Sample&gt;</bdi>" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("order", "numbers"),
    [("", [1, 2, 3]), ("relevance", [1, 2, 3]), ("date", [3, 2, 1]), ("votes", [2, 3, 1]), ("size", [1, 2, 3])],
)
def test_search_orders(client, order, numbers):
    list_paper(1, title="Grokking grokking 1", abstract="", votes=1, day=DAY - timedelta(days=2))
    list_paper(2, title="Grokking now 2", abstract="", votes=9, day=DAY - timedelta(days=1))
    list_paper(3, title="A long title on many things and grokking 3", abstract="", votes=5)

    response = client.get("/papers", {"q": "grokking", "sort": order})

    assert [int(title[-1]) for title in titles(response)] == numbers


@pytest.mark.django_db
def test_search_in_pages_that_keep_the_question(client):
    for number in range(1, 28):
        list_paper(number)

    first, second = (client.get("/papers", {"q": "grokking", "sort": "date", "page": page}) for page in (1, 2))

    assert (len(titles(first)), len(titles(second))) == (25, 2)
    assert [href for href in hrefs(first) if "page=" in href] == ["?q=grokking&amp;sort=date&amp;page=2"]
    assert '<ol class="papers" start="26">' in second.text


@pytest.mark.django_db
def test_search_by_mail_and_as_a_topic(client):
    response = client.get("/papers", {"q": '"a/b" OR c&d'})

    assert "No paper matches." in text(response)
    assert {"/subscribe?keywords=%22a/b%22%20OR%20c%26d", "/topics/%22a/b%22%20OR%20c&amp;d"} <= set(hrefs(response))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "carried"),
    [
        ('"a, b" c', '"a, b" c'),
        ("robots, tides", "(robots, tides)"),
        ("author:Doe, Jane", "(author:Doe, Jane)"),
        ('"a" OR b,c', '("a" OR b,c)'),
        ("—survey", "(—survey)"),
    ],
)
def test_search_by_mail_stays_one_keyword(client, typed, carried):
    response = client.get("/papers", {"q": typed})
    (keyword,) = keywords.read(carried)

    assert f"/subscribe?keywords={quote(carried)}" in hrefs(response)
    assert (keyword.normal, keyword.is_muted) == (parse(typed).normal, False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "instead"),
    [
        ("grokkign circuits", ["/papers?q=grokking%20circuits"]),
        ("grokking late appears", ["/papers?q=grokking%20AND%20late%20AND%20appears"]),
        ("grokking and late", ["/papers?q=grokking%20AND%20late"]),
        ("grokking or and zzz", []),
        ("zzzqqq", []),
        (" ".join(f"zz{number}" for number in range(50)), []),
    ],
)
def test_search_without_results_proposes_what_finds_some(client, query, instead):
    list_paper(abstract="Grokking circuits: it appears late.")
    list_paper(2, is_hidden=True)

    page = client.get("/papers", {"q": query}).text
    proposed = page.partition("Did you mean")[2].partition("</ul>")[0]

    assert re.findall(r'href="(/papers[^"]*)"', proposed) == instead
    assert proposed.count("1 paper<") == len(instead)


@pytest.mark.django_db
def test_search_says_when_it_looked_at_the_newest_only(client, monkeypatch):
    monkeypatch.setattr(stored.search_stored, "__defaults__", (2,))
    for number in range(1, 4):
        list_paper(number)

    response = client.get("/papers", {"q": "grokking"})

    assert "2 papers among the newest" in text(response)
    assert "ask more narrowly to reach older ones" in text(response)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "mistake", "shown"),
    [
        ("title:(graphs AND", "AND has nothing after it.", "title:(graphs <mark>A</mark>ND"),
        ("(graphs", "This parenthesis is never closed.", "<mark>(</mark>graphs"),
        ("NOT survey", "NOT alone would find nearly every paper.", "<mark>N</mark>OT survey"),
        ("x" * 600, "This is longer than 500 characters.", "<mark>x</mark>"),
        ("<b>*x", "A star can only end the last word of a phrase.", "&lt;b&gt;<mark>*</mark>x"),
    ],
)
def test_search_that_cannot_be_read(client, query, mistake, shown):
    response = client.get("/papers", {"q": query})

    assert response.status_code == 400
    assert mistake in text(response)
    assert shown in response.text
    assert 'aria-invalid="true"' in response.text


@pytest.mark.django_db
@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("path", ["/papers?q=grokking", "/topics/grokking"])
def test_query_count(client, django_assert_num_queries, path, size):
    for number in range(size):
        list_paper(number)

    with django_assert_num_queries(2):
        client.get(path)


@pytest.mark.django_db
def test_topic(client):
    list_paper(1, day=DAY - timedelta(days=2))
    list_paper(2, day=DAY - timedelta(days=1))
    list_paper(3, title="Tidal locking", abstract="")

    response = client.get("/topics/grokking")

    assert [re.sub("<.*?>", "", title) for title in titles(response)] == [
        "Grokking in circuit 2",
        "Grokking in circuit 1",
    ]
    assert "2 papers so far" in text(response)
    assert "/subscribe?keywords=grokking" in hrefs(response)


@pytest.mark.django_db
def test_topic_shows_papers_a_week(client):
    for number, day in enumerate([date(2026, 8, 10), DAY, date(2026, 8, 9), date(2026, 5, 25), date(2026, 5, 24)], 1):
        list_paper(number, day=day)

    page = client.get("/topics/grokking").text
    rows = re.findall(r'<tr><th scope="row"><time datetime="([^"]+)">[^<]+</time></th><td>(\d+)</td></tr>', page)

    assert (len(rows), rows[0], rows[-2], rows[-1]) == (
        12,
        ("2026-05-25", "1"),
        ("2026-08-03", "1"),
        ("2026-08-10", "2"),
    )
    assert re.findall(r'<rect x="(\d+)" y="(\d+)" width="16" height="(\d+)">', page) == [
        ("0", "30", "30"),
        ("200", "30", "30"),
        ("220", "0", "60"),
    ]
    assert "Papers a week over the last 12 weeks: 4 in all, at most 2" in page


@pytest.mark.django_db
def test_topic_shows_only_weeks_that_were_searched(client, monkeypatch):
    monkeypatch.setattr(stored.search_stored, "__defaults__", (2,))
    for number, back in enumerate([40, 9, 1], 1):
        list_paper(number, day=DAY - timedelta(days=back))

    page = client.get("/topics/grokking").text

    assert "Papers this week: 1" in page


@pytest.mark.django_db
def test_topic_without_papers(client):
    response = client.get("/topics/grokking")

    assert response.status_code == 200
    assert "Nothing has been published on this so far." in text(response)
    assert 'class="chart"' not in response.text


@pytest.mark.django_db
def test_topic_that_cannot_be_read(client):
    response = client.get("/topics/(graphs%20AND")

    assert response.status_code == 404
    assert "AND has nothing after it." in text(response)


class FuzzTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        list_paper()

    @settings(max_examples=40)
    @given(
        st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=7).map(" ".join)),
        st.sampled_from(["relevance", "date", "votes", "x"]),
        st.text(max_size=8),
    )
    def test_every_question_has_an_answer(self, query, order, page):
        asked = {"q": query, "sort": order, "page": page}
        encoded = {name: value.encode(errors="surrogatepass") for name, value in asked.items()}

        assert self.client.get("/papers", encoded).status_code in {200, 400}

    @settings(max_examples=40)
    @given(st.one_of(st.text(min_size=1, max_size=60), st.lists(PIECES, min_size=1, max_size=5).map(" ".join)))
    def test_every_topic_has_an_answer(self, interest):
        path = "/topics/" + quote(interest.encode(errors="surrogatepass"))

        assert self.client.get(path).status_code in {200, 404}
