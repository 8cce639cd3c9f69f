import re
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone, translation

from digest_site import alarms, alerts, health
from digest_site.models import Alert
from digest_site.tasks import watch
from subscriptions import braking
from tests.factories import NOW, make_delivery
from tests.mail import ScriptedBackend
from tests.subscriptions.mails import Page
from tests.subscriptions.test_mail_standards_html import ATTRIBUTES, TAGS

pytestmark = pytest.mark.django_db

STOPPED = {("sending_stopped", ""): "nothing is sent until somebody releases the brake: 535 no"}
FAILED = {("source_failed", "arxiv"): "arxiv was not read well for 37 hours. Last time: answered 503"}
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _operators(settings):
    settings.ALERT_EMAILS = ["ops@example.org"]


def watch_with(found, at, monkeypatch):
    monkeypatch.setattr(alarms, "look", lambda _: found)
    alerts.watch(at)


def subjects() -> list[str]:
    return [message.subject for message in mail.outbox]


def test_new_alert_is_told_at_once(monkeypatch, settings):
    settings.SITE_URL = "https://digest.example.org"
    watch_with(FAILED | STOPPED, NOW, monkeypatch)

    [message] = mail.outbox
    assert (message.to, message.subject) == (["ops@example.org"], "[Paper Round] source_failed arxiv and 1 more")
    assert message.body == (
        "source_failed arxiv: since 2026-08-12 07:00 UTC\n"
        "  arxiv was not read well for 37 hours. Last time: answered 503\n\n"
        "sending_stopped: since 2026-08-12 07:00 UTC\n"
        "  nothing is sent until somebody releases the brake: 535 no\n\n"
        "What each means and what to do stands in RUNBOOK.md. All alerts:\n"
        "https://digest.example.org/admin/\n\n"
        "--\n"
        "You get this because ALERT_EMAILS names you. While an alert lasts it\n"
        "comes once a day.\n"
    )
    [(html, kind)] = message.alternatives
    shown = BeautifulSoup(html, "lxml")
    assert kind == "text/html"
    assert [part.get_text() for part in shown.find_all(["h1", "h2"])] == [
        "This wants a hand",
        "source_failed arxiv",
        "sending_stopped",
    ]
    assert [link["href"] for link in shown.find_all("a")] == [
        "https://digest.example.org/admin/",
        "https://digest.example.org",
    ]
    assert message.message()["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("language", ["en", "de"])
def test_alerts_are_english_whoever_asks_for_the_page_that_finds_them(language, monkeypatch):
    with translation.override(language):
        watch_with(STOPPED, NOW, monkeypatch)

    assert '<html lang="en"' in mail.outbox[0].alternatives[0][0]
    assert "Gesendet von" not in str(mail.outbox[0].message())


def test_words_from_outside_are_no_markup(monkeypatch):
    watch_with({("sending_stopped", ""): "550 <script>alert(1)</script> & co"}, NOW, monkeypatch)

    html = mail.outbox[0].alternatives[0][0]
    assert "550 &lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in html
    assert "<script" not in html


def test_alert_that_lasts_is_told_once_a_day(monkeypatch):
    for minutes in range(0, 49 * 60, 5):
        watch_with(STOPPED, NOW + minutes * MINUTE, monkeypatch)

    assert subjects() == 3 * ["[Paper Round] sending_stopped"]
    assert Alert.objects.count() == 1


def test_end_is_told_after_a_calm(monkeypatch):
    watch_with(STOPPED, NOW, monkeypatch)
    for minutes in range(5, 60, 5):
        watch_with({}, NOW + minutes * MINUTE, monkeypatch)

    assert subjects() == ["[Paper Round] sending_stopped", "[Paper Round] resolved: sending_stopped"]
    assert mail.outbox[1].body.startswith("sending_stopped: resolved (since 2026-08-12 07:00 UTC, until 07:00)\n")
    alert = Alert.objects.get()
    assert (alert.resolved_at, alert.end_told_at) == (NOW + 35 * MINUTE, NOW + 35 * MINUTE)


def test_what_flickers_is_one_alert(monkeypatch):
    for minutes in range(0, 240, 5):
        watch_with(STOPPED if minutes % 20 == 0 else {}, NOW + minutes * MINUTE, monkeypatch)

    assert subjects() == ["[Paper Round] sending_stopped"]


def test_storm_is_gathered_into_few_mails(monkeypatch):
    found = {}
    for minute in range(30):
        found |= {("edition_unclosed", f"2026-07-{minute + 1:02}"): "it should have closed"}
        watch_with(found, NOW + minute * MINUTE, monkeypatch)

    assert subjects() == [
        "[Paper Round] edition_unclosed 2026-07-01",
        "[Paper Round] edition_unclosed 2026-07-02 and 9 more",
        "[Paper Round] edition_unclosed 2026-07-12 and 9 more",
    ]


def test_two_watchers_at_once_tell_once(monkeypatch):
    monkeypatch.setattr(alarms, "look", lambda _: STOPPED)
    alerts.remember(STOPPED, NOW)

    first, second = alerts.tell(NOW), alerts.tell(NOW)

    assert (first, second, len(mail.outbox)) == (True, False, 1)


def test_alert_that_could_not_be_mailed_is_tried_with_the_next_look(monkeypatch, settings, caplog):
    settings.ALERT_EMAIL = {"backend": "tests.mail.ScriptedBackend"}
    ScriptedBackend.reset()
    ScriptedBackend.answers["ops@example.org"] = ConnectionRefusedError(111, "Connection refused")
    watch_with(STOPPED, NOW, monkeypatch)
    ScriptedBackend.answers.clear()

    watch_with(STOPPED, NOW + 5 * MINUTE, monkeypatch)

    assert [message.subject for message in ScriptedBackend.accepted] == ["[Paper Round] sending_stopped"]
    assert "An alert could not be mailed: ConnectionRefusedError: Connection refused" in caplog.messages
    assert Alert.objects.get().told_at == NOW + 5 * MINUTE


def test_every_operator_gets_a_message_of_their_own(monkeypatch, settings):
    settings.ALERT_EMAILS = ["ops@example.org", "night@example.org"]

    watch_with(STOPPED, NOW, monkeypatch)

    assert [message.to for message in mail.outbox] == [["ops@example.org"], ["night@example.org"]]


def test_without_addresses_alerts_are_remembered_and_logged_once(monkeypatch, settings, caplog):
    settings.ALERT_EMAILS = []
    for minutes in (0, 5, 10):
        watch_with(FAILED, NOW + minutes * MINUTE, monkeypatch)

    assert mail.outbox == []
    assert caplog.messages == [
        "Alert source_failed arxiv: arxiv was not read well for 37 hours. Last time: answered 503"
    ]
    assert Alert.objects.values_list("name", "about", "seen_at").get() == ("source_failed", "arxiv", NOW + 10 * MINUTE)


def test_m01_to_m08_m36_m37_alert_is_as_well_formed_as_the_mails_of_readers(monkeypatch):
    words = "Größe\x0b\x85\u2028 研究" + "x" * 300 + "\r\nBcc: x@evil.example <img src=https://evil.example/x>"
    watch_with({("source_failed", words[:64]): words}, NOW, monkeypatch)

    wire = mail.outbox[0].message().as_bytes(linesep="\r\n")
    message = message_from_bytes(wire, policy=default)

    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert (wire.isascii(), max(map(len, wire.split(b"\r\n"))) <= 998, message.defects) == (True, True, [])
    assert re.search(rb"(?<!\r)\n|\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", wire) is None
    once = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted"]
    assert [len(message.get_all(name, [])) for name in [*once, "Bcc"]] == [1] * len(once) + [0]
    page = Page(message.get_body(("html",)).get_content())
    assert {tag for tag, _ in page.elements} <= TAGS
    assert {name for _, attrs in page.elements for name in attrs} <= ATTRIBUTES


def test_words_from_outside_carry_no_address_and_forge_no_line(monkeypatch):
    words = "550 <ada@example.org> refused\nsending_stopped: all is well\x1b[2J"

    watch_with({("sending_stopped", ""): words}, NOW, monkeypatch)

    assert "  550 <…@…> refused\\nsending_stopped: all is well\\x1b[2J\n" in mail.outbox[0].body


def test_alert_long_over_is_erased(monkeypatch):
    watch_with(STOPPED, NOW, monkeypatch)
    watch_with({}, NOW + HOUR, monkeypatch)

    watch_with({}, NOW + timedelta(days=366) + 2 * HOUR, monkeypatch)

    assert Alert.objects.count() == 0


def test_alerts_leave_while_sending_is_stopped_and_beside_the_ledger():
    now = timezone.now()
    health.beat(now)
    row = make_delivery(1, state="accepted", not_before=now, settled_at=now)
    type(row.digest).objects.filter(pk=row.digest_id).update(edition=now.date())
    braking.pull("535 no", now)

    watch()

    assert subjects()[0].startswith("[Paper Round] sending_stopped")
    assert type(row).objects.count() == 1


def test_stopped_beat_is_told_by_whoever_asks_whether_we_are_ready(client):
    health.beat(timezone.now() - 3 * HOUR)

    for _ in range(3):
        client.get("/readyz")

    assert len(mail.outbox) == 1
    assert "beat_stopped: since" in mail.outbox[0].body


def test_alerts_are_listed_for_staff_and_changed_by_nobody(admin_client, monkeypatch):
    watch_with(FAILED | STOPPED, NOW, monkeypatch)
    alert = Alert.objects.first()

    page = admin_client.get(reverse("admin:digest_site_alert_changelist"), {"resolved_at__isempty": "1"})
    post = admin_client.post(reverse("admin:digest_site_alert_change", args=[alert.pk]), {"words": "all is well"})

    assert page.status_code == 200
    assert {row.pk for row in page.context["cl"].result_list} == set(Alert.objects.values_list("pk", flat=True))
    assert post.status_code == 403
    assert not Alert.objects.filter(words="all is well").exists()


def test_ready_probe_sends_nothing_while_ticks_are_run(client):
    health.beat(timezone.now())
    braking.pull("535 no", timezone.now())

    client.get("/readyz")

    assert mail.outbox == []
    cache.clear()
