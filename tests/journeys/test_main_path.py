"""The main path, over real HTTP and real SMTP: page → ingest → form → confirmation → digest → one click, and gone."""

import io
import re
from datetime import timedelta
from urllib.parse import urljoin

import pytest
import requests
from bs4 import BeautifulSoup
from django.core.management import call_command
from django.utils import timezone

from digest_site.demo.samples import sample_days
from digest_site.demo.upstream import serving
from papers.models import Listing, Paper, Reading
from subscriptions import forms
from subscriptions.composing import compose_due
from subscriptions.delivery import send_queued
from subscriptions.models import ConsentEvent, Delivery, Subscriber
from tests.journeys.sink import text_of

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = "Reader+papers@example.org"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}  # the whole body, https://www.rfc-editor.org/rfc/rfc8058#section-3.1


@pytest.fixture
def site(live_server, settings, sink, monkeypatch):
    """The site as strangers meet it: its pages over HTTP, its mails over SMTP."""
    settings.SITE_URL = live_server.url
    settings.EMAIL_BACKEND = "subscriptions.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = sink.host, sink.port
    monkeypatch.setattr(forms, "MIN_SECONDS", 0)  # this reader types fast
    return live_server.url


@pytest.fixture
def upstream(settings):
    """A site of papers on loopback; its newest day."""
    today = sample_days(timezone.now().date())[-1]
    with serving(today) as base:
        settings.SOURCES_ALLOW_PRIVATE = True
        settings.HUGGINGFACE_URL = settings.ARXIV_URL = settings.ARXIV_RSS_URL = settings.ARXIV_API_URL = base
        yield today


class Reader:
    """Somebody with a browser that keeps cookies and fills in forms."""

    def __init__(self) -> None:
        self.session = requests.Session()

    def open(self, address: str) -> requests.Response:
        return self.session.get(address, timeout=20)

    def send(self, page: requests.Response, **typed: object) -> requests.Response:
        """Fill in and send the page's form, with all its own values."""
        form = BeautifulSoup(page.text, "lxml").select_one("main form[method=post]")
        assert form is not None
        values = {
            tag["name"]: tag.get("value", "") for tag in form.select("input[name]:not([type=radio], [type=checkbox])")
        }
        values |= {tag["name"]: tag["value"] for tag in form.select("input[checked]")}
        values |= {tag["name"]: tag.select_one("option[selected]")["value"] for tag in form.select("select")}
        address = urljoin(page.url, str(form.get("action") or page.url))
        return self.session.post(address, data=values | typed, headers={"Referer": page.url}, timeout=20)


def link_in(mail, page: str) -> str:
    found = re.search(rf"http://\S+/{page}/[\w-]{{22}}", text_of(mail))
    assert found is not None
    return found[0]


def test_paper_finds_its_reader_who_can_leave_with_one_click(site, upstream, sink):
    # A page comes in.
    call_command("read_papers", "--source=huggingface", f"--day={upstream}", stdout=io.StringIO())
    reading = Reading.objects.get()
    assert (reading.outcome, reading.rejected) == ("new", 0)
    assert reading.found == reading.new == Listing.objects.count() == Paper.objects.count() > 0
    wanted = Paper.objects.order_by("-votes").first()

    # A stranger signs up, and only the mailbox's owner can confirm it.
    stranger = Reader()
    sent = stranger.send(stranger.open(f"{site}/subscribe"), email=EMAIL, keywords=f'title:"{wanted.title}"')
    assert (sent.status_code, sent.url) == (200, f"{site}/subscribe/thanks")
    assert [row.status for row in Subscriber.objects.all()] == ["pending"]
    send_queued()
    confirmation = sink.mails[-1]
    assert (confirmation["To"], confirmation["Auto-Submitted"]) == (EMAIL, "auto-generated")
    assert wanted.title not in text_of(confirmation)
    owner = Reader()
    confirmed = owner.send(owner.open(link_in(confirmation, "c")))
    reader = Subscriber.objects.get()
    assert (confirmed.status_code, reader.status, reader.email) == (200, "active", EMAIL)
    send_queued()
    welcome = sink.mails[-1]
    assert wanted.title in " ".join(text_of(welcome).split())

    # The digest goes out at the reader's hour, once.
    due_at = reader.next_digest_at
    for now in (due_at, due_at + timedelta(minutes=1)):
        compose_due(now)
        send_queued(lambda now=now: now)
    assert sink.mails[:2] == [confirmation, welcome]
    (digest,) = sink.mails[2:]
    assert [part.get_content_type() for part in digest.iter_parts()] == ["text/plain", "text/html"]
    for kind in ("plain", "html"):
        assert wanted.arxiv_id in text_of(digest, kind)
    assert text_of(digest).count("arxiv.org/abs/") == 1

    # One click in the mail program, without cookie or page, and it is over.
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    gone = requests.post(digest["List-Unsubscribe"].strip("<>"), data=ONE_CLICK, timeout=20, allow_redirects=False)
    assert (gone.status_code, gone.headers.get("Location"), gone.cookies.get_dict()) == (200, None, {})
    compose_due(due_at + timedelta(days=1))
    send_queued(lambda: due_at + timedelta(days=1))
    reader.refresh_from_db()
    assert (reader.status, len(sink.mails)) == ("left", 3)
    assert [event.kind for event in ConsentEvent.objects.all()] == ["requested", "confirmed", "withdrawn"]
    assert [(row.kind, row.state) for row in Delivery.objects.order_by("pk")] == [
        ("confirm", "accepted"),
        ("welcome", "accepted"),
        ("digest", "accepted"),
    ]
