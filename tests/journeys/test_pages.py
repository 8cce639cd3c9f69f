"""The pages in a real browser: they fit, they are quiet, and a reader can sign up, change their mind and leave."""

import os
import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.core import mail
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, sync_playwright

from papers.models import Listing
from subscriptions import forms
from subscriptions.composing import compose_due
from subscriptions.delivery import send_queued
from subscriptions.models import Subscriber
from tests.environment import ROOT
from tests.factories import make_paper
from tests.operators import enter, make_operator

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
OPTIONS = (
    "--no-sandbox",  # as root there is none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREENSHOTS = ROOT / "var" / "screenshots"
LOOKS = [(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]


@dataclass
class Tab:
    """A page at one width and in one colour scheme, and all it complained of."""

    page: Page
    site: str
    look: str
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)  # parts of complaints that a test brings about itself

    def __post_init__(self) -> None:
        self.page.on("console", lambda said: self._note(said.type, said.text))
        self.page.on("pageerror", lambda error: self._note("error", str(error)))
        self.page.on("requestfailed", lambda request: self._note(request.failure or "", request.url))
        self.page.on("request", lambda request: self._note(self._origin(request.url), request.url))

    def _note(self, kind: str, text: str) -> None:
        # A violated content policy is a console error; an aborted request is one that a click overtook.
        if any(part in text for part in self.expected):
            return
        if kind in {"error", "warning", "foreign"} or (kind.startswith("net::") and kind != "net::ERR_ABORTED"):
            self.complaints.append(f"{kind}: {text}")

    def _origin(self, url: str) -> str:
        return "own" if url.startswith((self.site, "data:", "about:")) else "foreign"

    def visit(self, path: str, name: str, status: int = 200) -> None:
        if status >= 400:
            self.expect_status(status)
        response = self.page.goto(self.site + path.removeprefix(self.site))
        assert response is not None
        assert response.status == status
        self.look_at(name)

    def expect_status(self, status: int) -> None:
        """The browser mentions a refused page in its console, at a moment of its own choosing."""
        self.expected.append(f"the server responded with a status of {status} ")

    def look_at(self, name: str) -> None:
        """Keep a picture; nothing may stick out to the side."""
        self.page.screenshot(path=SCREENSHOTS / f"{name}-{self.look}.png", full_page=True)
        assert self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, name

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=re.compile(name, re.IGNORECASE)).click()


@pytest.fixture(scope="module")
def browser():
    """Per module: those that import this fixture get one of their own, and two at once cannot be."""
    assert Path(CHROMIUM).exists(), f"{CHROMIUM} is missing: apt install chromium, or name another in CHROMIUM"
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    # Playwright runs an event loop in this thread, which makes Django refuse to use the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield opened
        opened.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def tab(request, browser: Browser, live_server, settings, monkeypatch):
    width, scheme = request.param
    settings.SITE_URL = live_server.url
    monkeypatch.setattr(forms, "MIN_SECONDS", 0)  # this reader types fast
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab = Tab(context.new_page(), live_server.url, f"{width}-{scheme}")
    yield tab
    context.close()
    assert tab.complaints == []


@pytest.fixture
def papers():
    """A day's worth, with what stretches a page: long titles and names, formulas, many authors."""
    today = timezone.now().date()
    titles = (
        "Grokking on graphs",
        "A very long title about " + "representation-learning-without-a-single-blank " * 4,
        "Bounds for $O(\\sqrt{n \\log n})$ regret under $\\ell_2$ noise <b>not bold</b>",
    )
    made = [
        make_paper(
            number, title=title, votes=30 - number, authors=[f"Author Number{n}" for n in range(40 * number)],
            author_count=40 * number, organisation_name="A rather long name of an institute for everything",
            published_on=today, featured_on=today, code_url="https://example.org/code", code_stars=12,
            first_seen_at=timezone.now() - timedelta(hours=2),
        )
        for number, title in enumerate(titles, 1)
    ]  # fmt: skip
    for rank, paper in enumerate(made, 1):
        Listing.objects.create(paper=paper, source="huggingface", day=today, rank=rank, votes=paper.votes)
    return made


def link_in(mail: EmailMessage, page: str) -> str:
    found = re.search(rf"https?://\S+/{page}/[\w-]+", str(mail.body))
    assert found is not None
    return found[0]


def test_pages_fit_and_are_quiet(tab, papers):
    tab.visit("/", "latest")
    tab.visit("/papers/trending", "trending")
    tab.visit(papers[0].get_absolute_url(), "paper")
    tab.visit(papers[1].get_absolute_url(), "paper-long")
    tab.visit("/subscribe", "subscribe")
    tab.visit("/preferences/link", "preferences-link")
    tab.visit("/papers/date/2020-02-02", "no-such-day", status=404)
    tab.visit("/c/not-a-link", "dead-link", status=404)


def test_reader_signs_up_changes_their_mind_and_leaves(tab, papers):
    tab.visit("/subscribe", "subscribe-empty")
    tab.page.get_by_label("Your e-mail address").fill("reader@example")
    tab.page.get_by_label("Keywords").fill("grokking, title:(graphs AND")
    tab.press("Subscribe")
    tab.look_at("subscribe-with-mistakes")
    assert tab.page.locator("textarea[name=keywords]").input_value() == "grokking\ntitle:(graphs AND"

    tab.page.get_by_label("Your e-mail address").fill("reader@example.org")
    tab.page.get_by_role("button", name="Remove title").click()
    tab.page.get_by_label("Keywords").fill("title:graphs")
    tab.page.get_by_label("Time zone").select_option("Europe/Berlin")
    tab.press("Subscribe")
    tab.look_at("subscribed")

    send_queued()
    tab.visit(link_in(mail.outbox[-1], "c"), "confirm")
    tab.press("Confirm")
    tab.look_at("confirmed")
    reader = Subscriber.objects.get()
    assert (reader.status, reader.zone) == ("active", "Europe/Berlin")
    assert [interest.text for interest in reader.interests.all()] == ["grokking", "title:graphs"]

    compose_due(reader.next_digest_at)
    send_queued(lambda: reader.next_digest_at)
    digest = mail.outbox[-1]
    (SCREENSHOTS / "digest.html").write_text(str(digest.alternatives[0][0]), encoding="utf-8")
    tab.visit(link_in(digest, "m"), "preferences")
    tab.page.get_by_label("Every day").or_(tab.page.get_by_label("once a week")).last.check()
    tab.press("Save")
    tab.look_at("preferences-saved")
    tab.page.locator("ol.digests a").first.click()
    tab.look_at("digest-page")

    tab.visit(link_in(digest, "u"), "unsubscribe")
    tab.press("Unsubscribe")
    tab.look_at("unsubscribed")
    reader.refresh_from_db()
    assert (reader.status, reader.frequency) == ("left", "weekly")


def test_admin_is_quiet(tab, papers, client):
    enter(client, make_operator("editor"))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    tab.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": tab.site}])
    pages = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in admin.site._registry
        if model._meta.app_label in {"papers", "subscriptions"}
    ]

    for path in [*pages, reverse("admin:papers_paper_change", args=[papers[0].pk])]:
        response = tab.page.goto(tab.site + path)
        assert response is not None
        assert (path, response.status) == (path, 200)
    tab.page.screenshot(path=SCREENSHOTS / f"admin-paper-{tab.look}.png", full_page=True)
