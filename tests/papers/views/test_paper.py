import json
import re
from datetime import date, timedelta

import pytest

from papers.models import Listing, Paper
from tests.papers.views.pages import DAY, hrefs, list_paper, text


@pytest.mark.django_db
def test_paper_page(client):
    paper = list_paper(votes=5, keywords=["grokking", "circuits"], authors=[f"Ada {number}" for number in range(20)])
    Listing.objects.create(paper=paper, source="arxiv", day=DAY - timedelta(days=1))

    response = client.get("/papers/2608.00001")

    assert response.status_code == 200
    assert "Ada 19" in text(response)
    assert "Keywords grokking circuits Cite @misc{0grokking," in text(response)
    assert text(response).endswith("Where it was listed Aug 11 , arXiv Aug 12 , Hugging Face, 5 votes")
    assert "/topics/circuits" in hrefs(response)


@pytest.mark.django_db
def test_paper_of_many_authors_folds_them(client):
    names = [f"Ada {number}" for number in range(60)]
    list_paper(1, authors=names, author_count=664)
    list_paper(2, authors=names[:30], author_count=30)

    shown, rest = client.get("/papers/2608.00001").text.partition('<details class="byline authors">')[::2]

    assert re.findall(r"<bdi>(Ada \d+)</bdi>", shown) == names[:30]
    folded = rest.partition("</details>")[0]
    assert re.findall(r"<bdi>(Ada \d+)</bdi>", folded) == names[30:]
    assert re.findall(r"and \d+ more", folded) == ["and 634 more", "and 604 more"]
    assert "<details" not in client.get("/papers/2608.00002").text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("published_on", "votes", "said"),
    [(None, 47, "47 votes"), (date(2026, 8, 11), 0, "Aug 11"), (date(2026, 8, 11), 47, "Aug 11 · 47 votes")],
)
def test_related_papers_say_when_and_how_liked(client, published_on, votes, said):
    list_paper(1, keywords=["grokking"])
    list_paper(2, keywords=["grokking"], published_on=published_on, votes=votes)

    assert f"Related papers Grokking in circuit 2 {said} Cite" in text(client.get("/papers/2608.00001"))


@pytest.mark.django_db
def test_paper_speaks_to_programs(client):
    list_paper(title="On <b> & </script>", published_on=date(2026, 8, 11), keywords=["grokking"])

    page = client.get("/papers/2608.00001").text

    assert re.findall(r'<meta (?:name|property)="((?:og|citation)[^"]+)"\s+content="([^"]*)">', page) == [
        ("og:type", "article"),
        ("og:site_name", "Paper Round"),
        ("og:title", "On &lt;b&gt; &amp; &lt;/script&gt;"),
        ("og:description", "We study how grokking appears in circuit 1. It appears late."),
        ("og:url", "http://127.0.0.1:8000/papers/2608.00001"),
        ("citation_title", "On &lt;b&gt; &amp; &lt;/script&gt;"),
        ("citation_author", "Ada Example"),
        ("citation_author", "Ben Sample"),
        ("citation_publication_date", "2026/08/11"),
        ("citation_arxiv_id", "2608.00001"),
        ("citation_abstract_html_url", "https://arxiv.org/abs/2608.00001"),
        ("citation_pdf_url", "https://arxiv.org/pdf/2608.00001"),
        ("citation_keywords", "grokking"),
    ]
    data = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert [json.loads(one)["headline"] for one in data] == ["On <b> & </script>"]


@pytest.mark.django_db
def test_related_papers_are_linked(client):
    list_paper(1, title="Grokking in modular arithmetic", abstract="")
    list_paper(2, title="Tidal locking of planets", abstract="")
    list_paper(3, title="Modular arithmetic and grokking", abstract="")

    page = client.get("/papers/2608.00001").text

    assert hrefs(type("", (), {"text": page.partition('class="related"')[2].partition("</ul>")[0]})) == [
        "/papers/2608.00003"
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(("others", "queries"), [(1, 6), (4, 6), (5, 4), (8, 4)])
def test_query_count(client, django_assert_num_queries, others, queries):
    for number in range(1, others + 2):
        list_paper(number, keywords=["grokking"])

    # The paper, where it was listed, those related: named, and looked at; the same again where they are too few.
    with django_assert_num_queries(queries):
        client.get("/papers/2608.00001")


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
