"""Keywords as chips and the preview that follows them, in a real browser; and all of it again without a script."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect

from subscriptions import forms, links, recent
from subscriptions.delivery import send_queued
from subscriptions.models import Subscriber, Token
from tests.factories import make_interest, make_paper, make_subscriber
from tests.journeys.test_pages import SCREENSHOTS, Tab, browser, link_in, tab  # noqa: F401 -- fixtures
from tests.readers import path_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def papers():
    recent.forget()
    now = timezone.now()
    titles = ["Diffusion models for molecules", "Diffusion models in the dark", "A survey of diffusion models", "Tides"]
    for number in range(1, 13):
        title = f"{titles[number % 4]} {number}"
        make_paper(number, title=title, abstract="", votes=number, first_seen_at=now - timedelta(hours=number))
    yield
    recent.forget()


@pytest.fixture
def plain(browser: Browser, live_server, settings, monkeypatch):  # noqa: F811 -- the fixture
    """A browser without JavaScript."""
    settings.SITE_URL = live_server.url
    monkeypatch.setattr(forms, "MIN_SECONDS", 0)  # this reader types fast
    context = browser.new_context(viewport={"width": 390, "height": 900}, java_script_enabled=False)
    yield Tab(context.new_page(), live_server.url, "plain")
    context.close()


def chips(page: Page) -> list[str]:
    return page.locator(".chip-word").all_inner_texts()


def box(page: Page) -> str:
    """What the form would send."""
    return page.locator("textarea[name=keywords]").input_value()


def panel(page: Page):
    return page.locator("[data-part=panel]")


def test_chips_are_typed_pasted_changed_and_removed_by_keyboard(tab, papers):  # noqa: F811 -- the fixture
    tab.visit("/subscribe", "chips-empty")
    page = tab.page
    field = page.get_by_label("Keywords")
    status = page.locator(".keywords [role=status]")

    field.press_sequentially("diffusion models,robots")
    field.press("Enter")
    assert chips(page) == ["diffusion models", "robots"]
    expect(status).to_have_text("Added: robots")

    field.press_sequentially('(a, b OR "c, d"),-survey')
    field.press("Tab")
    assert box(page) == 'diffusion models\nrobots\n(a, b OR "c, d")\n-survey'
    assert chips(page)[-1] == "muted: survey"

    field.fill("robots")
    field.press("Enter")
    expect(status).to_have_text("Already there: robots")

    field.focus()
    page.evaluate(
        """() => { const data = new DataTransfer(); data.setData("text", "tides, moons\\nstars\\n");
        document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, cancelable: true})); }"""
    )
    assert chips(page)[-3:] == ["tides", "moons", "stars"]

    field.press("Backspace")
    expect(page.get_by_role("button", name="Remove stars")).to_be_focused()
    page.keyboard.press("Backspace")
    expect(status).to_have_text("Removed: stars")
    expect(page.get_by_role("button", name="Remove moons")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Delete")
    expect(page.get_by_role("button", name="Remove robots")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    expect(field).to_be_focused()

    page.locator(".chip-word", has_text="tides").click()
    expect(field).to_have_value("tides")
    assert box(page).split("\n") == ["robots", '(a, b OR "c, d")', "-survey", "moons"]
    tab.look_at("chips-full")


def test_preview_follows_what_is_typed_and_helps(tab, papers):  # noqa: F811 -- the fixture
    tab.visit("/subscribe", "preview-at-first")
    page = tab.page
    expect(panel(page)).to_contain_text("Without keywords: what is trending among the 12 papers")

    page.get_by_label("Keywords").fill("difusion models")
    page.get_by_label("Keywords").press("Enter")
    expect(panel(page)).to_contain_text("Did you mean:")
    tab.look_at("preview-advice")
    page.get_by_role("button", name=re.compile(r"^diffusion models 9 in")).click()
    expect(panel(page)).to_contain_text("9 of the 12 papers of the last day match: about 9 a day.")
    assert chips(page) == ["diffusion models"]

    page.get_by_label("Keywords").fill("-survey")
    page.get_by_label("Keywords").press("Enter")
    expect(panel(page)).to_contain_text("6 of the 12 papers")
    page.get_by_label("Papers in a digest").fill("2")
    page.get_by_label("Papers in a digest").press("Tab")
    expect(panel(page).locator(".preview-papers li")).to_have_count(2)
    expect(panel(page).get_by_role("button", name="Show")).to_be_hidden()
    tab.look_at("preview-ready")


def test_topic_becomes_a_keyword(tab, papers):  # noqa: F811 -- the fixture
    tab.visit("/subscribe", "topics")
    topic = tab.page.locator(".topics button").first
    expect(topic).to_be_visible()
    named = topic.get_attribute("value")

    topic.click()

    assert chips(tab.page) == [named]
    expect(tab.page.locator(f'.topics button[value="{named}"]')).to_have_count(0)


def test_preview_that_does_not_come_says_so_and_comes_later(tab, papers):  # noqa: F811 -- the fixture
    def cut(route: Route) -> None:
        route.abort()

    tab.expected += ["/subscribe/preview", "net::ERR_FAILED"]  # the browser names what is cut
    tab.page.route("**/subscribe/preview", cut)
    tab.page.goto(f"{tab.site}/subscribe")
    expect(panel(tab.page)).to_contain_text("The preview did not come.")
    tab.page.screenshot(path=SCREENSHOTS / f"preview-failed-{tab.look}.png")
    said, button, heading = (
        found.bounding_box()["y"]
        for found in (
            panel(tab.page).get_by_role("status"),
            panel(tab.page).get_by_role("button", name="Try again"),
            panel(tab.page).get_by_role("heading", name="What you would get"),
        )
    )
    assert said < button < heading

    tab.page.unroute("**/subscribe/preview")
    tab.page.get_by_role("button", name="Try again").click()
    expect(panel(tab.page)).to_contain_text("Without keywords")


def test_waiting_for_the_preview_moves_nothing(tab, papers):  # noqa: F811 -- the fixture
    tab.page.goto(f"{tab.site}/subscribe?keywords=diffusion+models")
    heading = panel(tab.page).get_by_role("heading", name="What you would get")
    before = heading.bounding_box()

    tab.page.route("**/subscribe/preview", lambda route: None)  # no answer, for as long as the test lasts
    panel(tab.page).locator("[data-show]").dispatch_event("click")

    expect(panel(tab.page)).to_contain_text("Looking through the papers")
    assert heading.bounding_box() == before


def test_signing_up_with_chips_and_confirming(tab, papers):  # noqa: F811 -- the fixture
    tab.visit("/subscribe?keywords=diffusion+models", "subscribe-filled-in")
    page = tab.page
    page.get_by_label("Keywords").fill("not entered yet")
    page.get_by_label("Your e-mail address").fill("reader@example.org")
    page.get_by_label("Your e-mail address").press("Enter")
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()

    send_queued()
    tab.visit(link_in(mail.outbox[-1], "c"), "confirm-chips")
    tab.press("Confirm")
    expect(page.get_by_role("heading", name="You are subscribed")).to_be_visible()
    assert [interest.text for interest in Subscriber.objects.get().interests.all()] == [
        "diffusion models",
        "not entered yet",
    ]


def test_preferences_have_the_same_chips_and_preview(tab, papers):  # noqa: F811 -- the fixture
    reader = make_subscriber()
    make_interest(reader, "diffusion models")
    tab.visit(path_of(links.issue(reader, Token.Purpose.MANAGE, timezone.now())), "preferences-chips")
    page = tab.page
    expect(panel(page)).to_contain_text("9 of the 12 papers")

    page.get_by_role("button", name="Remove diffusion models").click()
    page.get_by_label("Keywords").fill("tides")
    page.get_by_label("Keywords").press("Enter")
    expect(panel(page)).to_contain_text("3 of the 12 papers")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Your preferences are saved.")).to_be_visible()
    page.get_by_role("link", name="Preferences").click()
    expect(page).to_have_url(f"{tab.site}/preferences")
    assert [interest.text for interest in reader.interests.all()] == ["tides"]


def test_without_a_script_everything_works_by_buttons(plain, papers):
    page = plain.page
    page.goto(f"{plain.site}/subscribe")
    page.get_by_label("Keywords").fill("difusion models\n-survey")
    page.get_by_label("Your e-mail address").fill("plain@example.org")
    page.get_by_role("button", name="Show preview").click()
    expect(panel(page)).to_contain_text("Did you mean:")
    plain.page.screenshot(path=SCREENSHOTS / "subscribe-plain.png", full_page=True)
    page.get_by_role("button", name=re.compile(r"^diffusion models 9 in")).click()
    expect(panel(page)).to_contain_text("6 of the 12 papers")
    assert box(page) == "diffusion models\n-survey"
    assert page.get_by_label("Your e-mail address").input_value() == "plain@example.org"

    page.get_by_label("Your e-mail address").press("Enter")
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    send_queued()
    page.goto(link_in(mail.outbox[-1], "c"))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="You are subscribed")).to_be_visible()

    reader = Subscriber.objects.get()
    page.goto(plain.site + path_of(links.issue(reader, Token.Purpose.MANAGE, timezone.now())))
    page.get_by_label("Keywords").fill("tides")
    page.get_by_role("button", name="Show again").click()
    expect(panel(page)).to_contain_text("3 of the 12 papers")
    assert [interest.text for interest in reader.interests.all()] == ["diffusion models", "survey"]
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Your preferences are saved.")).to_be_visible()
    assert [interest.text for interest in reader.interests.all()] == ["tides"]
