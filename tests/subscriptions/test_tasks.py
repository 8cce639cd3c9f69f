"""The tasks translate; what they call is tested where it lives."""

from datetime import timedelta

import pytest
import time_machine
from celery.signals import worker_shutting_down

from digest_site.celery import app
from subscriptions import tasks
from subscriptions.delivery import LEASE
from subscriptions.models import Delivery, DeliveryEvent, Subscriber, Token
from tests.factories import NOW, make_delivery, make_paper, make_subscriber
from tests.mail import ScriptedBackend

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_now():
    with time_machine.travel(NOW, tick=False):
        yield


def test_every_scheduled_task_exists():
    app.loader.import_default_modules()

    missing = {entry["task"] for entry in app.conf.beat_schedule.values()} - set(app.tasks)

    assert missing == set()


def test_compose_due_queues_digests(monkeypatch):
    monkeypatch.setattr(tasks, "COMPOSE_LIMIT", 2)
    for number in range(3):
        make_subscriber(number)
    make_paper()

    tasks.compose_due.apply(throw=True)

    assert list(Delivery.objects.values_list("state", "created_at")) == [("queued", NOW)] * 2
    assert Subscriber.objects.due(NOW).count() == 1


def test_send_queued_sends(settings):
    settings.EMAIL_BACKEND = "tests.mail.ScriptedBackend"
    ScriptedBackend.reset()
    make_delivery()

    tasks.send_queued.apply(throw=True)

    assert [message.to for message in ScriptedBackend.accepted] == [["reader1@example.org"]]
    assert Delivery.objects.get().state == "accepted"


def test_send_queued_stops_with_its_worker(settings, monkeypatch):
    settings.EMAIL_BACKEND = "tests.mail.ScriptedBackend"
    ScriptedBackend.reset()
    monkeypatch.setattr(tasks, "_stopping", bytearray(1))
    make_delivery()

    worker_shutting_down.send(sender="worker", sig="SIGTERM", how="Warm", exitcode=0)
    tasks.send_queued.apply(throw=True)

    assert ScriptedBackend.accepted == []
    assert Delivery.objects.get().state == "queued"


def test_sweep_frees_what_a_dead_worker_held():
    row = make_delivery(state=Delivery.State.CLAIMED, claimed_at=NOW - LEASE - timedelta(seconds=1))

    tasks.sweep.apply(throw=True)

    row.refresh_from_db()
    assert row.state == "queued"


def test_clean_up_deletes_expired_tokens():
    reader = make_subscriber()
    Token.objects.filter(subscriber=reader).update(expires_at=NOW - timedelta(days=400))

    tasks.clean_up.apply(throw=True)

    assert not Token.objects.exists()


def test_sweep_looks_for_a_block_list_day():
    for number in range(10):
        make_delivery(number, state=Delivery.State.FAILED, attempts=1, settled_at=NOW)

    tasks.sweep.apply(throw=True)

    assert DeliveryEvent.objects.get().detail.startswith("10 of 10 messages were refused")
