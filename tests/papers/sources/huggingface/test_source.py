import json
from datetime import date
from itertools import count

import pytest

from papers.sources.base import FetchFailed, NotModified, UnexpectedShape
from papers.sources.huggingface import HuggingFace
from tests.papers.sources.golden import DATA
from tests.papers.sources.web import Web

DAY = date(2026, 8, 21)
PAGE = "https://huggingface.co/papers/date/2026-08-21"
ONE_DAY = (DATA / "huggingface/page/era_2026.html").read_bytes()
source = HuggingFace()


def api(page: int) -> str:
    return f"https://huggingface.co/api/daily_papers?date=2026-08-21&limit=100&p={page}"


def items(first: int, number: int, day: str = "2026-08-21") -> bytes:
    return json.dumps(
        [
            {
                "paper": {
                    "id": f"2608.{identity:05}",
                    "title": f"Paper {identity}",
                    "summary": "About itself.",
                    "authors": [],
                    "publishedAt": "2026-08-19T00:00:00.000Z",
                    "submittedOnDailyAt": f"{day}T00:00:00.000Z",
                }
            }
            for identity in range(first, first + number)
        ]
    ).encode()


def test_one_short_page_is_the_whole_day():
    web = Web({api(0): items(1, 3)})

    batch = source.read(DAY, web.get)

    assert web.asked == [api(0)]
    assert (batch.day, batch.route, batch.announces) == (DAY, "api", True)
    assert [(record.arxiv_id, record.rank) for record in batch.records] == [
        ("2608.00001", 1),
        ("2608.00002", 2),
        ("2608.00003", 3),
    ]


def test_pages_are_read_until_a_short_one_and_ranked_through():
    web = Web({api(0): items(1, 100), api(1): items(101, 100), api(2): items(201, 7)})

    batch = source.read(DAY, web.get)

    assert web.asked == [api(0), api(1), api(2)]
    assert [record.rank for record in batch.records] == list(range(1, 208))


def test_page_of_the_default_size_is_not_believed_to_be_the_last():
    web = Web({api(0): items(1, 50), api(1): items(51, 12)})

    assert len(source.read(DAY, web.get).records) == 62


def test_overlapping_pages_list_a_paper_once():
    web = Web({api(0): items(1, 100), api(1): items(90, 20)})

    batch = source.read(DAY, web.get)

    assert [record.arxiv_id for record in batch.records] == [f"2608.{number:05}" for number in range(1, 110)]


def test_site_that_ignores_the_page_number_is_asked_twice():
    web = Web({api(0): items(1, 100), api(1): items(1, 100)})

    batch = source.read(DAY, web.get)

    assert len(web.asked) == 2
    assert len(batch.records) == 100


def test_endless_pages_end():
    numbers = count(1, 100)

    batch = source.read(DAY, lambda url: items(next(numbers), 100))

    assert len(batch.records) == 2000


def test_empty_array_is_a_day_without_papers():
    batch = source.read(DAY, Web({api(0): b"[]"}).get)

    assert (list(batch.records), list(batch.rejects), batch.route) == ([], [], "api")


@pytest.mark.parametrize(
    "answer",
    [FetchFailed("HTTP 503"), b"<html>maintenance</html>", b'{"error": "no"}', items(1, 3, "2026-08-20")],
    ids=["failed", "no JSON", "no array", "another day"],
)
def test_page_stands_in_where_the_api_fails(answer: bytes | Exception):
    web = Web({api(0): answer, PAGE: ONE_DAY})

    batch = source.read(DAY, web.get)

    assert (batch.route, batch.day, len(batch.records)) == ("page", DAY, 2)


def test_page_of_another_day_is_not_the_asked_one():
    day = date(2026, 8, 24)
    web = Web({"https://huggingface.co/papers/date/2026-08-24": ONE_DAY})

    with pytest.raises(UnexpectedShape, match=r"HTTP 404; .*asked for 2026-08-24, the page shows 2026-08-21"):
        source.read(day, web.get)


def test_challenge_on_both_routes_names_both():
    challenge = (DATA / "huggingface/page/challenge.html").read_bytes()

    with pytest.raises(UnexpectedShape, match=r"^huggingface api: not JSON.*; huggingface page: no DailyPapers island"):
        source.read(DAY, Web({api(0): challenge, PAGE: challenge}).get)


def test_page_without_papers_is_no_quiet_day():
    empty = (DATA / "huggingface/page/no_papers.html").read_bytes()

    with pytest.raises(UnexpectedShape, match="no papers in the island"):
        source.read(date(2026, 8, 22), lambda url: empty if "/papers/" in url else b"")


def test_unchanged_first_page_is_an_unchanged_day():
    with pytest.raises(NotModified):
        source.read(DAY, Web({api(0): NotModified()}).get)


def test_unchanged_later_page_costs_nothing_of_the_first():
    web = Web({api(0): items(1, 100), api(1): NotModified()})

    assert len(source.read(DAY, web.get).records) == 100


def test_rejects_and_warnings_of_every_page_are_kept():
    bad = json.loads(items(101, 2))
    bad[0]["paper"]["title"] = ""
    bad[1]["paper"]["upvotes"] = "many"
    web = Web({api(0): items(1, 100), api(1): json.dumps(bad).encode()})

    batch = source.read(DAY, web.get)

    assert [reject.reason for reject in batch.rejects] == ["title: the title is empty"]
    assert batch.warnings == ["huggingface api: upvotes of an unexpected type in 1 of 2 records"]


def test_other_site_is_read_by_the_same_code():
    web = Web({"http://127.0.0.1:9/api/daily_papers?date=2026-08-21&limit=100&p=0": items(1, 1)})

    assert len(HuggingFace("http://127.0.0.1:9/").read(DAY, web.get).records) == 1


@pytest.mark.parametrize(("day", "expected"), [("2026-08-21", True), ("2026-08-22", False), ("2026-08-23", False)])
def test_papers_are_expected_on_weekdays(day: str, expected: bool):
    assert source.expects(date.fromisoformat(day)) is expected
