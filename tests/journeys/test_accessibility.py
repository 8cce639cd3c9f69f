"""Every page, read by axe-core in both colour schemes and by html-validate."""

import json
import subprocess
from functools import partial

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route

from subscriptions import forms
from tests.environment import ROOT
from tests.journeys.pages import Spot, make_site
from tests.journeys.test_pages import browser  # noqa: F401 -- a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NODE = ROOT / ".venv" / "node"
SCREENSHOTS = ROOT / "var" / "screenshots"
# Each scheme and each width once: contrast depends on the one, targets and order on the other.
LOOKS = {"light": 1280, "dark": 390}
RUN_AXE = """
async () => {
  document.querySelectorAll("details").forEach((folded) => { folded.open = true; });
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.flatMap((rule) => rule.nodes.map(
    (node) => `${rule.impact} ${rule.id}: ${node.target.join(" ")} ${node.any.map((one) => one.message).join("; ")}`));
}
"""


@pytest.fixture
def spots(live_server, settings, monkeypatch):
    settings.SITE_URL = live_server.url
    monkeypatch.setattr(forms, "MIN_SECONDS", 0)  # this visitor types fast
    return make_site(timezone.now())


def node(script: str, given: object) -> list[str]:
    """What a script of tests/node says to what it is given."""
    said = subprocess.run(
        ["node", NODE / script], input=json.dumps(given), capture_output=True, check=True, text=True, timeout=120
    )
    found: list[str] = json.loads(said.stdout)
    return found


def test_html_is_valid(client, spots):
    pages = refusals()
    for spot in spots:
        answer = client.get(spot.path, follow=True)
        assert (spot.name, answer.status_code) == (spot.name, spot.status)
        pages[spot.name] = answer.content.decode()

    wrong = node("validate.js", pages)
    assert wrong == [], "\n".join(wrong[:40])


def refusals() -> dict[str, str]:
    """The pages that no address leads to."""
    forged = Client(enforce_csrf_checks=True).post("/subscribe")
    return {name: render_to_string(f"{name}.html") for name in ("400", "500")} | {"403": forged.content.decode()}


@pytest.fixture
def page(browser: Browser, request):  # noqa: F811 -- the fixture
    """A page in the scheme that the test is for, with axe in it."""
    scheme = request.param
    size = {"width": LOOKS[scheme], "height": 900}
    # axe is a script of no origin, which the site's content policy keeps out.
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    context.add_init_script(path=NODE / "node_modules" / "axe-core" / "axe.min.js")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("page", LOOKS, indirect=True)
def test_axe_finds_nothing(page: Page, live_server, spots, request):
    findings = {}
    for spot in [*spots, *_made_up(page, live_server.url)]:
        _open(page, live_server.url, spot)
        page.screenshot(path=SCREENSHOTS / f"{spot.name}-{request.node.callspec.id}.png", full_page=True)
        if found := page.evaluate(RUN_AXE):
            findings[spot.name] = found

    assert findings == {}


@pytest.mark.parametrize("page", ["light"], indirect=True)
def test_axe_would_find_something(page: Page):
    page.goto("data:text/html,<title>t</title><main><h1>h</h1><img src=x><p style='color:silver'>pale</p></main>")

    found = page.evaluate(RUN_AXE)

    assert sorted(one.split(":")[0] for one in found) == [
        "critical image-alt", "serious color-contrast", "serious html-has-lang",
    ]  # fmt: skip


def _made_up(page: Page, site: str) -> list[Spot]:
    """The refusals, each at an address of its own."""
    found = refusals()
    for name, html in found.items():
        page.route(f"{site}/made-up/{name}", partial(_fulfil, status=int(name), body=html))
    return [Spot(name, f"/made-up/{name}", int(name)) for name in found]


def _fulfil(route: Route, status: int, body: str) -> None:
    route.fulfill(status=status, body=body, content_type="text/html")


def _open(page: Page, site: str, spot: Spot) -> None:
    response = page.goto(site + spot.path)
    assert response is not None
    assert (spot.name, response.status) == (spot.name, spot.status)
    if spot.act:
        spot.act(page)
        page.wait_for_load_state()
