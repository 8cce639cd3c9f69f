"""Every page, read by axe-core in both colour schemes and by html-validate."""

import json
import subprocess

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page

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
    pages = {}
    for spot in spots:
        answer = client.get(spot.path, follow=True)
        assert (spot.name, answer.status_code) == (spot.name, spot.status)
        pages[spot.name] = answer.content.decode()

    wrong = node("validate.js", pages)
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("scheme", LOOKS)
def test_axe_finds_nothing(browser: Browser, live_server, spots, scheme):  # noqa: F811 -- the fixture
    size = {"width": LOOKS[scheme], "height": 900}
    # axe is a script of no origin, which the site's content policy keeps out.
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    context.add_init_script(path=NODE / "node_modules" / "axe-core" / "axe.min.js")
    page = context.new_page()

    findings = {spot.name: found for spot in spots if (found := _findings(page, live_server.url, spot, scheme))}

    context.close()
    assert findings == {}


def _findings(page: Page, site: str, spot: Spot, scheme: str) -> list[str]:
    response = page.goto(site + spot.path)
    assert response is not None
    assert (spot.name, response.status) == (spot.name, spot.status)
    if spot.act:
        spot.act(page)
        page.wait_for_load_state()
    page.screenshot(path=SCREENSHOTS / f"{spot.name}-{scheme}.png", full_page=True)
    found: list[str] = page.evaluate(RUN_AXE)
    return found
