import io
import json
import shutil
import smtplib
from collections import namedtuple
from datetime import timedelta
from email.utils import format_datetime

import pytest
import requests
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from digest_site import alerts, health
from digest_site.celery import app
from digest_site.doctor import EXAMINATIONS, Level, examine, house, names, post, times
from digest_site.doctor.findings import Finding
from subscriptions import braking, continuity
from subscriptions.models import DeliveryEvent
from tests.digest_site.test_alarms import settled
from tests.factories import make_subscriber
from tests.faults.sink import open_sink

pytestmark = pytest.mark.django_db
Usage = namedtuple("Usage", "total used free")
OK, WARNING, FAILED, NOT_CHECKED = Level.OK, Level.WARNING, Level.FAILED, Level.NOT_CHECKED


@pytest.fixture
def now():
    return timezone.now().replace(microsecond=0)


def said(findings) -> list[tuple[str, str, str]]:
    """Check, level and words; every finding that is not well comes with a hint."""
    found = list(findings)
    assert [each for each in found if each.level in (WARNING, FAILED) and not each.hint] == []
    return [(each.check, each.level, each.words) for each in found]


# The whole ------------------------------------------------------------------------------------------


@pytest.fixture
def findings(monkeypatch):
    """What the examinations find, instead of this machine's own state."""
    found = [Finding("beat", OK, "the last tick was run at [noon]"), Finding("disk", WARNING, "full", "make room")]
    for name in list(EXAMINATIONS):
        monkeypatch.delitem(EXAMINATIONS, name)
    monkeypatch.setitem(EXAMINATIONS, "all", lambda now: list(found))
    return found


def run(*options: str) -> tuple[int, str]:
    out, code = io.StringIO(), 0
    try:
        call_command("doctor", *options, stdout=out)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, out.getvalue()


def test_table_names_each_check_with_its_hint(findings):
    code, text = run()

    rows = [line.split() for line in text.splitlines()]
    assert code == 0
    assert rows == [
        ["check", "found", "what", "to", "do"],
        ["beat", "ok", "the", "last", "tick", "was", "run", "at", "[noon]"],
        ["disk", "warning", "full", "make", "room"],
    ]


def test_one_failure_is_exit_code_one(findings):
    findings.append(Finding("sending", FAILED, "stopped", "release the brake"))

    code, text = run("--json")

    assert (code, json.loads(text)["ok"]) == (1, False)
    assert json.loads(text)["findings"][-1] == {
        "check": "sending", "level": "failed", "words": "stopped", "hint": "release the brake",
    }  # fmt: skip


def test_examination_that_breaks_is_a_finding(findings, monkeypatch):
    def break_off(now):
        raise ConnectionRefusedError(111, "no door for ada@example.org\nIs it there?")

    monkeypatch.setitem(EXAMINATIONS, "broker", break_off)

    words = "could not be examined: ConnectionRefusedError: [Errno 111] no door for …@…"
    assert said(examine(timezone.now()))[-1] == ("broker", FAILED, words)


def test_every_examination_runs_here(now, monkeypatch, settings):
    monkeypatch.setattr(times, "fetch_date", lambda url: "")
    settings.SOURCES_ALLOW_PRIVATE, settings.HUGGINGFACE_URL = True, "http://127.0.0.1:9"

    broken = [each for each in examine(now) if "could not be examined" in each.words]

    assert broken == []


# The house ------------------------------------------------------------------------------------------


def test_private_site_without_anybody_to_tell(now, settings):
    settings.ALERT_EMAILS = []

    assert said(house.examine_settings(now)) == [
        ("settings", OK, "private site (SITE_URL is not https)"),
        ("alerts", WARNING, "nobody is told when something wants a hand"),
    ]


def test_public_site_is_held_to_the_deployment_checks(now, settings, tmp_path):
    settings.PUBLIC, settings.STATIC_ROOT, settings.ALERT_EMAILS = True, tmp_path, ["ops@example.org"]
    settings.POSTAL_ADDRESS = ""

    found = said(house.examine_settings(now))

    assert ("settings", FAILED, "static files are not collected") in found
    postal = "subscriptions.E001: POSTAL_ADDRESS is empty, and every mail must name a postal address."
    assert ("settings", FAILED, postal) in found


def commit_safely(value: str) -> None:
    """What this session's commits wait for; the tests' own server is set to wait for nothing."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL synchronous_commit TO {value}")


def test_database_that_forgets_commits_is_a_failure(now):
    commit_safely("off")

    level = said(house.examine_database(now))[1][1]

    assert level == (FAILED if connection.vendor == "postgresql" else OK)


def test_database_is_examined(now):
    commit_safely("on")

    migrations, database, *others = said(house.examine_database(now))

    assert migrations == ("migrations", OK, "all applied")
    assert database[:2] == ("database", OK)
    assert database[2].startswith({"sqlite": "SQLite 3.", "postgresql": "PostgreSQL "}[connection.vendor])
    assert others == []


@pytest.mark.django_db(transaction=True)
def test_migrations_that_wait_are_a_failure(now):
    call_command("migrate", "digest_site", "zero", verbosity=0)
    try:
        found = said(house.examine_database(now))
    finally:
        call_command("migrate", "digest_site", verbosity=0)

    assert found[0][:2] == ("migrations", FAILED)


def test_database_that_does_not_say_which_it_is(now, monkeypatch):
    if connection.vendor == "postgresql":
        monkeypatch.setattr(continuity, "_epoch", lambda: "")
        assert said(house.examine_database(now))[2][:2] == ("database history", WARNING)
    else:
        assert not continuity.watch_is_possible()


class FakeRedis:
    facts = {"maxmemory_policy": "noeviction", "aof_enabled": 1}

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        pass

    def info(self, section):
        return self.facts


@pytest.mark.parametrize(
    ("url", "facts", "expected"),
    [
        ("redis://:s3cret@redis.internal/0", {}, [("broker", OK, "Redis")]),
        ("redis://127.0.0.1/0", {}, [("broker", OK, "Redis")]),
        ("redis://redis.internal/0", {}, [("broker", WARNING, "Redis: it asks for no password")]),
        (
            "redis://127.0.0.1/0",
            {"maxmemory_policy": "allkeys-lru", "aof_enabled": 0},
            [
                ("broker", WARNING, "Redis: maxmemory-policy is allkeys-lru"),
                ("broker", WARNING, "Redis: it writes no log"),
            ],
        ),
    ],
)
def test_a28_redis_is_held_to_its_settings(monkeypatch, url, facts, expected):
    fake = FakeRedis()
    fake.facts = FakeRedis.facts | facts
    monkeypatch.setattr(house.redis.Redis, "from_url", lambda *args, **kwargs: fake)

    assert said(house._examine_redis(url)) == expected


def test_folder_that_cannot_be_written(now, monkeypatch):
    monkeypatch.setattr(health, "check_broker", lambda now: {"ok": False})

    assert said(house.examine_broker(now)) == [("broker", FAILED, "the broker's folder cannot be written")]


def test_broker_of_these_tests_is_examined(now):
    assert {check for check, *_ in said(house.examine_broker(now))} == {"broker"}
    assert app.conf.broker_url


def test_beat(now):
    assert said(house.examine_beat(now)) == [("beat", FAILED, "no tick was run yet")]
    health.beat(now)
    assert said(house.examine_beat(now)) == [("beat", OK, f"the last tick was run at {now:%Y-%m-%d %H:%M:%S} UTC")]


@pytest.mark.parametrize(("free", "level"), [(2**39, OK), (2**29, FAILED)])
def test_disk(now, monkeypatch, free, level):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**40, 2**40 - free, free))

    assert said(house.examine_disk(now)) == [("disk", level, f"{free / 2**30:.1f} GiB free in DATA_DIR")]


def test_sending_and_open_alerts(now):
    assert said(house.examine_sending(now)) == [("sending", OK, "not stopped")]
    braking.pull("535 no", now)
    alerts.remember({("source_failed", "arxiv"): "…", ("disk_low", ""): "…"}, now)

    assert said(house.examine_sending(now)) == [
        ("sending", FAILED, "stopped: 535 no"),
        ("open alerts", WARNING, "disk_low, source_failed"),
    ]


# Mail -----------------------------------------------------------------------------------------------


@pytest.fixture
def smtp(settings):
    settings.EMAIL_BACKEND, settings.ANYMAIL_PROVIDER = "subscriptions.smtp.EmailBackend", "none"
    settings.BOUNCE_EMAIL, settings.REPLY_TO_EMAIL = "bounces@example.org", "editors@example.org"
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    with open_sink() as sink:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        yield sink


def test_mail_server_is_talked_to_and_gets_no_message(now, smtp, settings):
    place = f"127.0.0.1:{smtp.port}"

    assert said(post.examine_transport(now)) == [("mail", OK, f"{place} would take mail")]
    assert smtp.ledger.accepted == []


@pytest.mark.parametrize("step", ["mail", "rcpt"])
def test_mail_server_that_refuses_us_is_quoted(now, smtp, monkeypatch, step):
    monkeypatch.setattr(smtplib.SMTP, step, lambda *args: (550, b"not from you"))

    [found] = said(post.examine_transport(now))

    assert found == ("mail", FAILED, f"127.0.0.1:{smtp.port} answered 550 not from you")


def test_mail_server_that_is_away(now, smtp, settings):
    settings.EMAIL_PORT = 9

    [found] = said(post.examine_transport(now))

    assert found == ("mail", FAILED, "127.0.0.1:9: ConnectionRefusedError: Connection refused")


def test_mail_that_stays_in_the_house(now, settings):
    settings.EMAIL_BACKEND = "subscriptions.outbox.EmailBackend"
    settings.PUBLIC = False
    assert said(post.examine_transport(now))[0][:2] == ("mail", WARNING)
    settings.PUBLIC = True
    assert said(post.examine_transport(now))[0][:2] == ("mail", FAILED)
    assert said(names.examine_names(now)) == [("DNS", NOT_CHECKED, "mail does not leave this machine")]


PROVIDERS = [
    ("postmark", "POSTMARK_SERVER_TOKEN", "/server", ("X-Postmark-Server-Token", "the-key")),
    ("brevo", "BREVO_API_KEY", "/account", ("api-key", "the-key")),
    ("resend", "RESEND_API_KEY", "/domains", ("Authorization", "Bearer the-key")),
]


@pytest.mark.parametrize(("provider", "setting", "path", "header"), PROVIDERS)
@pytest.mark.parametrize(("status", "level"), [(200, OK), (401, FAILED), (500, FAILED)])
def test_provider_is_asked_whether_it_knows_our_key(
    now, settings, httpserver, provider, setting, path, header, status, level
):
    from digest_site.environment_mail import PROVIDERS as BACKENDS

    settings.ANYMAIL_PROVIDER, settings.EMAIL_BACKEND = provider, BACKENDS[provider]
    settings.ANYMAIL = {setting: "the-key", f"{provider.upper()}_API_URL": httpserver.url_for("/")}
    httpserver.expect_oneshot_request(path, method="GET", headers=dict([header])).respond_with_data("{}", status)

    [(check, found, words)] = said(post.examine_transport(now))

    expected = WARNING if (provider, status) == ("resend", 401) else level
    assert (check, found) == ("mail", expected)
    assert words == (f"{provider} knows our key" if status == 200 else f"{provider} answered {status}")


def test_provider_without_a_free_question_is_not_checked(now, settings):
    settings.ANYMAIL_PROVIDER, settings.EMAIL_BACKEND = "mailjet", "anymail.backends.mailjet.EmailBackend"

    assert said(post.examine_transport(now)) == [
        ("mail", NOT_CHECKED, "anymail.backends.mailjet.EmailBackend has no question that costs nothing")
    ]


def test_webhook(now, settings):
    settings.SITE_URL, settings.ANYMAIL_PROVIDER = "https://digest.example.org", "postmark"
    settings.ANYMAIL = {}
    assert said(post.examine_webhook(now)) == [("webhook", FAILED, "every webhook is refused: there is no secret")]
    settings.ANYMAIL = {"WEBHOOK_SECRET": ["hooks:short"]}
    assert said(post.examine_webhook(now)) == [("webhook", WARNING, "its password is shorter than 16 characters")]
    settings.ANYMAIL = {"WEBHOOK_SECRET": ["hooks:a-long-random-word"]}
    address = ("webhook", OK, "https://digest.example.org/hooks/postmark/tracking/")
    assert said(post.examine_webhook(now)) == [address]
    settled(50, now)
    assert said(post.examine_webhook(now)) == [("webhook", WARNING, "no event came for a week of mail")]
    DeliveryEvent.objects.create(fingerprint="1", kind="delivered", provider="postmark", at=now, received_at=now)
    assert said(post.examine_webhook(now)) == [address]


# DNS ------------------------------------------------------------------------------------------------


GOOD = {
    ("example.org", "TXT"): ["some-verification=1", "v=spf1 include:spf.example.net -all"],
    ("_domainkey.digest.example.org", "TXT"): [],
    ("_dmarc.example.org", "TXT"): ["v=DMARC1; p=none"],
    ("example.org", "MX"): ["10 mx.example.org."],
}


def look_up(settings, records, *, provider="none"):
    settings.ANYMAIL_PROVIDER = provider
    settings.EMAIL_BACKEND = "subscriptions.smtp.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "Paper Round <papers@digest.example.org>"
    settings.BOUNCE_EMAIL = settings.REPLY_TO_EMAIL = "editors@example.org"
    return said(names.examine_names(timezone.now(), lambda name, kind: records.get((name, kind))))


def test_good_records(settings):
    assert look_up(settings, GOOD) == [
        ("SPF", OK, "example.org: v=spf1 include:spf.example.net -all"),
        ("DKIM", OK, "there are keys below _domainkey.digest.example.org"),
        ("DMARC", OK, "_dmarc.example.org: v=DMARC1; p=none"),
        ("MX", OK, "example.org takes mail"),
    ]


def test_no_records(settings):
    assert look_up(settings, {}) == [
        ("SPF", FAILED, "example.org has no record"),
        ("DKIM", FAILED, "there is no key below _domainkey.digest.example.org"),
        ("DMARC", FAILED, "digest.example.org has no record"),
        ("MX", FAILED, "example.org takes no mail"),
    ]


def test_provider_with_its_own_envelope_needs_no_spf(settings):
    assert look_up(settings, {}, provider="postmark")[0] == ("SPF", WARNING, "example.org has no record")


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (["v=spf1 -all", "v=spf1 mx -all"], "example.org has 2 records, so none counts"),
        (["v=spf1 +all"], "example.org lets everybody send"),
        (["v=spf10 -all"], "example.org has no record"),
    ],
)
def test_spf_that_does_not_protect(settings, records, words):
    assert look_up(settings, GOOD | {("example.org", "TXT"): records})[0] == ("SPF", FAILED, words)


def test_two_dmarc_records(settings):
    two = {("_dmarc.digest.example.org", "TXT"): 2 * ["v=DMARC1; p=none"]}

    words = "_dmarc.digest.example.org has 2 records, so none counts"
    assert look_up(settings, GOOD | two)[2] == ("DMARC", FAILED, words)


def test_without_a_resolver_nothing_is_claimed(settings):
    settings.EMAIL_BACKEND = "subscriptions.smtp.EmailBackend"

    def silent(name, kind):
        raise names.NoAnswer("LifetimeTimeout")

    found = said(names.examine_names(timezone.now(), silent))

    assert [(check, level) for check, level, _ in found] == [
        ("SPF", NOT_CHECKED), ("DKIM", NOT_CHECKED), ("DMARC", NOT_CHECKED), ("MX", NOT_CHECKED),
    ]  # fmt: skip


# Clocks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "level"), [(0, OK), (20, WARNING), (-20, WARNING), (3600, FAILED)])
def test_clock_against_a_source(now, seconds, level):
    far = format_datetime(timezone.now() + timedelta(seconds=seconds), usegmt=True)

    found = said(times.examine_clock(now, lambda url: far))

    assert found[-1][:2] == ("clock", level)
    assert len(found) == (2 if connection.vendor == "postgresql" else 1)


@pytest.mark.parametrize("answer", ["", "yesterday", requests.ConnectionError()])
def test_clock_without_a_source(now, answer):
    def fetch(url):
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert said(times.examine_clock(now, fetch))[-1] == ("clock", NOT_CHECKED, "no source told the time")


@pytest.mark.parametrize(("version", "level"), [("2026a", OK), ("2024b", WARNING), ("", WARNING)])
def test_time_zones(now, monkeypatch, version, level):
    monkeypatch.setattr(times, "_version", lambda: version)

    assert said(times.examine_zones(now.replace(year=2026)))[0][:2] == ("time zones", level)


def test_version_of_the_time_zones_is_found(now):
    assert times._version()[:2] == "20"


def test_zone_that_is_not_known_here(now, monkeypatch):
    monkeypatch.setattr(times, "_version", lambda: f"{now.year}a")
    make_subscriber(1, zone="Mars/Olympus")

    assert said(times.examine_zones(now))[1] == (
        "time zones", WARNING, "1 zones of readers are not known here: Mars/Olympus",
    )  # fmt: skip
