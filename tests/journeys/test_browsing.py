"""A visitor in a real browser, with a script and without: going from day to day, searching, citing."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from papers.models import Announcement
from tests.journeys.test_pages import Tab, browser  # noqa: F401 -- a fixture
from tests.papers.views.pages import list_paper

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Whatever can be pressed and stands by itself: links within a sentence are as high as their line.
TOO_SMALL_FOR_FINGERS = """
() => [...document.querySelectorAll("a, button, summary, select, label:has(input), input:not([type=hidden])")]
  .filter((one) => one.checkVisibility() && getComputedStyle(one).display !== "inline")
  .filter((one) => !one.closest(".skip-link, .trap, .visually-hidden, label:has(input) > *"))
  .filter((one) => one.getBoundingClientRect().height < 44).map((one) => one.outerHTML)
"""
ROOM_FOR_THE_EXAMPLE = """
(field) => {
  const [style, ink] = [getComputedStyle(field), document.createElement("canvas").getContext("2d")];
  ink.font = style.font;
  const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return room - ink.measureText(field.placeholder).width;
}
"""

MONDAY, WEDNESDAY, FRIDAY = date(2026, 8, 10), date(2026, 8, 12), date(2026, 8, 14)


@pytest.fixture
def papers():
    """Three days of papers; a long abstract, and a title that runs from right to left."""
    late = "It appears late and then all at once. " * 20
    for number in range(1, 28):
        list_paper(number, day=WEDNESDAY, votes=100 - number, abstract=late, keywords=["grokking"])
    list_paper(40, day=MONDAY, title="Tidal locking of planets", abstract="Of planets, by state-space models.", votes=9)
    list_paper(41, day=FRIDAY, title="تعلم تمثيلات الرسوم البيانية", abstract="", is_pinned=True, pick_note="Read it.")


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def tab(request, browser: Browser, live_server, settings):  # noqa: F811 -- the fixture
    settings.SITE_URL = live_server.url
    context = browser.new_context(viewport={"width": 390, "height": 900}, java_script_enabled=request.param)
    tab = Tab(context.new_page(), live_server.url, "script" if request.param else "no-script")
    yield tab
    context.close()
    assert tab.complaints == []


def card_titles(page: Page) -> list[str]:
    return page.locator(".paper h2").all_inner_texts()


def show(tab: Tab, path: str) -> Page:
    response = tab.page.goto(tab.site + path)
    assert response is not None
    assert response.status == 200
    return tab.page


def test_from_day_to_day(tab, papers):
    page = show(tab, "/")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Friday, August 14, 2026")

    page.locator("a[rel=prev]").first.click()
    expect(heading).to_have_text("Wednesday, August 12, 2026")
    assert len(card_titles(page)) == 25

    page.get_by_role("link", name="Next page").click()
    assert len(card_titles(page)) == 2
    page.locator("a[rel=prev]").first.click()
    expect(heading).to_have_text("Monday, August 10, 2026")
    assert card_titles(page) == ["Tidal locking of planets"]
    expect(page.locator(".day-nav a[rel=prev]")).to_have_count(0)

    page.get_by_role("link", name="Week", exact=True).click()
    expect(heading).to_have_text("Week 33, Aug 10 – Aug 16, 2026")
    expect(page.get_by_text("29 papers")).to_be_visible()


def test_calendar_jumps(tab, papers):
    page = show(tab, "/")
    expect(page.get_by_role("link", name="12", exact=True)).to_be_hidden()

    page.get_by_text("Calendar").click()
    page.get_by_role("link", name="12", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Wednesday, August 12, 2026")

    page.get_by_text("Calendar").click()
    page.get_by_label("Go to").fill("2026-08-11")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Monday, August 10, 2026")


def test_cards_open(tab, papers):
    page = show(tab, f"/papers/date/{WEDNESDAY}")
    card = page.locator("article.paper").first
    abstract = card.locator(".abstract p")
    folded = abstract.bounding_box()

    card.get_by_text("Whole abstract").click()
    opened = abstract.bounding_box()
    expect(card.get_by_text("Ada Example")).to_be_hidden()
    card.get_by_text("2 authors").click()

    expect(card.get_by_text("Ada Example")).to_be_visible()
    assert folded is not None
    assert opened is not None
    assert opened["height"] > 3 * folded["height"]


def test_search(tab, papers):
    page = show(tab, "/")
    box = page.get_by_role("searchbox")
    box.fill("state space models")
    box.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("1 paper")
    assert page.locator("mark").all_inner_texts() == ["state-space models"]

    tab.expect_status(400)
    box.fill("title:(grokking AND")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("alert")).to_contain_text("AND has nothing after it.")
    assert box.input_value() == "title:(grokking AND"

    box.fill("grokking")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Votes").click()
    expect(page.get_by_role("link", name="Votes")).to_have_attribute("aria-current", "true")
    assert card_titles(page)[:2] == ["Grokking in circuit 1", "Grokking in circuit 2"]

    page.get_by_role("link", name="Follow as a topic").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("grokking")
    page.get_by_role("link", name="Get this by e-mail").click()
    assert page.url == f"{tab.site}/subscribe?keywords=grokking"


def test_banner_carries_keywords_to_the_sign_up(tab, papers):
    page = show(tab, "/papers/trending")
    page.get_by_label("Keywords, parted by commas").fill("robot*, grokking")
    page.get_by_role("button", name="Subscribe").click()

    page.wait_for_url("**/subscribe?keywords=robot*")


def test_citation_can_be_copied(tab, papers):
    tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = show(tab, "/papers/2608.00001")
    expect(page.locator("#bibtex")).to_contain_text("@misc{examplegrokking,")
    button = page.get_by_role("button", name="Copy")
    if tab.look == "no-script":
        expect(button).to_be_hidden()
        return

    button.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#bibtex").inner_text()


def test_by_keyboard(tab, papers):
    page = show(tab, "/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_titles_run_their_own_way(tab, papers):
    page = show(tab, "/")

    title = page.get_by_role("heading", level=2, name="تعلم")
    assert title.evaluate("node => getComputedStyle(node).direction") == "rtl"
    expect(page.get_by_text("Editors’ pick")).to_be_visible()


@pytest.mark.parametrize("width", [320, 640])
def test_pages_fit_narrow_and_enlarged(tab, papers, width):
    """320 pixels is 1,280 at 400 %; at 640 it is 200 %."""
    first, last = MONDAY - timedelta(days=400), MONDAY + timedelta(days=4000)
    Announcement.objects.create(body="A-very-long-word-" * 9, starts_on=first, ends_on=last)
    tab.page.set_viewport_size({"width": width, "height": 600})

    for path in (
        "/",
        "/papers/month/2026-08",
        "/papers?q=grokking",
        "/topics/grokking",
        "/papers/2608.00001",
        "/feeds",
    ):
        page = show(tab, path)
        if path == "/":
            page.get_by_text("Calendar").click()
        wide = page.locator("html").evaluate("node => node.scrollWidth - window.innerWidth")
        assert (path, wide) == (path, 0)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_invitation_shows_its_whole_example(tab, papers, width):
    tab.page.set_viewport_size({"width": width, "height": 900})

    assert show(tab, "/").get_by_label("Keywords, parted by commas").evaluate(ROOM_FOR_THE_EXAMPLE) >= 0


def test_words_of_tables_stay_whole_on_a_phone(tab, papers):
    tab.page.set_viewport_size({"width": 320, "height": 600})

    cell = show(tab, "/feeds").get_by_role("link", name="Atom", exact=True).last

    assert cell.evaluate("link => link.getClientRects().length") == 1


def test_opened_authors_stay_under_the_pointer(tab, papers):
    count = show(tab, f"/papers/date/{WEDNESDAY}").locator("article.paper").first.get_by_text("2 authors")
    before = count.bounding_box()
    count.click()

    assert count.bounding_box() == before


def test_paper_is_printed_light(tab, papers):
    tab.page.emulate_media(media="print", color_scheme="dark")

    mark = show(tab, "/papers?q=grokking").locator("mark").first

    assert mark.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(251, 231, 161)"


def test_fingers_find_their_targets(browser: Browser, live_server, papers, settings):  # noqa: F811 -- the fixture
    settings.SITE_URL = live_server.url
    context = browser.new_context(viewport={"width": 390, "height": 900}, has_touch=True, is_mobile=True)
    page = context.new_page()
    small = {}
    for path in (
        "/",
        "/papers?q=grokking",
        "/papers",
        "/papers/2608.00001",
        "/topics/grokking",
        "/feeds",
        "/subscribe",
    ):
        page.goto(live_server.url + path)
        page.locator("details").evaluate_all("all => all.forEach((folded) => { folded.open = true; })")
        if found := page.evaluate(TOO_SMALL_FOR_FINGERS):
            small[path] = found
    context.close()

    assert small == {}
