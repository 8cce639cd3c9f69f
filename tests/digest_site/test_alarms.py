import shutil
from collections import namedtuple
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from digest_site import alarms, health
from papers import dwindling
from papers.models import Reading
from papers.sources import SOURCES
from subscriptions import braking, continuity, limiting
from subscriptions.models import Brake, Delivery, DeliveryEvent, Digest
from tests.factories import make_delivery, make_paper

pytestmark = pytest.mark.django_db
State = Delivery.State
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def now():
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def well(now, monkeypatch):
    """An installation with nothing to complain about."""
    health.beat(now)
    for slug in SOURCES:
        read(slug, now - timedelta(hours=1), "new")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**40, 2**39, 2**39))


def read(source, started_at, outcome, **fields):
    return Reading.objects.create(
        source=source, day=started_at.date(), started_at=started_at, outcome=outcome, **fields
    )


def settled(count, now, state=State.ACCEPTED, kind=None, first=1):
    paper = make_paper(first)
    for number in range(first, first + count):
        row = make_delivery(number, [paper], state=state, attempts=1, not_before=now, settled_at=now)
        Digest.objects.filter(pk=row.digest_id).update(edition=now.date())
        if kind:
            fields = {"fingerprint": str(number), "delivery": row, "provider": "postmark", "at": now}
            DeliveryEvent.objects.create(kind=kind, received_at=now, **fields)


def test_nothing_is_said_while_all_is_well(well, now):
    assert alarms.look(now) == {}


def test_source_that_brings_less_than_it_used_to_is_named(well, now, monkeypatch):
    monkeypatch.setattr(dwindling, "too_few", lambda source, _: "few" if source.slug == "arxiv" else "")
    monkeypatch.setattr(dwindling, "left_empty", lambda source, _: iter(("a", "b") if source.slug == "arxiv" else ()))

    assert alarms.look(now) == {("papers_few", "arxiv"): "few", ("fields_empty", "arxiv"): "a; b"}


def test_source_that_fails_is_named_with_its_last_words(well, now):
    first = next(iter(SOURCES))
    Reading.objects.filter(source=first).delete()
    read(first, now - timedelta(hours=40), "new")
    read(first, now - timedelta(minutes=5), "failed", error="answered 503")

    hours = health.MAX_READING_AGE / timedelta(hours=1)
    assert alarms.look(now) == {
        ("source_failed", first): f"{first} was not read well for {hours:.0f} hours. Last time: answered 503"
    }


def test_new_installation_is_not_blamed_for_what_it_has_not_tried(well, now):
    Reading.objects.all().delete()
    read(next(iter(SOURCES)), now - timedelta(hours=1), "failed", error="answered 503")

    assert alarms.look(now) == {}


@pytest.mark.parametrize(("rejected", "alarm"), [(5, False), (6, True)])
def test_many_quarantined_records(well, now, rejected, alarm):
    read("arxiv", now - timedelta(hours=2), "new", found=100, rejected=rejected)

    words = f"6 of 100 records of {(now - timedelta(hours=2)).date()} could not be taken in"
    assert alarms.look(now) == ({("records_quarantined", "arxiv"): words} if alarm else {})


def test_unknown_deliveries(well, now):
    settled(2, now, State.UNKNOWN)

    assert alarms.look(now) == {
        ("delivery_unknown", ""): "2 messages may or may not have arrived, and are not sent again by themselves"
    }


def test_mail_that_waits(well, now):
    row = make_delivery(1, not_before=now - timedelta(minutes=20))
    Digest.objects.filter(pk=row.digest_id).update(edition=now.date())

    words = "1 messages wait too long, 0 are held by workers and never settled"
    assert alarms.look(now) == {("mail_waiting", ""): words}


def test_stopped_sending(well, now):
    braking.pull("535 bad credentials", now)

    words = "nothing is sent until somebody releases the brake: 535 bad credentials"
    assert alarms.look(now) == {("sending_stopped", ""): words}


def test_replaced_database(well, now):
    Brake.objects.create(pk=1, pulled_at=now, replaced_at=now, reason=continuity.REASON)

    words = f"nothing is sent until somebody says so: {continuity.REASON}"
    assert alarms.look(now) == {("database_replaced", ""): words}


def test_unclosed_edition(well, now):
    row = make_delivery(1, not_before=now + timedelta(hours=1))
    day = now.date() - timedelta(days=4)
    Digest.objects.filter(pk=row.digest_id).update(edition=day)

    assert alarms.look(now) == {("edition_unclosed", str(day)): f"the edition of {day} should have closed a day ago"}


def test_refused_mail(well, now):
    settled(10, now, State.FAILED)

    assert alarms.look(now) == {("mail_refused", ""): "most of today's messages are refused: are we on a block list?"}


@pytest.mark.parametrize(("good", "bounced", "alarm"), [(190, 10, True), (191, 9, False), (200, 10, False)])
def test_bounces(well, now, good, bounced, alarm):
    settled(good, now)
    settled(bounced, now, kind="bounced", first=1000)

    expected = {("bounces_high", ""): "5.0% of a week's 200 messages bounced"}
    assert alarms.look(now) == (expected if alarm else {})


@pytest.mark.parametrize(("complained", "alarm"), [(3, True), (2, False)])
def test_complaints(well, now, complained, alarm):
    settled(100, now)
    settled(complained, now, kind="complained", first=1000)

    expected = {("complaints_high", ""): "2.91% of a week's 103 messages were complained of"}
    assert alarms.look(now) == (expected if alarm else {})


def test_strangers_who_ask_for_too_much(well, now, settings):
    settings.ACCOUNT_MAILS_PER_HOUR = 2
    for _ in range(3):
        limiting.take(now, (limiting.everybody(), ""))

    words = "strangers asked for more than 2 confirmations and links within an hour; more are held back"
    assert alarms.look(now) == {("account_mails_held", ""): words}
    assert alarms.look(now + timedelta(hours=2)).keys().isdisjoint({("account_mails_held", "")})


def test_silence(well, now):
    health.beat(now - timedelta(hours=3))

    last = f"since {now - timedelta(hours=3):%Y-%m-%d %H:%M} UTC"
    words = f"no tick was run {last}: beat, the broker or the workers stand still"
    assert alarms.look(now) == {("beat_stopped", ""): words}


def test_new_installation_is_given_time_for_its_first_tick(well, now):
    made = MigrationRecorder.Migration.objects.earliest("applied").applied
    cache.clear()

    assert ("beat_stopped", "") not in alarms.look(made + timedelta(minutes=1))
    assert alarms.look(made + timedelta(hours=1))["beat_stopped", ""] == (
        "no tick was run yet: beat, the broker or the workers stand still"
    )


@pytest.mark.parametrize(
    ("total", "free", "alarm"),
    [(2**40, 2**39, False), (2**40, 2**35, True), (2**31, 2**29, True), (2**33, 2**31, False)],
)
def test_full_disk(well, now, monkeypatch, total, free, alarm):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(total, total - free, free))

    assert set(alarms.look(now)) == ({("disk_low", "")} if alarm else set())
