from datetime import datetime, timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from digest_site import health
from digest_site.celery import app
from digest_site.tasks import heartbeat
from papers.models import Category, Reading
from papers.sources import SOURCES
from subscriptions.models import Brake, Delivery, Digest
from tests.factories import make_delivery, make_paper

pytestmark = pytest.mark.django_db
State = Delivery.State
Outcome = Reading.Outcome


@pytest.fixture
def now():
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def broker(tmp_path, monkeypatch):
    """The configured broker, its folders made as a worker makes them."""
    if "data_folder_out" in app.conf.broker_transport_options:
        folders = dict.fromkeys(("data_folder_in", "data_folder_out", "control_folder"), str(tmp_path))
        monkeypatch.setitem(app.conf, "broker_transport_options", folders)
    return tmp_path


def read(source: str, started_at: datetime, outcome: Outcome) -> None:
    Reading.objects.create(source=source, day=started_at.date(), started_at=started_at, outcome=outcome)


def test_alive_answers_without_asking_anything(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"ok": True})
    assert "no-store" in response["Cache-Control"]


def test_ready_when_everything_is_in_order(client, broker, now):
    heartbeat()
    for slug in SOURCES:
        read(slug, now - timedelta(hours=1), Outcome.NEW)

    response = client.get("/readyz")

    body = response.json()
    assert (response.status_code, body["ok"]) == (200, True)
    assert [(name, check["ok"]) for name, check in body.items() if name != "ok"] == [
        ("database", True),
        ("broker", True),
        ("heartbeat", True),
        ("sources", True),
        ("deliveries", True),
        ("sending", True),
    ]
    assert "no-store" in response["Cache-Control"]


def test_not_ready_on_a_fresh_installation(client, broker):
    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {
        "ok": False,
        "database": {"ok": True},
        "broker": {"ok": True},
        "heartbeat": {"ok": False, "last": None},
        "sources": {"ok": False, "last_good": dict.fromkeys(SOURCES)},
        "deliveries": {"ok": True, "waiting": 0, "held": 0, "unknown": 0},
        "sending": {"ok": True, "stopped": None, "blocked": False, "unclosed": []},
    }


def test_ready_says_which_check_broke_without_a_server_error(client, broker, monkeypatch):
    def broken(now: datetime) -> health.Check:
        raise OperationalError("password of the database: hunter2")

    monkeypatch.setitem(health.CHECKS, "database", broken)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["database"] == {"ok": False, "error": "OperationalError"}
    assert "hunter2" not in response.content.decode()


def test_health_pages_answer_get_and_head_only(client):
    assert [client.post(path).status_code for path in ("/healthz", "/readyz")] == [405, 405]


@pytest.mark.parametrize(
    ("age", "ok"), [(timedelta(0), True), (timedelta(minutes=10), True), (timedelta(minutes=11), False)]
)
def test_heartbeat_grows_old(now, age, ok):
    health.beat(now - age)

    assert health.check_heartbeat(now) == {"ok": ok, "last": now - age}


def test_broker_folder_that_cannot_be_written_is_not_ok(tmp_path, monkeypatch, now):
    monkeypatch.setitem(app.conf, "broker_transport_options", {"data_folder_out": str(tmp_path / "missing")})
    monkeypatch.setitem(app.conf, "broker_url", "filesystem://localhost")

    assert health.check_broker(now) == {"ok": False}


@pytest.mark.parametrize(
    ("outcome", "age", "ok"),
    [
        (Outcome.NEW, timedelta(hours=1), True),
        (Outcome.UNCHANGED, timedelta(hours=1), True),
        (Outcome.QUIET, timedelta(hours=36), True),
        (Outcome.NEW, timedelta(hours=38), False),
        (Outcome.STALE, timedelta(hours=1), False),
        (Outcome.FAILED, timedelta(hours=1), False),
        (Outcome.RUNNING, timedelta(hours=1), False),
    ],
)
def test_source_is_ok_after_a_good_reading_within_a_day_and_a_half(now, outcome, age, ok):
    first, *others = SOURCES
    for slug in others:
        read(slug, now, Outcome.NEW)
    read(first, now - age, outcome)

    assert health.check_sources(now) == {
        "ok": ok,
        "last_good": {first: now - age if ok else None} | dict.fromkeys(others, now),
    }


def test_source_that_is_not_to_be_read_is_not_missed(now):
    Category.objects.update(is_read=False)
    read("huggingface", now, Outcome.NEW)

    assert health.check_sources(now) == {"ok": True, "last_good": {"huggingface": now}}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"state": State.QUEUED, "minutes": 14}, (True, 0, 0, 0)),
        ({"state": State.QUEUED, "minutes": 16}, (False, 1, 0, 0)),
        ({"state": State.CLAIMED, "minutes": 44}, (True, 0, 0, 0)),
        ({"state": State.CLAIMED, "minutes": 46}, (False, 0, 1, 0)),
        ({"state": State.SENDING, "minutes": 46}, (False, 0, 1, 0)),
        ({"state": State.ACCEPTED, "minutes": 600}, (True, 0, 0, 0)),
        ({"state": State.UNKNOWN, "minutes": 600}, (True, 0, 0, 1)),
    ],
)
def test_deliveries_that_wait_too_long_are_counted(now, fields, expected):
    at = now - timedelta(minutes=fields["minutes"])
    make_delivery(1, [make_paper()], state=fields["state"], not_before=at, claimed_at=at)

    check = health.check_deliveries(now)

    assert tuple(check.values()) == expected


def test_not_ready_while_sending_is_stopped(client, broker):
    Brake.objects.create(pk=1, pulled_at=timezone.now(), reason="535 wrong password")

    body = client.get("/readyz").json()

    assert body["sending"] == {"ok": False, "stopped": "535 wrong password", "blocked": False, "unclosed": []}


def test_not_ready_with_an_edition_that_never_closed(client, broker):
    row = make_delivery(1)
    day = timezone.now().date() - timedelta(days=4)
    Digest.objects.filter(pk=row.digest_id).update(edition=day)

    body = client.get("/readyz").json()

    assert body["sending"] == {"ok": False, "stopped": None, "blocked": False, "unclosed": [day.isoformat()]}


def test_not_ready_while_most_mail_is_refused(client, broker, now):
    for number in range(10):
        make_delivery(number, state=State.FAILED, attempts=1, settled_at=now, not_before=now)

    sending = client.get("/readyz").json()["sending"]

    assert (sending["ok"], sending["blocked"]) == (False, True)
