import json
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime

import feedparser
import pytest

from papers.models import Listing, Paper
from papers.search.stored import remember
from tests.factories import NOW, make_paper

pytestmark = pytest.mark.django_db
DAY = date(2026, 8, 12)
ATOM = "{http://www.w3.org/2005/Atom}"
SITE = "https://papers.example.org"


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = SITE


@pytest.fixture
def papers():
    made = [
        make_paper(
            1, votes=1, featured_on=DAY, title="Bounds of $a<b$ & <b>more</b>", code_url="https://example.org/c"
        ),
        make_paper(2, votes=2, featured_on=DAY, updated_at=NOW),
        make_paper(3, arxiv_id=None, authors=[], featured_on=date(2026, 8, 11), votes=9),
        make_paper(4, featured_on=DAY, votes=99, is_hidden=True),
    ]
    for paper in made:
        Listing.objects.create(paper=paper, source="huggingface", day=paper.featured_on)
    remember(Paper.objects.all())
    return made


PATHS = {
    "/papers/feed": ["2608.00002", "2608.00001"],
    "/papers/date/2026-08-12/feed": ["2608.00002", "2608.00001"],
    "/papers/date/2026-08-11/feed": ["entry/3"],
    "/papers/week/2026-W33/feed": ["entry/3", "2608.00002", "2608.00001"],
    "/papers/month/2026-08/feed": ["entry/3", "2608.00002", "2608.00001"],
    "/papers/month/1999-01/feed": [],
    "/papers/trending/feed": ["entry/3", "2608.00002", "2608.00001"],
    "/topics/grokking/feed": ["2608.00002", "2608.00001", "entry/3"],
    '/topics/title:"in circuit"/feed': ["2608.00002", "entry/3"],
    "/topics/a/b c/feed": [],
}


@pytest.fixture
def pages(papers, time_machine):
    """What each feed holds, as the papers' own addresses."""
    time_machine.move_to(datetime(2026, 8, 12, 9, tzinfo=UTC), tick=False)
    nameless = f"entry/{papers[2].pk}"
    return {
        path: [f"{SITE}/papers/{name.replace('entry/3', nameless)}" for name in names] for path, names in PATHS.items()
    }


@pytest.mark.parametrize("path", PATHS)
def test_both_forms_hold_the_list(client, pages, path):
    atom, json_feed = (client.get(f"{path}.{form}") for form in ("atom", "json"))

    assert atom["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert json_feed["Content-Type"] == "application/feed+json; charset=utf-8"
    parsed = feedparser.parse(atom.content)
    assert (parsed.bozo, parsed.version) == (False, "atom10")
    assert [entry.link for entry in parsed.entries] == pages[path]
    assert [item["url"] for item in json_feed.json()["items"]] == pages[path]


def test_search_feed(client, papers):
    parsed = feedparser.parse(client.get("/papers/feed.atom", {"q": "title:grokking NOT “circuit 2”"}).content)

    assert [entry.link for entry in parsed.entries] == [f"{SITE}/papers/entry/{papers[2].pk}"]
    assert parsed.feed.title == "Papers on title:grokking NOT “circuit 2” · Paper Round"
    assert parsed.feed.link == f"{SITE}/papers?q=title%3Agrokking+NOT+%E2%80%9Ccircuit+2%E2%80%9D&sort=date"


def test_atom_entry(client, papers):
    parsed = feedparser.parse(client.get("/papers/date/2026-08-12/feed.atom").content)

    entry = parsed.entries[1]
    assert entry.id == f"tag:papers.example.org,2026:paper/{papers[0].pk}"
    assert entry.title == "Bounds of $a<b$ & <b>more</b>"
    assert [author.name for author in entry.authors] == ["Ada Example", "Ben Sample"]
    assert (entry.published, entry.updated) == 2 * ("2026-08-12T01:00:30+00:00",)
    assert [tag.term for tag in entry.tags] == ["cs.LG"]
    assert entry.summary == (
        "<p>We study how grokking appears in circuit 1. It appears late.</p><p>"
        '<a href="https://arxiv.org/abs/2608.00001">arXiv</a> · <a href="https://arxiv.org/pdf/2608.00001">PDF</a> · '
        '<a href="https://example.org/c">Code</a></p>'
    )


def test_json_feed(client, papers):
    feed = client.get("/papers/date/2026-08-12/feed.json").json()

    first = feed.pop("items")[1]
    assert feed == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Papers of 2026-08-12 · Paper Round",
        "home_page_url": f"{SITE}/papers/date/2026-08-12",
        "feed_url": f"{SITE}/papers/date/2026-08-12/feed.json",
        "language": "en",
        "authors": [{"name": "Paper Round", "url": SITE}],
    }
    assert first.pop("content_html").startswith("<p>We study how grokking appears in circuit 1.")
    assert first == {
        "id": f"tag:papers.example.org,2026:paper/{papers[0].pk}",
        "url": f"{SITE}/papers/2608.00001",
        "external_url": "https://arxiv.org/abs/2608.00001",
        "title": "Bounds of $a<b$ & <b>more</b>",
        "date_published": "2026-08-12T01:00:30+00:00",
        "date_modified": "2026-08-12T01:00:30+00:00",
        "authors": [{"name": "Ada Example"}, {"name": "Ben Sample"}],
        "tags": ["cs.LG"],
    }


@pytest.mark.parametrize("path", [*PATHS, "/papers/feed?q=grokking"])
def test_atom_keeps_the_rules_of_its_rfc(client, papers, path):
    """https://www.rfc-editor.org/rfc/rfc4287#section-4.1"""
    path, _, query = path.partition("?")
    feed = ET.fromstring(client.get(f"{path}.atom?{query}").content)

    assert feed.tag == f"{ATOM}feed"
    for element in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1, name
        assert element.findtext(f"{ATOM}id").startswith("tag:papers.example.org,2026:")
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated")).tzinfo
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert set(links) == {"alternate", "self"}
    assert all(address.startswith(SITE) and address.isascii() and " " not in address for address in links.values())
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None  # stands for entries without one
    found = [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")]
    assert len(found) == len(set(found))


def test_ids_stay_when_the_arxiv_id_comes(client, papers):
    nameless = papers[2]
    before = client.get("/papers/date/2026-08-11/feed.json").json()["items"]
    nameless.arxiv_id = "2608.00077"
    nameless.save()
    after = client.get("/papers/date/2026-08-11/feed.json").json()["items"]

    assert [item["url"] for item in before + after] == [
        f"{SITE}/papers/entry/{nameless.pk}", f"{SITE}/papers/2608.00077",
    ]  # fmt: skip
    assert before[0]["id"] == after[0]["id"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/papers/date/yesterday/feed.atom", "“yesterday” is not a date; write it like 2026-08-12."),
        ("/papers/week/2026-W99/feed.json", "“2026-W99” is not a week; write it like 2026-W33."),
        ("/papers/feed.atom?q=%00", "There is nothing to search for. Type a topic, such as: diffusion models"),
        ("/topics/%20/feed.atom", "There is nothing to search for. Type a topic, such as: diffusion models"),
        ("/topics/%C2%85/feed.json", "There is nothing to search for. Type a topic, such as: diffusion models"),
        (
            "/topics/(a/feed.atom",
            "This parenthesis is never closed. Add ) where the group ends.",
        ),
    ],
)
def test_what_is_asked_wrongly_is_refused_in_words(client, path, said):
    answer = client.get(path)

    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert answer.content.decode() == said


def test_unchanged_feeds_are_not_sent_again(client, papers):
    for path in ("/papers/feed.atom", "/papers/feed.json", "/topics/grokking/feed.atom"):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first["ETag"]})
        dated = client.get(path, headers={"If-Modified-Since": first["Last-Modified"]})
        assert (again.status_code, dated.status_code, again.content) == (304, 304, b"")
        assert first["Access-Control-Allow-Origin"] == "*"


def test_queries_do_not_grow_with_the_papers(client, papers, django_assert_num_queries):
    with django_assert_num_queries(4):
        client.get("/papers/date/2026-08-11/feed.atom")
    with django_assert_num_queries(4):
        client.get("/papers/month/2026-08/feed.atom")


def test_overview_names_the_feeds_and_makes_one(client, papers):
    page = client.get("/feeds", {"q": "state space models"}).content.decode()

    for address in (
        "/papers/feed.atom", "/papers/feed.json", "/papers/trending/feed.atom", "/papers/date/2026-08-12/feed.atom",
        "/papers/week/2026-W33/feed.json", "/papers/month/2026-08/feed.json",
        "/topics/state%20space%20models/feed.atom",
    ):  # fmt: skip
        assert f'href="{address}"' in page
    wrong = client.get("/feeds?q=(a")
    assert wrong.status_code == 400
    assert "This parenthesis is never closed." in wrong.content.decode()
    assert client.get("/feeds").status_code == 200


@pytest.mark.parametrize(
    ("page", "feed"),
    [
        ("/", "/papers/feed.atom"),
        ("/about", "/papers/feed.atom"),
        ("/papers/date/2026-08-12", "/papers/date/2026-08-12/feed.atom"),
        ("/papers/week/2026-W33", "/papers/week/2026-W33/feed.atom"),
        ("/papers/month/2026-08", "/papers/month/2026-08/feed.atom"),
        ("/papers/trending", "/papers/trending/feed.atom"),
        ("/papers?q=a%26b", "/papers/feed.atom?q=a%26b"),
        ("/topics/grokking%20%26%20more", "/topics/grokking%20&amp;%20more/feed.atom"),
    ],
)
def test_pages_announce_their_feeds(client, papers, page, feed):
    text = " ".join(client.get(page).text.split())

    assert f'type="application/atom+xml" title="Atom feed" href="{feed}"' in text
    assert json.loads(client.get(feed.replace("&amp;", "&").replace(".atom", ".json")).content)["version"]
