"""A database that is another one than before: nothing is sent twice for what its lost commits held."""

import io
from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from subscriptions import braking, continuity, operating
from subscriptions.delivery import send_queued
from subscriptions.models import Brake, Delivery
from tests.factories import NOW, make_delivery, make_digest, make_paper, make_subscriber
from tests.mail import ScriptedBackend

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _provider(settings):
    settings.EMAIL_BACKEND = "tests.mail.ScriptedBackend"
    ScriptedBackend.reset()


@pytest.fixture
def database(monkeypatch):
    """Which history the database is of; a test changes it."""
    epoch = ["1/00000001"]
    monkeypatch.setattr(continuity, "_epoch", lambda: epoch[0])
    return epoch


def send(at=NOW) -> Counter[str]:
    return send_queued(lambda: at)


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def replace(database) -> None:
    """A failover that a worker notices at NOW."""
    send(NOW - timedelta(hours=1))
    database[0] = "1/00000002"
    assert send() == {}


def test_database_tells_which_it_is_where_it_can():
    epoch = continuity._epoch()

    assert (epoch == "") is (connection.vendor == "sqlite")
    assert epoch == continuity._epoch()


def test_first_look_and_the_same_database_stop_nothing(database):
    make_delivery(1)

    assert send() == {"accepted": 1}
    assert continuity.watch(LATER) is None
    assert (Brake.objects.get().epoch, braking.is_pulled()) == ("1/00000001", False)


def test_other_database_stops_sending_and_doubts_what_waits(database):
    make_delivery(1)
    make_delivery(2, state="accepted")
    make_delivery(3, state="claimed", claimed_at=NOW)

    replace(database)

    brake = Brake.objects.get()
    assert (brake.pulled_at, brake.replaced_at, brake.reason) == (NOW, NOW, continuity.REASON)
    assert ScriptedBackend.calls == []
    assert list(Delivery.objects.order_by("pk").values_list("state", "in_doubt", "first_sent_at")) == [
        ("queued", True, NOW),
        ("accepted", False, None),
        ("claimed", True, NOW),
    ]


@pytest.mark.parametrize(("provider", "state"), [("none", "unknown"), ("postmark", "unknown"), ("resend", "accepted")])
def test_what_is_in_doubt_is_repeated_only_under_a_key(database, settings, provider, state):
    settings.ANYMAIL_PROVIDER = provider
    make_delivery(1)
    replace(database)

    braking.release()

    assert send(LATER) == {state: 1}
    assert len(ScriptedBackend.calls) == (state == "accepted")


def test_digest_composed_again_is_in_doubt_and_a_later_one_is_not(database):
    replace(database)
    braking.release()
    make_delivery(1, created_at=LATER)
    reader = make_subscriber(2)
    digest = make_digest(reader, [make_paper(2)], due_at=NOW + timedelta(seconds=1), edition=LATER.date())
    Delivery.objects.create(
        subscriber=reader, digest=digest, key="digest-later", kind="digest", not_before=NOW, created_at=LATER
    )

    send(LATER)

    assert states() == ["unknown", "accepted"]


def test_digest_composed_again_stays_in_doubt_when_it_is_given_back(database):
    replace(database)
    braking.release()
    make_delivery(1, created_at=LATER)
    ScriptedBackend.refuse_to_open = ConnectionRefusedError()
    send(LATER)
    ScriptedBackend.refuse_to_open = None

    send(LATER + timedelta(minutes=5))

    assert (states(), ScriptedBackend.calls) == (["unknown"], [])


def test_person_may_send_again_what_was_in_doubt(database):
    operator = User.objects.create_superuser("operator")
    row = make_delivery(1)
    replace(database)
    braking.release()
    send(LATER)

    operating.resend([row.pk], operator, LATER)

    assert send(LATER) == {"accepted": 1}


def test_database_that_lost_nothing_is_trusted(database):
    operator = User.objects.create_superuser("operator")
    make_delivery(1)
    replace(database)

    trusted = [operating.trust_database(operator), operating.trust_database(operator)]
    make_delivery(2, created_at=LATER)

    assert trusted == [True, False]
    assert send(LATER) == {"accepted": 2}


def test_person_says_that_the_database_was_restored(monkeypatch):
    """Where the database cannot tell: nothing was sent in its eyes, and all of it is in doubt."""
    monkeypatch.setattr(continuity, "_epoch", lambda: "")
    make_delivery(1)
    make_delivery(2, state="accepted")

    assert continuity.distrust(NOW) == 1

    assert send(LATER) == {}
    assert continuity.watch(LATER) == NOW
    braking.release()
    assert send(LATER) == {"unknown": 1}
    assert ScriptedBackend.calls == []


def test_command_after_a_restore_says_what_comes_next():
    make_delivery(1)
    out = io.StringIO()

    call_command("after_restore", stdout=out)

    assert out.getvalue().startswith("Sending is stopped, and 1 unsent messages are in doubt.\n")
    assert (braking.is_pulled(), Brake.objects.get().reason) == (True, continuity.REASON)
