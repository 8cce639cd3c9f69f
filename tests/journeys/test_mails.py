"""Every mail in a real browser and in front of other programs' parsers (STANDARDS M11, M34, M43, M44)."""

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Page

from subscriptions.gallery import cases
from subscriptions.issue import fill_digest
from subscriptions.message import Message
from tests.journeys.test_accessibility import NODE, RUN_AXE, SCREENSHOTS
from tests.journeys.test_pages import browser  # noqa: F401 -- a fixture
from tests.subscriptions.mails import ADDRESSES, build_message, parsed, raw
from tests.subscriptions.test_issue_joined import some_digest

pytestmark = pytest.mark.browser

SHOWN = ("ordinary", "hard", "quiet", "confirm", "welcome", "still_wanted")
# Pairs of each text's colour and of what it stands on, as they are and with both inverted.
CONTRAST = """
() => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const invert = (colour) => colour.slice(0, 3).map((c) => 255 - c);
  const faint = [];
  let seen = 0;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || getComputedStyle(element).display === "none") continue;
    if (element.closest(".preheader")) continue;
    seen += 1;
    const [ink, paper] = [parse(getComputedStyle(element).color), behind(element)];
    const worst = Math.min(ratio(ink, paper), ratio(invert(ink), invert(paper)));
    if (worst < 4.5) faint.push(`${worst.toFixed(2)} ${element.className} ${texts.currentNode.data}`);
  }
  return { faint, seen };
}
"""


@pytest.fixture
def mails(settings) -> dict[str, Message]:
    settings.SITE_URL = "https://digest.example.org"
    settings.DEFAULT_FROM_EMAIL = "Paper Round <papers@digest.example.org>"
    settings.ACCOUNT_FROM_EMAIL = "Paper Round <accounts@digest.example.org>"
    settings.POSTAL_ADDRESS = "1 Reading Room, 12345 Papertown"
    return {case.name: case.message for case in cases()}


def node(script: str, given: dict[str, str], *args: str):
    """What a script of tests/node says to what it is given."""
    said = subprocess.run(
        ["node", NODE / script, *args], input=json.dumps(given), capture_output=True, check=True, text=True, timeout=120
    )
    return json.loads(said.stdout)


def test_m11_another_parser_reads_the_same(mails):
    messages = mails | {
        f"random-{seed}": build_message(**fill_digest(*some_digest(seed), ADDRESSES)._asdict()) for seed in range(8)
    }
    assert len(messages) >= 20

    found = node("parse.js", {name: base64.b64encode(raw(each)).decode() for name, each in messages.items()})

    for name, message in messages.items():
        theirs, ours = found[name], parsed(message)
        assert theirs["headers"] == [[key.lower(), _unfolded(theirs, key, ours)] for key in ours], name
        assert theirs["from"] == [ours["From"].addresses[0].display_name, ours["From"].addresses[0].addr_spec]
        assert (theirs["to"], theirs["attachments"]) == (message.to, 0)
        assert (theirs["subject"], theirs["messageId"]) == (message.subject, str(ours["Message-ID"]))
        assert datetime.fromisoformat(theirs["date"]) == ours["Date"].datetime
        assert [_lines(theirs["text"]), _lines(theirs["html"])] == [_lines(message.body), _lines(message.html)], name


def _unfolded(theirs: dict, key: str, ours) -> str:
    """Headers once each; a long one may be unfolded with more or fewer blanks."""
    (value,) = [value for name, value in theirs["headers"] if name == key.lower()]
    assert key == "Subject" or "".join(value.split()) == "".join(str(ours[key]).split()), key
    return value


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip("\n")


def test_m43_html_is_valid(mails):
    wrong = node("validate.js", {name: message.html for name, message in mails.items()}, "mail")

    assert wrong == [], "\n".join(wrong[:40])


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, request) -> Iterator[Page]:  # noqa: F811 -- the fixture
    context = browser.new_context(viewport={"width": 600, "height": 900}, color_scheme=request.param)
    context.add_init_script(path=NODE / "node_modules" / "axe-core" / "axe.min.js")
    yield context.new_page()
    context.close()


def _open(page: Page, html: str, width: int = 600) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("about:blank")
    page.set_content(html)


def test_m43_axe_finds_nothing(page, mails):
    findings = {}
    for name, message in mails.items():
        _open(page, message.html)
        # A mail is no page: it has neither a main part nor a way to skip to it.
        found = [one for one in page.evaluate(RUN_AXE) if " region:" not in one and " landmark-" not in one]
        if found:
            findings[name] = found

    assert findings == {}


@pytest.mark.parametrize("styles", ["with", "without"])
def test_m34_m44_contrast_is_enough_also_inverted_and_without_the_style_element(page, mails, styles):
    for name, message in mails.items():
        html = message.html if styles == "with" else re.sub(r"<style>.*?</style>", "", message.html, flags=re.DOTALL)
        _open(page, html)
        measured = page.evaluate(CONTRAST)

        assert (measured["faint"], measured["seen"] > 5) == ([], True), name


@pytest.mark.parametrize("width", [600, 360])
def test_mails_fit_their_window(page, mails, width, request):
    scheme = request.node.callspec.params["page"]
    for name, message in mails.items():
        _open(page, message.html, width)

        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, name
        if name in SHOWN:
            page.screenshot(path=SCREENSHOTS / f"mail-{name}-{width}-{scheme}.png", full_page=True)
