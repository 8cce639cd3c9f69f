"""The editors' desk and the home of the admin in a real browser."""

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from digest_site import health
from papers.models import Announcement, Paper, Reading
from tests.journeys import service
from tests.journeys.test_pages import browser, papers, tab  # noqa: F401 -- fixtures
from tests.operators import enter, make_operator

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(tab, client):  # noqa: F811 -- the fixture
    """A browser in which an editor is at work."""
    enter(client, make_operator("editor"))
    cookie = client.cookies[django_settings.SESSION_COOKIE_NAME]
    tab.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": tab.site}])
    return tab


def test_home(desk):
    now = timezone.now()
    service.fill(now)
    health.beat(now)

    desk.visit("/admin/", "admin-home")

    page = desk.page
    expect(page.get_by_role("link", name="messages may or may not have arrived")).to_have_attribute(
        "href", reverse("admin:subscriptions_delivery_changelist") + "?state__exact=unknown"
    )
    expect(page.get_by_role("img", name="Active readers, the last ninety days")).to_be_visible()
    expect(page.get_by_role("img", name="Papers listed on each of the last fourteen days")).to_be_visible()
    expect(page.get_by_role("img", name="Digests of the last editions")).to_be_visible()
    expect(page.get_by_role("region", name="Interests that match nothing")).to_contain_text("quantun networks")
    page.get_by_role("region", name="Digests a day").get_by_text("The numbers").click()
    page.get_by_role("region", name="Readers").get_by_text("The numbers").click()
    desk.look_at("admin-home-numbers")
    for link in page.locator(".glance a").all():
        assert page.request.get(desk.site + str(link.get_attribute("href"))).ok


def test_curation(desk):
    service.fill(timezone.now(), readers=20)
    page = desk.page
    desk.visit("/admin/papers/paper/?q=title:haggle", "admin-papers-search")
    page.locator(".field-title a, th.field-title a").first.click()

    page.locator("#id_title").fill("Haggle, for short")
    page.get_by_label("Editor's pick").check()
    page.get_by_label("Note").fill("Read it for the third figure.")
    page.get_by_role("button", name="Save and continue editing").click()
    desk.look_at("admin-paper-edited")
    expect(page.get_by_text("The sources say").first).to_be_visible()
    paper = Paper.objects.get(title="Haggle, for short")
    assert (paper.is_pinned, paper.pick_note) == (True, "Read it for the third figure.")

    page.get_by_label("Take the sources' title again").check()
    page.get_by_role("button", name="Save and continue editing").click()
    paper.refresh_from_db()
    assert paper.source_words == {}

    desk.visit("/admin/papers/paper/add/", "admin-paper-add")
    desk.visit("/admin/papers/paper/", "admin-papers")
    reading = Reading.objects.filter(outcome="failed").get()
    desk.visit(reverse("admin:papers_reading_change", args=[reading.pk]), "admin-reading")
    desk.visit("/admin/papers/rejected/", "admin-quarantine")
    page.locator("#result_list tbody th a").first.click()
    desk.look_at("admin-rejected")


def test_rehearsal_and_pick(desk, httpserver, settings):
    now = timezone.now()
    service.fill(now, readers=20)
    settings.HUGGINGFACE_URL, settings.SOURCES_ALLOW_PRIVATE = httpserver.url_for("").rstrip("/"), True
    known = Paper.objects.order_by("-pk")[:2]
    facts = {"summary": "", "authors": [], "upvotes": 99, "publishedAt": f"{now:%FT%TZ}"}
    shown = ((known[0].arxiv_id, "A better title"), ("2600.07777", "Quite new, and invented"))
    items = [{"paper": {"id": arxiv_id, "title": title} | facts} for arxiv_id, title in shown]
    httpserver.expect_request("/api/daily_papers").respond_with_json(items)
    reading = Reading.objects.filter(source="huggingface").latest("day")
    page = desk.page

    desk.visit(reverse("admin:papers_reading_change", args=[reading.pk]), "admin-reading-good")
    desk.press("What would change")
    desk.look_at("admin-rehearsal")
    expect(page.locator("ins", has_text="A better title")).to_be_visible()
    expect(page.get_by_role("heading", name="New: Quite new, and invented")).to_be_visible()
    assert not Paper.objects.filter(title="A better title").exists()

    desk.visit("/admin/papers/paper/?q=" + str(known[1].arxiv_id), "admin-paper-found")
    page.locator("input.action-select").check()
    page.locator("select[name=action]").select_option("pin")
    page.get_by_role("button", name="Go").click()
    page.get_by_label("Note").fill("Worth an hour.")
    desk.look_at("admin-pick")
    page.get_by_role("button", name="Pick").click()
    expect(page.get_by_text("1 paper picked.")).to_be_visible()


def test_announcement(desk):
    page, today = desk.page, timezone.now().date()
    desk.visit("/admin/papers/announcement/add/", "admin-announcement-add")
    page.get_by_label("Text").fill("**Feeds** are here. <script>document.title = 'stolen'</script>")
    page.get_by_label("First day").fill(str(today))
    page.get_by_label("Last day").fill(str(today + timedelta(days=3)))
    page.get_by_role("button", name="Save and continue editing").click()

    desk.look_at("admin-announcement")
    expect(page.locator(".field-as_shown strong")).to_have_text("Feeds")
    assert "stolen" not in page.title()
    assert [note.text for note in Announcement.objects.current(today)] == ["Feeds are here."]
