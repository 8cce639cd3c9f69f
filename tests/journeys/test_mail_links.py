"""Every link of a digest, taken from the mail that came over SMTP and followed over HTTP."""

from datetime import timedelta

import pytest
import requests
from bs4 import BeautifulSoup
from django.utils import timezone

from subscriptions import links
from subscriptions.composing import compose_due
from subscriptions.delivery import send_queued
from subscriptions.models import Digest, Feedback, Subscriber, Token
from tests.factories import make_interest, make_paper, make_subscriber
from tests.journeys.sink import text_of
from tests.journeys.test_main_path import Reader, site  # noqa: F401 -- a fixture

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def reader() -> Subscriber:
    """Wants what the one paper of this morning is about, a minute from now."""
    now = timezone.now()
    make_paper(1, title="Grokking on graphs", first_seen_at=now - timedelta(hours=1))
    fields = {"confirmed_at": now, "created_at": now, "cutoff_at": now - timedelta(hours=5)}
    reader = make_subscriber(next_digest_at=now + timedelta(minutes=1), **fields)
    make_interest(reader, "grokking")
    links.issue(reader, Token.Purpose.UNSUBSCRIBE, now)
    return reader


def digest_mail(sink, reader: Subscriber):
    """The next digest, sent when it is due."""
    reader.refresh_from_db()
    due_at = reader.next_digest_at
    compose_due(due_at)
    send_queued(lambda: due_at)
    return sink.mails[-1]


def followed(mail) -> dict[str, requests.Response]:
    """By its words, the page each of the mail's own links opens for somebody with a fresh browser."""
    anchors = BeautifulSoup(text_of(mail, "html"), "lxml").select("a[href*='//localhost'], a[href*='//127.']")
    pages = {anchor.text: Reader().open(anchor["href"]) for anchor in anchors}
    assert {name: page.status_code for name, page in pages.items() if page.status_code != 200} == {}
    assert all(anchor["href"] in text_of(mail, "plain") for anchor in anchors)
    return pages


def pressed(page: requests.Response) -> str:
    """What stands on the page after its button was pressed, by somebody without cookies."""
    answer = Reader().send(page)
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "lxml").main.get_text(" ", strip=True)


def test_links_of_a_digest_do_what_they_say(site, sink, reader):  # noqa: F811 -- the fixture
    pages = followed(digest_mail(sink, reader))

    assert list(pages) == [
        "On our site",
        "More like this",
        "Less like this",
        "Change your preferences",
        "Pause for a week",
        "View in the browser",
        "Unsubscribe",
        "Paper Round",
    ]
    reader.refresh_from_db()
    assert (Feedback.objects.count(), reader.paused_until, reader.status) == (0, None, "active")
    assert [
        page for page in ("On our site", "View in the browser") if "Grokking on graphs" not in pages[page].text
    ] == []

    assert "More like this: noted" in pressed(pages["More like this"])
    assert "Less like this: noted" in pressed(pages["Less like this"])
    assert [word.verdict for word in Feedback.objects.all()] == [Feedback.Verdict.LESS]

    assert "paused" in pressed(pages["Pause for a week"])
    reader.refresh_from_db()
    assert reader.paused_until == Digest.objects.get().edition + timedelta(days=7)

    assert "unsubscribed" in pressed(pages["Unsubscribe"])
    reader.refresh_from_db()
    assert (reader.status, reader.next_digest_at) == ("left", None)


def test_link_to_the_preferences_leads_to_what_was_said_about_papers(site, sink, reader):  # noqa: F811
    mail = digest_mail(sink, reader)
    pressed(followed(mail)["More like this"])
    visitor = Reader()
    address = BeautifulSoup(text_of(mail, "html"), "lxml").find("a", string="Change your preferences")["href"]

    preferences = visitor.open(address)
    said = visitor.open(f"{site}/preferences/judgements")
    taken_back = visitor.send(said)

    assert "/preferences/judgements" in preferences.text
    assert "Grokking on graphs" in said.text
    assert (taken_back.url, "Taken back" in taken_back.text) == (said.url, True)
    assert Feedback.objects.count() == 0
