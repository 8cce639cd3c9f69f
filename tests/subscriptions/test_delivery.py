"""From a queued row to the provider's word, whatever happens in between."""

import smtplib
from collections import Counter
from datetime import timedelta

import pytest
import requests
from anymail.exceptions import AnymailRequestsAPIError
from django.db import OperationalError, connection

from subscriptions import braking, delivery, links, pacing, settling
from subscriptions.delivery import claim, send_queued, sweep
from subscriptions.models import Brake, Delivery, Digest, Lane, Subscriber, Suppression, Token
from tests.factories import NOW, make_delivery, make_paper
from tests.mail import ScriptedBackend

pytestmark = pytest.mark.django_db


class Died(BaseException):
    """What kill -9 looks like from inside: nobody catches it."""


@pytest.fixture(autouse=True)
def provider(settings):
    settings.EMAIL_BACKEND = "tests.mail.ScriptedBackend"
    ScriptedBackend.reset()
    return ScriptedBackend


def send(at=NOW) -> Counter[str]:
    return send_queued(lambda: at)


def states() -> list[tuple[str, int]]:
    return list(Delivery.objects.order_by("pk").values_list("state", "attempts"))


def recipients() -> list[str]:
    return [message.to[0] for message in ScriptedBackend.accepted]


def test_queued_digests_are_sent_and_settled():
    make_delivery(1)
    make_delivery(2)

    totals = send()

    assert totals == {"accepted": 2}
    assert recipients() == ["reader1@example.org", "reader2@example.org"]
    row = Delivery.objects.earliest("pk")
    assert (row.state, row.attempts, row.settled_at, row.reason) == ("accepted", 1, NOW, "")


def test_sending_twice_sends_once():
    make_delivery(1)

    totals = [send(), send()]

    assert totals == [{"accepted": 1}, {}]
    assert recipients() == ["reader1@example.org"]


def test_row_waits_for_its_time():
    make_delivery(1, not_before=NOW + timedelta(minutes=1))

    assert [send(), send(NOW + timedelta(minutes=1))] == [{}, {"accepted": 1}]


def test_more_than_one_window_is_sent(settings):
    settings.SEND_WINDOW = 2
    for number in range(1, 6):
        make_delivery(number)

    assert send() == {"accepted": 5}
    assert len(set(recipients())) == 5


def test_refused_message_fails_alone():
    make_delivery(1)
    make_delivery(2)
    ScriptedBackend.answers["reader1@example.org"] = smtplib.SMTPDataError(550, b"no such mailbox")

    totals = send()

    assert totals == {"failed": 1, "accepted": 1}
    assert states() == [("failed", 1), ("accepted", 1)]
    assert Delivery.objects.earliest("pk").reason == "550 no such mailbox"


def test_message_not_accepted_is_tried_again_later_with_the_same_id():
    row = make_delivery(1)
    seen = []

    def busy(message):
        seen.append(message.message()["Message-ID"])
        raise smtplib.SMTPDataError(451, b"busy")

    ScriptedBackend.answers["reader1@example.org"] = busy
    send()
    row.refresh_from_db()
    wait = row.not_before - NOW
    ScriptedBackend.answers.clear()

    totals = [send(NOW + timedelta(seconds=59)), send(NOW + wait)]

    assert timedelta(minutes=1) <= wait <= timedelta(minutes=1.5)
    assert totals == [{}, {"accepted": 1}]
    assert states() == [("accepted", 2)]
    assert [message.message()["Message-ID"] for message in ScriptedBackend.accepted] == seen


def test_message_never_accepted_fails_after_five_attempts():
    row = make_delivery(1)
    ScriptedBackend.answers["reader1@example.org"] = smtplib.SMTPDataError(451, b"busy")

    for _ in range(7):
        row.refresh_from_db()
        send(row.not_before)

    assert states() == [("failed", 5)]
    assert len(ScriptedBackend.calls) == 5
    row.refresh_from_db()
    assert row.reason == "not accepted 5 times: 451 busy"


def test_unknown_outcome_is_never_sent_again():
    make_delivery(1)
    ScriptedBackend.answers["reader1@example.org"] = smtplib.SMTPServerDisconnected("gone")

    totals = [send(), send(NOW + timedelta(hours=1))]
    sweep(NOW + timedelta(days=1))

    assert totals == [{"unknown": 1}, {}]
    assert states() == [("unknown", 1)]
    assert ScriptedBackend.calls == ["reader1@example.org"]


@pytest.fixture
def keyed(settings):
    """A provider that remembers a message's key for 23 hours."""
    settings.ANYMAIL_PROVIDER = "resend"


GONE = smtplib.SMTPServerDisconnected("gone")


def test_unknown_outcome_is_repeated_while_the_provider_knows_its_key(keyed):
    make_delivery(1)
    ScriptedBackend.answers["reader1@example.org"] = GONE
    first = send()
    ScriptedBackend.answers.clear()

    assert [first, send(NOW + timedelta(minutes=1))] == [{"queued": 1}, {"accepted": 1}]
    assert Delivery.objects.get().in_doubt is False


@pytest.mark.parametrize(
    "answer", [GONE, smtplib.SMTPDataError(550, b"no"), smtplib.SMTPDataError(451, b"later")], ids=str
)
def test_message_in_doubt_never_ends_as_if_it_had_not_been_sent(keyed, answer):
    row = make_delivery(1)
    ScriptedBackend.answers["reader1@example.org"] = GONE
    send()
    ScriptedBackend.answers["reader1@example.org"] = answer

    for _ in range(6):
        row.refresh_from_db()
        send(row.not_before)

    row.refresh_from_db()
    assert row.state == "unknown"


def test_message_in_doubt_whose_key_has_ended_is_not_sent_again(keyed):
    row = make_delivery(1, first_sent_at=NOW - timedelta(hours=24), in_doubt=True, attempts=1)

    totals = send()

    row.refresh_from_db()
    assert (totals, ScriptedBackend.calls) == ({"unknown": 1}, [])
    assert row.reason == "an earlier attempt is in doubt, and the provider's memory of it has ended"


def test_message_in_doubt_of_a_reader_who_left_stays_in_doubt(keyed):
    row = make_delivery(1, first_sent_at=NOW - timedelta(hours=1), in_doubt=True, attempts=1)
    Subscriber.objects.update(status=Subscriber.Status.LEFT)

    assert (send(), ScriptedBackend.calls) == ({"unknown": 1}, [])
    row.refresh_from_db()
    assert row.reason == "the reader left"


def test_worker_that_dies_while_sending_with_a_key_is_taken_over(keyed):
    make_delivery(1)
    ScriptedBackend.answers["reader1@example.org"] = Died()
    with pytest.raises(Died):
        send()
    ScriptedBackend.answers.clear()
    later = NOW + timedelta(minutes=31)

    assert [sweep(later), send(later)] == [{"queued": 1, "unknown": 0}, {"accepted": 1}]


def test_wrong_credentials_stop_the_run_after_one_call():
    for number in range(1, 4):
        make_delivery(number)
    ScriptedBackend.answers["reader1@example.org"] = smtplib.SMTPSenderRefused(530, b"log in first", "x")

    send()

    assert ScriptedBackend.calls == ["reader1@example.org"]
    assert states() == [("queued", 0)] * 3
    assert {row.not_before for row in Delivery.objects.all()} == {NOW + timedelta(minutes=1)}
    assert Delivery.objects.earliest("pk").reason == "530 log in first"


def test_third_refusal_of_our_credentials_pulls_the_brake():
    make_delivery(1)
    ScriptedBackend.answers["reader1@example.org"] = smtplib.SMTPSenderRefused(530, b"log in first", "x")

    for minutes in range(5):
        send(NOW + timedelta(minutes=minutes))
    pulled = Brake.objects.get()
    ScriptedBackend.answers.clear()
    while_pulled = send(NOW + timedelta(minutes=6))
    braking.release()

    assert len(ScriptedBackend.calls) == 3
    assert (pulled.pulled_at, pulled.reason) == (NOW + timedelta(minutes=2), "530 log in first")
    assert while_pulled == {}
    assert send(NOW + timedelta(minutes=6)) == {"accepted": 1}
    assert states() == [("accepted", 1)]


def test_success_between_refusals_keeps_the_brake_off():
    for number in range(1, 4):
        make_delivery(number, not_before=NOW + timedelta(minutes=number))
    wrong = smtplib.SMTPSenderRefused(530, b"log in first", "x")

    for minute, answer in enumerate((wrong, None, wrong, wrong), 1):
        ScriptedBackend.answers = dict.fromkeys((f"reader{number}@example.org" for number in range(1, 4)), answer)
        send(NOW + timedelta(minutes=minute))

    brake = Brake.objects.get()
    assert (brake.refusals, brake.pulled_at) == (2, None)


def test_slow_down_reply_paces_that_domain():
    make_delivery(1)
    ScriptedBackend.answers["reader1@example.org"] = smtplib.SMTPDataError(451, b"too fast")

    send()

    assert list(Lane.objects.exclude(domain="").values_list("domain", "slow_until")) == [
        ("example.org", NOW + timedelta(hours=1))
    ]


def test_messages_leave_in_their_turn(settings):
    settings.MAIL_PER_SECOND = 4
    for number in range(1, 4):
        make_delivery(number)
    slept = []

    send_queued(lambda: NOW, slept.append)

    assert slept == [0.25, 0.5]
    assert len(recipients()) == 3


def test_clock_that_steps_back_puts_no_worker_to_sleep():
    make_delivery(1)
    moments, slept = iter([NOW] * 5), []

    totals = send_queued(lambda: next(moments, NOW - timedelta(hours=1)), slept.append)

    assert totals == {"accepted": 1}
    assert slept == []


def test_message_whose_turn_is_far_off_waits_in_the_queue():
    row = make_delivery(1)
    pacing.hold_all(NOW + timedelta(minutes=2))

    totals = [send(), send(NOW + timedelta(minutes=2))]

    assert totals == [{"queued": 1}, {"accepted": 1}]
    row.refresh_from_db()
    assert (row.attempts, row.first_sent_at) == (1, NOW + timedelta(minutes=2))


def test_run_that_is_told_to_stop_ends_after_the_message_it_is_at():
    for number in range(1, 4):
        make_delivery(number)

    totals = send_queued(lambda: NOW, is_stopping=lambda: len(recipients()) == 1)

    assert totals == {"accepted": 1, "queued": 2}
    assert states() == [("accepted", 1), ("queued", 0), ("queued", 0)]
    assert send() == {"accepted": 2}


def test_run_of_slow_messages_ends_within_its_time(monkeypatch):
    for number in range(1, 4):
        make_delivery(number)
    seconds = iter([0.0, 0.0, delivery.RUN_SECONDS - 1, delivery.RUN_SECONDS, delivery.RUN_SECONDS])
    monkeypatch.setattr(delivery.time, "monotonic", lambda: next(seconds, delivery.RUN_SECONDS))

    totals = send()

    assert totals == {"accepted": 1, "queued": 2}
    assert recipients() == ["reader1@example.org"]


def test_unreachable_server_costs_no_attempt(settings):
    settings.SEND_WINDOW = 2
    for number in range(1, 4):
        make_delivery(number)
    ScriptedBackend.refuse_to_open = ConnectionRefusedError(111, "Connection refused")

    totals = send()
    ScriptedBackend.refuse_to_open = None

    assert totals == {"queued": 2}
    assert states() == [("queued", 0)] * 3
    assert send(NOW + timedelta(minutes=5)) == {"accepted": 3}


def test_provider_that_has_too_much_is_left_alone_and_costs_no_attempt():
    for number in range(1, 4):
        make_delivery(number)
    response = requests.Response()
    response.status_code, response.headers["Retry-After"] = 429, "30"
    busy = AnymailRequestsAPIError(response=response)
    ScriptedBackend.answers = dict.fromkeys((f"reader{number}@example.org" for number in range(1, 4)), busy)

    for minutes in range(0, 60, 2):
        send(NOW + timedelta(minutes=minutes))
        send(NOW + timedelta(minutes=minutes, seconds=20))
    waiting = states()
    ScriptedBackend.answers.clear()

    assert len(ScriptedBackend.calls) == 30
    assert waiting == [("queued", 0)] * 3
    assert send(NOW + timedelta(hours=1)) == {"accepted": 3}


def test_reader_who_left_gets_nothing():
    row = make_delivery(1)
    Subscriber.objects.update(status=Subscriber.Status.LEFT)

    assert send() == {"cancelled": 1}
    assert recipients() == []
    row.refresh_from_db()
    assert row.reason == "the reader left"


def test_suppressed_address_gets_nothing():
    row = make_delivery(1)
    Suppression.objects.create(address_hmac=links.address_hmac("Reader1@example.org"), reason="bounce")

    assert send() == {"cancelled": 1}
    assert recipients() == []
    row.refresh_from_db()
    assert row.reason == "the address is on the suppression list"


def test_reader_who_leaves_while_the_window_is_sent_is_not_fenced(settings):
    make_delivery(1)
    make_delivery(2)
    settings.SEND_WINDOW = 1

    def leave(_):
        Subscriber.objects.filter(email="reader2@example.org").update(status=Subscriber.Status.LEFT)

    ScriptedBackend.answers["reader1@example.org"] = leave

    assert send() == {"accepted": 1, "cancelled": 1}
    assert recipients() == ["reader1@example.org"]


def test_digest_too_late_is_cancelled_and_gives_its_papers_back():
    row = make_delivery(1)
    Subscriber.objects.update(cutoff_at=NOW)

    totals = send(NOW + timedelta(hours=13))

    assert totals == {"cancelled": 1}
    assert recipients() == []
    digest, reader = Digest.objects.get(), Subscriber.objects.get()
    assert digest.outcome == Digest.Outcome.LATE
    assert digest.reason == "not sent within 12 hours; its papers come with the next digest"
    assert reader.cutoff_at == row.digest.window_start


def test_row_that_cannot_be_rendered_fails_alone():
    make_delivery(1)
    make_delivery(2)
    Subscriber.objects.filter(email="reader1@example.org").update(email="two, addresses@example.org")

    totals = send()

    assert totals == {"failed": 1, "accepted": 1}
    assert recipients() == ["reader2@example.org"]


def test_row_that_lacks_its_link_says_so():
    row = make_delivery(1)
    Token.objects.filter(purpose=Token.Purpose.UNSUBSCRIBE).delete()

    send()

    row.refresh_from_db()
    assert (row.state, row.reason) == (
        "failed",
        "could not be rendered: the reader has no token to unsubscribe with, and no digest may leave without it",
    )


def test_worker_that_dies_after_claiming_loses_nothing():
    make_delivery(1)
    claim(NOW, 10)

    early = [send(NOW + timedelta(minutes=1)), sweep(NOW + timedelta(minutes=29))]
    late = [sweep(NOW + timedelta(minutes=31)), send(NOW + timedelta(minutes=31))]

    assert early == [{}, {"queued": 0, "unknown": 0}]
    assert late == [{"queued": 1, "unknown": 0}, {"accepted": 1}]


def test_worker_that_dies_while_sending_leaves_its_window_unknown(settings):
    settings.SEND_WINDOW = 2
    for number in range(1, 4):
        make_delivery(number)
    ScriptedBackend.answers["reader2@example.org"] = Died()

    with pytest.raises(Died):
        send()
    swept = sweep(NOW + timedelta(minutes=31))

    assert swept == {"queued": 0, "unknown": 2}
    assert send(NOW + timedelta(minutes=31)) == {"accepted": 1}
    assert recipients() == ["reader1@example.org", "reader3@example.org"]
    assert states() == [("unknown", 1), ("unknown", 1), ("accepted", 1)]


def test_two_workers_never_hold_the_same_row():
    for number in range(1, 6):
        make_delivery(number)

    first, second = claim(NOW, 3), claim(NOW, 3)

    assert ([row.key[-1] for row in first], [row.key[-1] for row in second]) == (["1", "2", "3"], ["4", "5"])


def test_sweep_leaves_rows_of_another_state_alone():
    for number, state in enumerate(Delivery.State.values, 1):
        make_delivery(number, state=state, claimed_at=NOW - timedelta(days=1))

    sweep(NOW)

    assert dict(Delivery.objects.values_list("key", "state")) == {
        f"digest-{number:016}": {"claimed": "queued", "sending": "unknown"}.get(state, state)
        for number, state in enumerate(Delivery.State.values, 1)
    }


def lose_database(monkeypatch, times):
    """Let the next writes of a window's outcome fail; what was slept between them."""
    write, failures = settling._write, [OperationalError("server closed the connection")] * times

    def flaky(*args):
        if failures:
            raise failures.pop()
        write(*args)

    monkeypatch.setattr(settling, "_write", flaky)
    monkeypatch.setattr(connection, "close", lambda: None)  # the test's own transaction lives on it
    return []


def test_settling_waits_for_a_database_that_is_away(monkeypatch):
    make_delivery(1)
    slept = lose_database(monkeypatch, times=3)

    totals = send_queued(lambda: NOW, slept.append)

    assert totals == {"accepted": 1}
    assert states() == [("accepted", 1)]
    assert slept == [0.0, 1.0, 2.0]


def test_settling_gives_up_on_a_database_that_stays_away(monkeypatch):
    make_delivery(1)
    slept = lose_database(monkeypatch, times=7)

    with pytest.raises(OperationalError):
        send_queued(lambda: NOW, slept.append)

    assert states() == [("sending", 1)]
    assert slept == list(settling.PAUSES)


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_on_the_wire():
    make_paper()
    make_delivery(1)
    seen = []
    ScriptedBackend.answers["reader1@example.org"] = lambda _: seen.append(
        (connection.in_atomic_block, Delivery.objects.get().state)
    )

    send()

    assert seen == [(False, "sending")]
