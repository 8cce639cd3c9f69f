"""One's digests in a feed reader: the secret address, and what it shows."""

import json
from datetime import timedelta

import feedparser
import pytest
from django.test import Client

from subscriptions import leaving, links
from subscriptions.consent import Shown
from subscriptions.models import Subscriber, Token
from tests.factories import NOW, make_digest, make_paper, make_subscriber
from tests.readers import path_of, text_of, visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def reader() -> Subscriber:
    reader = make_subscriber()
    make_digest(reader, [make_paper(1, title="On <b>grokking</b> & more"), make_paper(2, is_hidden=True)])
    make_digest(reader, [], edition=NOW.date() - timedelta(days=1), outcome="empty", reason="None came.")
    make_digest(make_subscriber(2), [make_paper(3, title="Somebody else's")])
    return reader


def feed_of(reader: Subscriber) -> str:
    return path_of(links.issue(reader, Token.Purpose.FEED, NOW))


def test_atom_lists_digests_that_held_something(client, reader):
    path = feed_of(reader)

    response = client.get(path)
    parsed = feedparser.parse(response.content)

    assert not parsed.bozo
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert parsed.feed.title == "Your digests"
    assert parsed.feed.links[1].href.endswith(path)
    (entry,) = parsed.entries
    assert entry.title == "Aug. 12, 2026: 1 paper"
    assert "On &lt;b&gt;grokking&lt;/b&gt; &amp; more" in entry.summary
    assert "“grokking”" in entry.summary
    assert "arxiv.org/abs/2608.00001" in entry.summary
    assert Client().get(entry.link).status_code == 200


def test_json_feed_says_the_same(client, reader):
    path = feed_of(reader)

    response = client.get(f"{path}.json")
    made = json.loads(response.content)
    atom = feedparser.parse(client.get(path).content)

    assert response["Content-Type"] == "application/feed+json; charset=utf-8"
    assert (made["version"], made["feed_url"][-len(path) - 5 :]) == ("https://jsonfeed.org/version/1.1", f"{path}.json")
    assert [(item["id"], item["title"], item["url"]) for item in made["items"]] == [
        (entry.id, entry.title, entry.link) for entry in atom.entries
    ]


@pytest.mark.parametrize("suffix", ["", ".json"])
def test_feed_that_has_not_changed_is_not_sent_again(client, reader, suffix):
    path = feed_of(reader) + suffix
    first = client.get(path)

    again = client.get(path, headers={"if-none-match": first["ETag"]})
    make_digest(reader, [make_paper(4)], edition=NOW.date() + timedelta(days=1))
    changed = client.get(path, headers={"if-none-match": first["ETag"]})

    assert (again.status_code, again.content, changed.status_code) == (304, b"", 200)
    assert (first["Cache-Control"], first["X-Robots-Tag"]) == ("private, no-cache", "noindex")


def test_new_reader_has_an_empty_feed(client):
    parsed = feedparser.parse(client.get(feed_of(make_subscriber())).content)

    assert (bool(parsed.bozo), parsed.entries) == (False, [])


def test_preferences_make_reset_and_close_the_address(client, reader):
    visit(reader, client=client)
    assert "Make an address" in text_of(client.get("/preferences"))

    client.post("/preferences/feed")
    first = client.get("/preferences").context["feeds"]["atom"]
    client.post("/preferences/feed")
    second = client.get("/preferences").context["feeds"]["atom"]
    statuses = [Client().get(url).status_code for url in (first, second)]
    client.post("/preferences/feed", {"close": "1"})

    assert statuses == [404, 200]
    assert Client().get(second).status_code == 404
    assert client.get("/preferences").context["feeds"] is None


def test_reset_is_for_the_reader_alone(client, reader):
    assert client.post("/preferences/feed")["Location"] == "/preferences/link"
    assert not Token.objects.filter(purpose="feed").exists()


def test_feed_ends_with_the_subscription(client, reader):
    path = feed_of(reader)
    leaving.leave(reader.pk, NOW, Shown(form="test"))

    assert client.get(path).status_code == 404


@pytest.mark.parametrize("secret", ["x", "A" * 22, "%00", "%ff", "x/y", "🜁", "a.json.json"])
def test_no_feed_under_any_other_address(client, reader, secret):
    feed_of(reader)

    assert {client.get(f"/d/{secret}{suffix}").status_code for suffix in ("", ".json")} == {404}


def test_links_of_other_purposes_open_no_feed(client, reader):
    for purpose in ("manage", "unsubscribe"):
        secret = links.secret(links.issue(reader, purpose, NOW))
        assert client.get(f"/d/{secret}").status_code == 404
