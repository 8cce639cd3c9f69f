"""Logging in with a second factor, looking after a reader, and bringing in a file, in a real browser."""

import base64
import io
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from subscriptions import consent, recent
from subscriptions.models import DeliveryEvent, Import, Subscriber
from tests.factories import make_interest, make_paper, make_subscriber
from tests.journeys import service
from tests.journeys.test_pages import browser, tab  # noqa: F401 -- fixtures
from tests.operators import PASSWORD, enter, make_operator

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PEOPLE = """E-mail;Interests;Hour;Remarks
mia@example.org;grokking, "state space model";8;met at the fair
noor@example.org;title:graphs;;
not an address;grokking;;
mia@example.org;;;again
=1+1;;;
olaf@example.org;(open AND;25;
"""


@pytest.fixture
def desk(tab, client):  # noqa: F811 -- the fixture
    """A browser in which an administrator is at work."""
    recent.forget()
    enter(client, make_operator("admin"))
    cookie = client.cookies[django_settings.SESSION_COOKIE_NAME]
    tab.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": tab.site}])
    yield tab
    recent.forget()


def log_in(tab) -> None:  # noqa: F811 -- the fixture's value
    tab.page.get_by_label("Username").fill("operator")
    tab.page.get_by_label("Password").fill(PASSWORD)
    tab.press("Log in")


def test_second_factor(tab):  # noqa: F811 -- the fixture
    User.objects.create_superuser("operator", "operator@example.org", PASSWORD)
    page = tab.page
    tab.visit(reverse("admin:subscriptions_subscriber_changelist"), "admin-login")
    log_in(tab)
    expect(page.get_by_role("img", name="QR code for the app")).to_be_visible()
    tab.look_at("second-factor-enrol")

    key = base64.b32decode(page.locator("code.key").inner_text().replace(" ", ""))
    page.get_by_role("textbox", name="Code").fill("000000")
    tab.press("Go on")
    expect(page.get_by_text("This code is wrong")).to_be_visible()
    tab.look_at("second-factor-wrong")
    TOTPDevice.objects.update(throttling_failure_count=0)
    page.get_by_role("textbox", name="Code").fill(f"{totp(key):06}")
    tab.press("Go on")
    codes = page.locator(".codes code").all_inner_texts()
    assert len(set(codes)) == 10
    tab.look_at("second-factor-codes")
    page.get_by_role("link", name="I have kept them").click()
    expect(page).to_have_url(tab.site + reverse("admin:subscriptions_subscriber_changelist"))

    tab.press("Log out")
    tab.visit("/admin/", "admin-login-again")
    log_in(tab)
    tab.look_at("second-factor-verify")
    page.get_by_role("textbox", name="Code").fill(codes[0])
    tab.press("Go on")
    expect(page).to_have_url(tab.site + "/admin/")
    page.get_by_role("link", name="Second factor").click()
    expect(page.get_by_text("You have 9 recovery codes left.")).to_be_visible()
    tab.look_at("second-factor-renew")


def test_reader(desk):
    now = timezone.now()
    service.fill(now, readers=40)
    make_paper(901, title="Grokking on graphs", first_seen_at=now - timedelta(hours=5))
    reader = make_subscriber(902, confirmed_at=now, cutoff_at=now - timedelta(days=1), created_at=now)
    for position, text in enumerate(("grokking", "title:(graphs OR groups) AND NOT survey", "quantun networks")):
        make_interest(reader, text, position=position)
    shown = consent.Shown(form="sign-up form", text="sign-up-1")
    consent.record(consent.Kind.CONFIRMED, reader, now, shown, source="Fair 2026", evidence="Form 7, blue folder")
    DeliveryEvent.objects.create(
        fingerprint="902", kind="bounced", provider="postmark", at=now, detail="550 unknown user"
    )
    page = desk.page

    desk.visit(reverse("admin:subscriptions_subscriber_changelist"), "admin-readers")
    page.locator("#searchbar").fill("reader902")
    desk.press("Search")
    page.get_by_role("link", name="reader902@example.org").click()
    expect(page.locator("#interests tbody tr").first).to_contain_text("grokking")
    desk.look_at("admin-reader")
    page.get_by_role("link", name="Preview the next digest").click()
    expect(page.get_by_text("Grokking on graphs").first).to_be_visible()
    desk.look_at("admin-reader-preview")
    page.go_back()

    page.get_by_role("link", name="Send a test copy to me").click()
    desk.look_at("admin-reader-ask")
    desk.press("Send a test copy to me")
    expect(page.get_by_text("A copy of the next digest was sent to you.")).to_be_visible()
    assert [message.to for message in mail.outbox] == [["admin@example.org"]]

    page.get_by_role("link", name="Pause", exact=True).click()
    desk.press("Pause")
    expect(page.get_by_text("Paused.")).to_be_visible()
    page.get_by_role("link", name="Erase").click()
    desk.look_at("admin-reader-erase")
    desk.press("Erase")
    expect(page.get_by_text("Everything about this reader is deleted.")).to_be_visible()
    assert not Subscriber.objects.filter(pk=reader.pk).exists()
    desk.visit(reverse("admin:admin_logentry_changelist"), "admin-audit")


def test_import(desk):
    page = desk.page
    desk.visit(reverse("admin:subscriptions_import_add"), "admin-import")
    page.get_by_label("File").set_input_files(
        [{"name": "people.csv", "mimeType": "text/csv", "buffer": io.BytesIO(PEOPLE.encode()).getvalue()}]
    )
    page.get_by_label("Source of the consent").fill("Fair 2026, stand 12")
    page.get_by_label("Evidence of the consent").fill("Signed list, scanned on 12 August, in the blue folder")
    desk.press("Upload")
    expect(page.get_by_label("E-mail")).to_have_value("email")
    desk.look_at("admin-import-columns")
    desk.press("Check every row")
    expect(page.get_by_text("This address stands in row 2 already.")).to_be_visible()
    desk.look_at("admin-import-checked")
    desk.press("Bring in 2 readers")
    expect(page.get_by_text("people.csv · done")).to_be_visible()
    desk.look_at("admin-import-done")
    assert set(Subscriber.objects.values_list("email", "hour")) == {("mia@example.org", 8), ("noor@example.org", 7)}
    assert Import.objects.get().bad == 4
    desk.visit(reverse("admin:subscriptions_import_changelist"), "admin-imports")
    desk.visit(reverse("admin:subscriptions_subscriber_export"), "admin-export")
