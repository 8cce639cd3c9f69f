"""The pages and mails in German: longer words, which must fit as well."""

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import override
from playwright.sync_api import Browser

from subscriptions import forms
from subscriptions.gallery import cases
from tests.journeys.pages import make_site
from tests.journeys.test_accessibility import NODE, RUN_AXE, SCREENSHOTS, node
from tests.journeys.test_pages import browser  # noqa: F401 -- a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = {"light": 1280, "dark": 390}
SHOWN = {
    "latest", "month", "paper", "search-nothing", "search-mistake", "topic", "subscribe-with-interest",
    "subscribe-mistakes", "status", "about", "no-such-page", "preferences", "own-data", "pause", "less",
}  # fmt: skip
# What is wider than the window, and cannot be scrolled by itself.
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def spots(live_server, settings, monkeypatch):
    settings.SITE_URL = live_server.url
    monkeypatch.setattr(forms, "MIN_SECONDS", 0)  # this visitor types fast
    return [spot for spot in make_site(timezone.now()) if spot.name in SHOWN]


@pytest.fixture
def page(browser: Browser, request):  # noqa: F811 -- the fixture
    scheme = request.param
    size = {"width": WIDTHS[scheme], "height": 900}
    context = browser.new_context(viewport=size, color_scheme=scheme, locale="de-DE", bypass_csp=True)
    context.add_init_script(path=NODE / "node_modules" / "axe-core" / "axe.min.js")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("page", WIDTHS, indirect=True)
def test_german_pages_fit_and_axe_finds_nothing(page, live_server, spots, request):
    assert {spot.name for spot in spots} == SHOWN
    findings = {}
    for spot in spots:
        page.goto(live_server.url + spot.path)
        if spot.act:
            spot.act(page)
            page.wait_for_load_state()
        page.screenshot(path=SCREENSHOTS / f"{spot.name}-de-{request.node.callspec.id}.png", full_page=True)
        found = [*page.evaluate(RUN_AXE), page.evaluate(TOO_WIDE), page.get_attribute("html", "lang")]
        if found != [0, "de"]:
            findings[spot.name] = found

    assert findings == {}


def test_german_pages_are_valid(spots):
    visitor = Client(headers={"accept-language": "de"})

    assert node("validate.js", {spot.name: visitor.get(spot.path, follow=True).text for spot in spots}) == []


@pytest.mark.parametrize("page", WIDTHS, indirect=True)
def test_german_mails_fit(page, settings, request):
    settings.SITE_URL = "https://digest.example.org"
    with override("de"):
        mails = {
            case.name: case.message.html for case in cases() if case.name in ("ordinary", "quiet", "confirm", "welcome")
        }
    too_wide = {}
    for name, html in mails.items():
        page.set_content(html)
        page.screenshot(path=SCREENSHOTS / f"mail-{name}-de-{request.node.callspec.id}.png", full_page=True)
        too_wide[name] = page.evaluate(TOO_WIDE)

    assert too_wide == dict.fromkeys(mails, 0)
