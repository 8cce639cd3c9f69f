from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest

from papers.sources.arxiv import Arxiv
from papers.sources.base import FetchFailed, NotModified, UnexpectedShape
from tests.papers.sources.golden import DATA
from tests.papers.sources.web import Web

DAY = date(2026, 8, 20)
FEED = "https://rss.arxiv.org/rss/cs.AI+quant-ph"
AI, QUANT = "https://arxiv.org/list/cs.AI/new", "https://arxiv.org/list/quant-ph/new"
CATEGORIES = ("cs.AI", "quant-ph")
source = Arxiv()


def sample(name: str) -> bytes:
    return (DATA / "arxiv" / name).read_bytes()


def ids(batch) -> list[str]:
    return [record.arxiv_id for record in batch.records]


def test_one_feed_serves_all_categories():
    web = Web({FEED: sample("rss/every_kind.xml")})

    batch = source.read(DAY, web.get, categories=[*CATEGORIES, "cs.AI", "not a category"])

    assert web.asked == [FEED]
    assert (batch.day, batch.route, batch.dropped) == (DAY, "rss", 2)
    assert ids(batch) == ["2608.15001", "2205.06001"]


def test_default_categories_are_read_where_none_are_given():
    web = Web({"https://rss.arxiv.org/rss/cs.AI+cs.CL+cs.CV+cs.LG+cs.RO+stat.ML": sample("rss/weekend.xml")})

    batch = source.read(date(2026, 8, 22), web.get)

    assert (batch.day, list(batch.records)) == (date(2026, 8, 22), [])


def test_categories_that_are_none_are_refused_before_asking():
    web = Web()

    with pytest.raises(FetchFailed, match=r"none of ../etc, I.2.6 is an arXiv category"):
        source.read(DAY, web.get, categories=["../etc", "I.2.6"])

    assert web.asked == []


def test_feed_of_the_day_before_says_that_nothing_is_out_yet():
    web = Web({FEED: sample("rss/every_kind.xml")})

    batch = source.read(date(2026, 8, 21), web.get, categories=CATEGORIES)

    assert (batch.day, list(batch.records), batch.warnings) == (DAY, [], ["rss: still of 2026-08-20"])


def test_past_day_is_looked_up_in_the_archive():
    day = date(2026, 8, 19)
    past = "https://arxiv.org/catchup/{}/2026-08-19?abs=True&page=1"
    web = Web(
        {
            FEED: sample("rss/every_kind.xml"),
            past.format("cs.AI"): sample("list/catchup.html"),
            past.format("quant-ph"): sample("list/catchup.html"),
        }
    )

    batch = source.read(day, web.get, categories=CATEGORIES)

    assert (batch.day, batch.route) == (day, "catchup")
    assert ids(batch) == ["2608.09001", "2608.09002", "2505.01001"]


def test_archive_of_another_day_is_not_the_asked_one():
    web = Web({FEED: sample("rss/every_kind.xml")})
    web |= {
        f"https://arxiv.org/catchup/{name}/2026-08-18?abs=True&page=1": sample("list/catchup.html")
        for name in CATEGORIES
    }

    with pytest.raises(FetchFailed, match=r"cs.AI: arxiv list: asked for 2026-08-18, got 2026-08-19; quant-ph: "):
        source.read(date(2026, 8, 18), web.get, categories=CATEGORIES)


@pytest.mark.parametrize(
    "feed", [b"", *(sample(f"rss/{name}.xml") for name in ("cut", "feed_error", "doctype", "all_unreadable"))]
)
def test_lists_stand_in_for_a_broken_feed(feed: bytes):
    web = Web({FEED: feed, AI: sample("list/new.html"), QUANT: sample("list/new_quiet.html")})

    batch = source.read(DAY, web.get, categories=CATEGORIES)

    assert (batch.day, batch.route, batch.dropped, batch.warnings) == (DAY, "list", 2, [])
    assert [(record.arxiv_id, record.rank) for record in batch.records] == [
        ("2608.09001", 1),
        ("2608.09002", 2),
        ("2505.01001", 3),
    ]


def test_feed_that_has_reached_its_limit_is_not_believed():
    item = sample("rss/every_kind.xml").partition(b"<item>")[2].partition(b"</item>")[0]
    feed = sample("rss/weekend.xml").replace(b"</channel>", b"<item>%s</item>" % item * 2000 + b"</channel>")
    web = Web({FEED: feed, AI: sample("list/new.html"), QUANT: sample("list/new_quiet.html")})

    assert source.read(DAY, web.get, categories=CATEGORIES).route == "list"


def test_one_broken_category_is_named_and_costs_the_others_nothing():
    web = Web({AI: sample("list/count_is_wrong.html"), QUANT: sample("list/new.html")})

    batch = source.read(DAY, web.get, categories=CATEGORIES)

    assert len(batch.records) == 3
    assert batch.warnings == ["cs.AI: arxiv list: 2 entries below 'New submissions (showing 3 of 3 entries)'"]


def test_failure_of_every_route_names_them_all():
    web = Web({FEED: sample("rss/feed_error.xml"), AI: sample("list/other_page.html")})

    with pytest.raises(FetchFailed) as caught:
        source.read(DAY, web.get, categories=CATEGORIES)

    assert str(caught.value) == (
        "arxiv feed: Feed error for query: cs.XX; "
        "cs.AI: arxiv list: no sections and no word that there are none; "
        f"quant-ph: {QUANT}: HTTP 404"
    )


def test_paper_listed_twice_counts_as_new_where_it_is_new():
    crossed = sample("list/new.html").replace(b"New submissions", b"Cross submissions")
    web = Web({AI: crossed, QUANT: sample("list/new.html")})

    batch = source.read(DAY, web.get, categories=CATEGORIES)

    assert [(record.arxiv_id, record.section) for record in batch.records] == [
        ("2608.09001", "new"),
        ("2608.09002", "new"),
        ("2505.01001", "cross"),
    ]


def test_unchanged_feed_is_an_unchanged_day():
    with pytest.raises(NotModified):
        source.read(DAY, Web({FEED: NotModified()}).get, categories=CATEGORIES)


def test_lists_are_unchanged_only_all_together():
    with pytest.raises(NotModified):
        source.read(DAY, Web({AI: NotModified(), QUANT: NotModified()}).get, categories=CATEGORIES)

    batch = source.read(DAY, Web({AI: NotModified(), QUANT: sample("list/new.html")}).get, categories=CATEGORIES)

    assert len(batch.records) == 3


def test_stale_list_of_one_category_is_named():
    stale = sample("list/new.html").replace(b"20 August 2026", b"19 August 2026")
    web = Web({AI: stale, QUANT: sample("list/new.html")})

    batch = source.read(DAY, web.get, categories=CATEGORIES)

    assert (batch.day, len(batch.records), batch.warnings) == (DAY, 3, ["list: still of 2026-08-19"])


def test_list_of_a_later_day_leads_to_the_archive():
    past = "https://arxiv.org/catchup/cs.AI/2026-08-19?abs=True&page=1"
    web = Web({AI: sample("list/new.html"), past: sample("list/catchup.html")})

    batch = source.read(date(2026, 8, 19), web.get, categories=["cs.AI"])

    assert (batch.day, batch.route, len(batch.records)) == (date(2026, 8, 19), "catchup", 3)


def test_list_is_read_to_its_last_page():
    web = Web(
        {
            AI: sample("list/first_of_two_pages.html"),
            f"{AI}?skip=1&show=2000": sample("list/second_of_two_pages.html"),
        }
    )

    batch = source.read(DAY, web.get, categories=["cs.AI"])

    assert ids(batch) == ["2608.09001", "2608.09002", "2505.01001"]
    assert batch.dropped == 2


def test_list_that_repeats_its_first_page_is_not_whole():
    first = sample("list/first_of_two_pages.html")

    with pytest.raises(FetchFailed, match="arxiv list: 2 entries on 2 pages, more were promised"):
        source.read(DAY, lambda url: first if "/list/" in url else b"", categories=["cs.AI"])


def test_list_without_a_day_cannot_be_placed():
    undated = sample("list/new.html").replace(b"Showing new listings for", b"Listings of")

    with pytest.raises(FetchFailed, match="the page names no day"):
        source.read(DAY, Web({AI: undated}).get, categories=["cs.AI"])


class Api:
    """The query API: answers `id_list` from what it knows, in its own order."""

    def __init__(self, *answers: bytes):
        self.answers = list(answers)
        self.asked: list[dict[str, list[str]]] = []

    def get(self, url: str) -> bytes:
        assert url.startswith("https://export.arxiv.org/api/query?")
        self.asked.append(parse_qs(urlsplit(url).query))
        return self.answers.pop(0)


def test_enrich_asks_by_id_and_matches_by_id():
    api = Api(sample("query/two_styles_of_id.xml"))

    batch = source.enrich(["arXiv:2608.10003v1", "astro-ph/0601901", "2608.99999", "2608.10003", "kelp"], api.get)

    assert api.asked == [{"id_list": ["2608.10003,astro-ph/0601901,2608.99999"], "max_results": ["3"]}]
    assert ids(batch) == ["astro-ph/0601901", "2608.10003"]
    assert (batch.announces, batch.day, batch.route) == (False, None, "query")


def test_enrich_asks_a_hundred_at_a_time():
    api = Api(*[sample("query/unknown_id.xml")] * 3)

    batch = source.enrich([f"2608.{number:05}" for number in range(201)], api.get)

    assert [len(asked["id_list"][0].split(",")) for asked in api.asked] == [100, 100, 1]
    assert list(batch.records) == []


def test_enrich_asks_again_after_an_empty_page():
    api = Api(sample("query/empty_page.xml"), sample("query/empty_page.xml"), sample("query/two_styles_of_id.xml"))

    assert ids(source.enrich(["2608.10001"], api.get)) == ["2608.10001"]


def test_enrich_gives_up_on_pages_that_stay_empty():
    api = Api(*[sample("query/empty_page.xml")] * 3)

    with pytest.raises(UnexpectedShape, match="0 entries, where 10 of 214881 were promised"):
        source.enrich(["2608.10001"], api.get)


def test_enrich_does_not_take_an_error_for_a_paper():
    api = Api(sample("query/error.xml"))

    with pytest.raises(UnexpectedShape, match="incorrect id format for kelp"):
        source.enrich(["2608.10001"], api.get)

    assert len(api.asked) == 1


def test_search_reads_every_page_of_a_span_of_days():
    first = sample("query/second_page.xml").replace(b"startIndex>2<", b"startIndex>0<").replace(b">5<", b">3<")
    last = first.replace(b"startIndex>0<", b"startIndex>2<").replace(b"2608.10001", b"2608.10009")
    api = Api(first, last)

    batch = source.search(date(2026, 8, 13), date(2026, 8, 14), api.get, categories=["cs.LG", "quant-ph"])

    query = "(cat:cs.LG OR cat:quant-ph) AND submittedDate:[202608130000 TO 202608142359]"
    assert [(asked["search_query"], asked["start"]) for asked in api.asked] == [([query], ["0"]), ([query], ["2"])]
    assert ids(batch) == ["2608.10001", "astro-ph/0601901", "2608.10009"]
    assert not batch.announces


def test_search_that_does_not_move_on_ends():
    api = Api(sample("query/beyond_the_end.xml").replace(b">40<", b">0<").replace(b">30<", b">0<"))

    assert list(source.search(DAY, DAY, api.get).records) == []
