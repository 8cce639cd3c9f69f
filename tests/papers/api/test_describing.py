import pytest
from bs4 import BeautifulSoup

from papers.search.stored import remember
from tests.factories import make_paper

pytestmark = pytest.mark.django_db


def test_page_says_what_the_schema_says(client):
    page = BeautifulSoup(client.get("/api/").content, "lxml").main

    operations = {
        section.h2.get_text(): {term.get_text(strip=True) for term in section.select("dt")}
        for section in page.select("section")
    }
    assert operations == {
        "GET /api/daily_papers": {"date", "week", "month", "submitter", "sort", "limit", "p"},
        "GET /api/papers/search": {"q", "limit", "p"},
        "GET /api/papers/{paper_id}": {"paper_id"},
    }
    said = {term.get_text(strip=True): " ".join(term.find_next("dd").get_text().split()) for term in page.select("dt")}
    assert said["sort"] == "publishedAt, trending. Without it: publishedAt."
    assert said["limit"] == "Papers a page. 1 to 100. Without it: 20."
    assert said["paper_id"] == "An arXiv id, such as 2608.00001. Needed."
    assert "script" not in {tag.name for tag in page.find_all()}


def test_its_examples_work(client):
    remember([make_paper(1)])
    page = BeautifulSoup(client.get("/api/").content, "lxml").main

    examples = [link["href"] for link in page.select("section a")]

    assert examples == [
        "/api/daily_papers?sort=trending&limit=3",
        "/api/papers/search?q=title:diffusion&limit=3",
        "/api/papers/2608.00001",
    ]
    assert {client.get(example).status_code for example in examples} == {200}


def test_its_reference_is_in_one_language(client):
    page = BeautifulSoup(client.get("/api/", headers={"accept-language": "de"}).content, "lxml").main

    assert page.select("h2")[-1].get_text() == "Gut zu wissen"
    assert {section["lang"] for section in page.select("section")} == {"en"}
    assert " ".join(page.select("section dd")[-1].get_text().split()) == "An arXiv id, such as 2608.00001. Needed."
