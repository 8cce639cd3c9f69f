import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.views.defaults import server_error

from papers.models import Listing, Paper
from papers.templatetags.papers import short_date
from tests.factories import make_paper

DAY = date(2026, 8, 12)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(datetime(2026, 8, 12, 9, tzinfo=UTC)):
        yield


def list_paper(number: int = 1, *, day: date = DAY, source: str = "huggingface", **fields: Any) -> Paper:
    paper = make_paper(number, featured_on=day, **fields)
    Listing.objects.create(paper=paper, source=source, day=day, rank=number, votes=fields.get("votes"))
    return paper


def titles(response: Any) -> list[str]:
    return re.findall(r'<h2 id="paper-\d+">\s*<a href="[^"]+"><bdi>(.*?)</bdi>', response.text)


def hrefs(response: Any) -> list[str]:
    return re.findall(r'href="([^"]+)"', response.text)


def text(response: Any) -> str:
    """The words of the page's main part, without the invitation to subscribe."""
    main = re.sub(r"(?s)<aside.*?</aside>", "", response.text.partition("<main")[2].partition("</main>")[0])
    return " ".join(re.sub(r"<[^>]+>", " ", main.partition(">")[2]).split())


@pytest.mark.django_db
def test_latest_shows_the_newest_day(client):
    list_paper(1, day=DAY - timedelta(days=1))
    list_paper(2)
    list_paper(3, day=DAY + timedelta(days=1), is_hidden=True)

    response = client.get("/")

    assert (response.status_code, titles(response)) == (200, ["Grokking in circuit 2"])


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
def test_day_links_to_the_days_beside_it_that_have_papers(client):
    for offset in (-5, -3, 0, 4):
        list_paper(10 + offset, day=DAY + timedelta(days=offset))
    list_paper(30, day=DAY - timedelta(days=1), is_hidden=True)

    response = client.get(f"/papers/date/{DAY}")

    assert [href for href in hrefs(response) if "/date/" in href] == [
        "/papers/date/2026-08-09",
        "/papers/date/2026-08-16",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2026-02-30", "“2026-02-30” is not a date"),
        ("20260812", "“20260812” is not a date"),
        ("2026-W33-3", "“2026-W33-3” is not a date"),
        ("<script>", "“&lt;script&gt;” is not a date"),
        ("2026-08-13", "No papers are known for 2026-08-13."),
        ("0001-01-01", "No papers are known for 0001-01-01."),
    ],
)
def test_day_that_has_no_page(client, day, reason):
    list_paper()

    response = client.get(reverse("papers:day", args=[day]))

    assert response.status_code == 404
    assert reason in text(response)


@pytest.mark.django_db
@pytest.mark.parametrize(("page", "count"), [("", 25), ("?page=2", 2), ("?page=99", 2), ("?page=x", 25)])
def test_day_pages(client, page, count):
    for number in range(1, 28):
        list_paper(number)

    assert len(titles(client.get(f"/papers/date/{DAY}{page}"))) == count


@pytest.mark.django_db
@pytest.mark.parametrize("size", [1, 3])
def test_day_query_count(client, django_assert_num_queries, size):
    for number in range(size):
        list_paper(number)

    with django_assert_num_queries(5):
        client.get("/")


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
    )

    response = client.get("/")

    assert text(response).partition("Grokking in circuit 1")[2].strip() == (
        "Ada A. , Ada B. , Ada C. , Ada D. , Ada E. , Ada F. and 3 more · Sample University "
        "Apr 1 31 votes 1 comment cs.LG "
        "Abstract We study how grokking appears in circuit 1. It appears late. "
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

    assert hrefs(client.get("/")).count(reverse("subscriptions:subscribe")) == 2


@pytest.mark.django_db
def test_paper_page(client):
    paper = list_paper(votes=5, keywords=["grokking", "circuits"], authors=[f"Ada {number}" for number in range(20)])
    Listing.objects.create(paper=paper, source="arxiv", day=DAY - timedelta(days=1))

    response = client.get("/papers/2608.00001")

    assert response.status_code == 200
    assert "Ada 19" in text(response)
    assert text(response).endswith(
        "Keywords grokking circuits Where it was listed Aug 11 , arXiv Aug 12 , Hugging Face, 5 votes"
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arxiv_id", "path"),
    [("2608.00001", "/papers/2608.00001v3"), ("math/0309136", "/papers/math.GT/0309136")],
)
def test_paper_under_another_spelling(client, arxiv_id, path):
    list_paper(arxiv_id=arxiv_id)

    response = client.get(path)

    assert (response.status_code, response.headers["Location"]) == (301, f"/papers/{arxiv_id}")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/papers/2608.99999", "/papers/entry/7", f"/papers/entry/{10**30}", "/papers/x"])
def test_paper_nobody_listed(client, path):
    response = client.get(path)

    assert response.status_code == 404
    assert "There is nothing at this address" in text(response)


@pytest.mark.django_db
def test_hidden_paper_has_no_page(client):
    hidden = list_paper(arxiv_id=None, is_hidden=True)
    list_paper(2, is_hidden=True)

    codes = [client.get(path).status_code for path in (f"/papers/entry/{hidden.pk}", "/papers/2608.00002")]

    assert codes == [404, 404]


@pytest.mark.django_db
def test_withdrawn_paper_says_so(client):
    list_paper(is_withdrawn=True)

    assert "This paper was withdrawn by its authors." in text(client.get("/papers/2608.00001"))


@pytest.mark.django_db
def test_entry_until_the_id_is_known(client):
    paper = list_paper(arxiv_id=None)
    path = f"/papers/entry/{paper.pk}"

    before = client.get(path)
    Paper.objects.update(arxiv_id="2608.00001")
    after = client.get(path)

    assert before.status_code == 200
    assert (after.status_code, after.headers["Location"]) == (301, "/papers/2608.00001")


@pytest.mark.django_db
def test_trending_page(client):
    today = DAY
    list_paper(1, day=today - timedelta(days=9), votes=50)
    list_paper(2, day=today - timedelta(days=1), votes=40)
    list_paper(3, day=today - timedelta(days=20), votes=900)
    list_paper(4, day=today)
    list_paper(5, day=today, votes=70, is_hidden=True)

    response = client.get("/papers/trending")

    assert titles(response) == ["Grokking in circuit 2", "Grokking in circuit 1"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", f"/papers/date/{DAY}", "/papers/trending", "/papers/2608.00001", "/nowhere"])
def test_pages_keep_to_their_own_origin(client, path):
    """No inline style or script, nothing loaded from elsewhere; only reading methods."""
    list_paper()

    response = client.get(path)

    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", response.text)
    assert set(re.findall(r'<(?:link|img)[^>]+(?:href|src)="([^"]+)"', response.text)) == {
        "/static/logo.svg",
        "/static/style.css",
    }
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert client.post(path).status_code in {404, 405}


def test_page_for_a_broken_request(rf):
    """Made without context processors or database: it must not break in its turn."""
    response = server_error(rf.get("/"))

    assert response.status_code == 500
    assert b"Something broke on our side" in response.content


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2026, 4, 1), "Apr 1"), (date(2024, 9, 3), "Sep 3, 2024"), (date(2026, 5, 20), "May 20"), (None, "")],
)
def test_short_date(day, expected):
    assert short_date(day, DAY) == expected
