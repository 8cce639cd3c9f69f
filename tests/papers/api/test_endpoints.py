import json
from datetime import UTC, date, datetime

import pytest

from papers import curating
from papers.models import Listing, Paper, Reading
from papers.sources.huggingface.api import parse_api
from tests.factories import make_paper

pytestmark = pytest.mark.django_db
DAY = date(2026, 8, 12)
STORED = {
    "title": "Grokking on graphs",
    "abstract": "It appears late.",
    "published_on": date(2026, 8, 10),
    "featured_on": DAY,
    "votes": 31,
    "comments": 4,
    "keywords": ["grokking", "graphs"],
    "organisation": "papertown",
    "organisation_name": "University of Papertown",
    "code_url": "https://github.com/example/grokking",
    "code_stars": 12,
    "project_url": "https://example.org/grokking",
}
SHOWN = {
    "id": "2608.00001",
    "authors": [{"name": "Ada Example", "hidden": False}, {"name": "Ben Sample", "hidden": False}],
    "publishedAt": "2026-08-10T00:00:00.000Z",
    "submittedOnDailyAt": "2026-08-12T00:00:00.000Z",
    "title": "Grokking on graphs",
    "summary": "It appears late.",
    "upvotes": 31,
    "ai_keywords": ["grokking", "graphs"],
    "categories": ["cs.LG"],
    "githubRepo": "https://github.com/example/grokking",
    "githubStars": 12,
    "projectPage": "https://example.org/grokking",
    "organization": {"name": "papertown", "fullname": "University of Papertown"},
}


def listed(number: int, day: date = DAY, **fields: object) -> Paper:
    paper = make_paper(number, **{"featured_on": day} | fields)
    Listing.objects.create(paper=paper, source="huggingface", day=day)
    return paper


def ids(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["paper"]["id"] for item in answer.json()]


def test_daily_papers_has_the_shape_of_hugging_face(client):
    listed(1, **STORED)

    answer = client.get("/api/daily_papers?date=2026-08-12")

    assert answer["Content-Type"] == "application/json; charset=utf-8"
    assert answer.json() == [
        {
            "paper": SHOWN,
            "publishedAt": "2026-08-12T00:00:00.000Z",
            "title": "Grokking on graphs",
            "summary": "It appears late.",
            "numComments": 4,
            "organization": SHOWN["organization"],
        }
    ]


def test_paper_is_flat(client):
    listed(1, **STORED)

    assert client.get("/api/papers/2608.00001").json() == SHOWN | {"numComments": 4}


def test_what_is_not_known_is_absent(client):
    make_paper(1, authors=[], categories=[], abstract="")

    assert client.get("/api/papers/2608.00001").json() == {
        "id": "2608.00001",
        "authors": [],
        "publishedAt": "2026-08-12T00:00:00.000Z",
        "title": "Grokking in circuit 1",
        "summary": "",
        "upvotes": 0,
        "numComments": 0,
    }


def test_our_own_reader_of_that_format_reads_it_back(client):
    listed(1, **STORED)
    listed(2, published_on=DAY)

    batch = parse_api(client.get("/api/daily_papers?date=2026-08-12").content)

    assert (batch.day, batch.rejects, list(batch.warnings)) == (DAY, [], [])
    first = batch.records[0]
    told = STORED | {
        "keywords": ("grokking", "graphs"),
        "arxiv_id": "2608.00001",
        "authors": ("Ada Example", "Ben Sample"),
    }
    del told["featured_on"]
    assert {name: getattr(first, name) for name in told} == told


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["3", "1", "2", "4"]),
        ("date=2026-08-12", ["1", "2"]),
        ("date=2026-08-12T09:30:00Z", ["1", "2"]),
        ("week=2026-W33", ["3", "1", "2"]),
        ("month=2026-08", ["3", "1", "2"]),
        ("month=2026-07", ["4"]),
        ("month=2026-07&sort=trending", ["4"]),
        ("week=2026-W33&sort=trending", ["1", "3", "2"]),
        ("date=1999-01-01", []),
        ("limit=1", ["3"]),
        ("limit=1&p=1", ["1"]),
        ("limit=3&p=1", ["4"]),
        ("p=100", []),
        ("date=&week=&month=&submitter=", ["3", "1", "2", "4"]),
    ],
)
def test_daily_papers_by_period_order_and_page(client, asked, found):
    listed(1, votes=9)
    listed(2, votes=1)
    listed(3, date(2026, 8, 13), votes=5)
    listed(4, date(2026, 7, 31), votes=99)
    listed(5, votes=50, is_hidden=True)
    listed(6, votes=50, is_withdrawn=True)

    assert ids(client.get(f"/api/daily_papers?{asked}")) == [f"2608.0000{number}" for number in found]


def test_daily_papers_trending_now(client, time_machine):
    time_machine.move_to(datetime(2026, 8, 13, 9, tzinfo=UTC), tick=False)
    listed(1, votes=5)
    listed(2, date(2026, 8, 13), votes=5)
    listed(3, date(2026, 7, 1), votes=500)

    assert ids(client.get("/api/daily_papers?sort=trending")) == ["2608.00002", "2608.00001"]
    assert ids(client.get("/api/daily_papers?sort=trending&limit=1&p=1")) == ["2608.00001"]


def test_a_paper_is_found_under_any_spelling_of_its_id(client):
    make_paper(1)
    make_paper(2, arxiv_id="hep-th/9901001")
    nameless = make_paper(3, arxiv_id=None)

    found = [
        client.get(f"/api/papers/{name}").json().get("id")
        for name in ("2608.00001v2", "arXiv:2608.00001", "hep-th/9901001", f"entry/{nameless.pk}")
    ]

    assert found == ["2608.00001", "2608.00001", "hep-th/9901001", f"entry/{nameless.pk}"]


@pytest.mark.parametrize(
    ("address", "status", "error"),
    [
        ("daily_papers?limit=101", 400, "limit must be at most 100."),
        ("daily_papers?limit=0", 400, "limit must be at least 1."),
        ("daily_papers?limit=many&p=-1", 400, "limit must be a whole number. p must be at least 0."),
        ("daily_papers?p=101", 400, "p must be at most 100."),
        ("daily_papers?sort=votes", 400, "sort must be 'publishedAt' or 'trending'."),
        ("daily_papers?date=yesterday", 400, "“yesterday” is not a date; write it like 2026-08-12."),
        ("daily_papers?week=33", 400, "“33” is not a week; write it like 2026-W33."),
        ("daily_papers?month=8", 400, "“8” is not a month; write it like 2026-08."),
        (
            "daily_papers?month=2026-08&week=2026-W33", 400,
            "Ask for a date, a week or a month, not for several of them.",
        ),
        (
            "daily_papers?submitter=ada", 400,
            "Who submitted a paper is not known here: leave submitter out.",
        ),
        ("papers/search", 400, "q is missing."),
        ("papers/search?q=", 400, "q is empty."),
        (
            "papers/search?q=(grokking", 400,
            "This parenthesis is never closed. Add ) where the group ends.",
        ),
        ("papers/2608.99999", 404, "No paper is known here as “2608.99999”; write its arXiv id, such as 2608.00001."),
        ("papers/2608.00001", 404, "No paper is known here as “2608.00001”; write its arXiv id, such as 2608.00001."),
        ("papers/entry/²", 404, "No paper is known here as “entry/²”; write its arXiv id, such as 2608.00001."),
        ("papers/entry/99999999999999999999", 404,
         "No paper is known here as “entry/99999999999999999999”; write its arXiv id, such as 2608.00001."),
        ("models", 404, "There is nothing at this address; /api/ says what there is."),
    ],
)  # fmt: skip
def test_refusals_are_sentences(client, address, status, error):
    make_paper(1, is_hidden=True)

    answer = client.get(f"/api/{address}")

    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_any_origin_may_read(client):
    make_paper(1)

    for answer in (
        client.get("/api/papers/2608.00001"),
        client.head("/api/papers/2608.00001"),
        client.get("/api/nothing"),
        client.get("/api/daily_papers?limit=0"),
        client.get("/api/openapi.json"),
        client.options("/api/daily_papers"),
        client.post("/api/daily_papers"),
    ):
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer
        assert "Set-Cookie" not in answer
    asked = client.options("/api/daily_papers")
    assert (asked.status_code, asked["Access-Control-Allow-Methods"]) == (204, "GET, HEAD, OPTIONS")
    refused = client.delete("/api/papers/2608.00001")
    assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert refused.json() == {"error": "Nothing can be changed here: only read."}


def test_what_has_not_changed_is_not_sent_again(client):
    paper = listed(1)
    for address in ("/api/daily_papers?date=2026-08-12", "/api/papers/2608.00001"):
        first = client.get(address)
        assert first["Cache-Control"] == "public, max-age=300"
        again = client.get(address, headers={"If-None-Match": first["ETag"]})
        dated = client.get(address, headers={"If-Modified-Since": first["Last-Modified"]})
        head = client.head(address, headers={"If-None-Match": first["ETag"]})
        assert [(one.status_code, one.content) for one in (again, dated, head)] == 3 * [(304, b"")]
        assert again["ETag"] == first["ETag"]

        paper.votes += 1
        paper.save()
        assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_a_list_changed_with_the_last_reading_that_brought_something(client, time_machine):
    time_machine.move_to(datetime(2026, 8, 12, 9, tzinfo=UTC), tick=False)
    started_at = datetime(2026, 8, 12, 8, tzinfo=UTC)
    row = {"source": "huggingface", "day": DAY, "finished_at": datetime(2026, 8, 12, 8, 0, 5, 900_000, tzinfo=UTC)}

    quiet = client.get("/api/daily_papers")["Last-Modified"]
    Reading.objects.create(**row, started_at=started_at, outcome="unchanged", found=9)
    unchanged = client.get("/api/daily_papers")["Last-Modified"]
    Reading.objects.create(**row, started_at=started_at, outcome="new", updated=1)
    new = client.get("/api/daily_papers")["Last-Modified"]

    assert [quiet, unchanged, new] == [*2 * ["Wed, 12 Aug 2026 00:00:00 GMT"], "Wed, 12 Aug 2026 08:00:05 GMT"]


def test_a_hidden_paper_changes_the_list_for_those_who_ask_by_date(client):
    papers = [listed(number) for number in (1, 2)]
    first = client.get("/api/daily_papers")

    curating.hide([papers[0].pk], True)

    again = client.get("/api/daily_papers", headers={"If-Modified-Since": first["Last-Modified"]})
    assert ids(first) == ["2608.00002", "2608.00001"]
    assert ids(again) == ["2608.00002"]


def test_queries_do_not_grow_with_the_papers(client, django_assert_num_queries):
    listed(1)
    with django_assert_num_queries(4):
        client.get("/api/daily_papers")
    for number in (2, 3):
        listed(number)
    with django_assert_num_queries(4):
        client.get("/api/daily_papers")


def test_schema_documents_every_operation(client):
    schema = json.loads(client.get("/api/openapi.json").content)

    assert schema["openapi"].startswith("3.1")
    assert {path: list(methods) for path, methods in schema["paths"].items()} == {
        "/api/daily_papers": ["get"],
        "/api/papers/search": ["get"],
        "/api/papers/{paper_id}": ["get"],
    }
    asked = {one["name"] for one in schema["paths"]["/api/daily_papers"]["get"]["parameters"]}
    assert asked == {"date", "week", "month", "submitter", "sort", "limit", "p"}
    shape = schema["components"]["schemas"]["PaperShape"]
    assert shape["properties"]["publishedAt"] == {"format": "date-time", "title": "Publishedat", "type": "string"}
    assert {"id", "title", "summary", "authors", "publishedAt", "upvotes"} <= set(shape["required"])
