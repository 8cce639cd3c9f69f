"""What a person may do to the ledger by hand."""

import json
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from subscriptions import braking, operating
from subscriptions.delivery import send_queued
from subscriptions.models import Delivery
from tests.factories import NOW, make_delivery
from tests.mail import ScriptedBackend

pytestmark = pytest.mark.django_db

State = Delivery.State


@pytest.fixture
def operator():
    return User.objects.create(username="operator", is_staff=True)


def make(state, number=1, **fields):
    return make_delivery(number, state=state, **fields)


def history():
    rows = LogEntry.objects.order_by("pk").values_list("user__username", "object_repr", "change_message")
    return [(name, row, json.loads(message)[0]["note"]) for name, row, message in rows]


def test_unknown_is_sent_again_once_whoever_asks(settings, operator):
    settings.EMAIL_BACKEND = "tests.mail.ScriptedBackend"
    ScriptedBackend.reset()
    row = make(State.UNKNOWN, attempts=1)

    done = [operating.resend([row.pk], operator, NOW), operating.resend([row.pk], operator, NOW)]
    send_queued(lambda: NOW)

    assert done == [1, 0]
    assert [message.to for message in ScriptedBackend.accepted] == [["reader1@example.org"]]
    assert history() == [("operator", row.key, "sent again by hand; the reader may get it twice")]


@pytest.mark.parametrize("state", [state for state in State if state != State.UNKNOWN])
def test_only_what_is_in_doubt_can_be_sent_again_or_marked(operator, state):
    row = make(state)

    done = [operating.resend([row.pk], operator, NOW), operating.mark_accepted([row.pk], operator, NOW)]

    row.refresh_from_db()
    assert (done, row.state, history()) == ([0, 0], state, [])


def test_unknown_is_marked_as_accepted(operator):
    row = make(State.UNKNOWN)

    operating.mark_accepted([row.pk], operator, NOW)

    row.refresh_from_db()
    assert (row.state, row.settled_at, row.reason) == ("accepted", NOW, "marked as accepted by hand")
    assert history() == [("operator", row.key, "marked as accepted by hand")]


@pytest.mark.parametrize(
    ("state", "after"),
    [(State.QUEUED, "cancelled"), (State.UNKNOWN, "cancelled"), (State.SENDING, "sending"), (State.FAILED, "failed")],
)
def test_cancel_takes_what_is_not_under_way(operator, state, after):
    row = make(state)

    operating.cancel([row.pk], operator, NOW)

    row.refresh_from_db()
    assert row.state == after


def test_edition_told_to_go_now_goes_once(operator):
    waiting = make(State.QUEUED, not_before=NOW + timedelta(hours=1))
    make(State.ACCEPTED, 2, not_before=NOW + timedelta(hours=1))

    done = [operating.send_now(NOW.date(), operator, NOW), operating.send_now(NOW.date(), operator, NOW)]

    waiting.refresh_from_db()
    assert (done, waiting.not_before) == ([1, 0], NOW)
    assert history() == [("operator", waiting.key, "edition 2026-08-12 was told to go now")]


def test_sending_is_stopped_and_goes_on_again(operator):
    done = [
        operating.stop_sending(operator, "a wrong paper", NOW),
        operating.stop_sending(operator, "a wrong paper", NOW),
        braking.is_pulled(),
        operating.go_on_sending(operator),
        operating.go_on_sending(operator),
        braking.is_pulled(),
    ]

    assert done == [True, False, True, True, False, False]
    assert [message for _, _, message in history()] == ["stopped sending: a wrong paper", "sending goes on"]
