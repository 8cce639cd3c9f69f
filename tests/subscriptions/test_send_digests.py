import smtplib
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from subscriptions import braking
from subscriptions.models import Delivery, Digest, Subscriber
from tests.factories import NOW, make_delivery, make_interest, make_paper, make_subscriber
from tests.mail import ScriptedBackend

pytestmark = pytest.mark.django_db

AT = NOW.isoformat()


@pytest.fixture(autouse=True)
def provider(settings):
    settings.EMAIL_BACKEND = "tests.mail.ScriptedBackend"
    ScriptedBackend.reset()
    return ScriptedBackend


def run(*args):
    out = StringIO()
    call_command("send_digests", *args, stdout=out)
    return out.getvalue().splitlines()


def make_reader(number, text, **fields):
    reader = make_subscriber(number, **fields)
    make_interest(reader, text)
    return reader.pk


def test_send_digests_composes_and_sends_and_says_who_got_what():
    one, two, three = make_reader(1, "grokking"), make_reader(2, "robots"), make_reader(3, "circuit", max_papers=1)
    make_paper(1)
    make_paper(2)
    none = "2 new papers came in, but none matches your interests."

    lines = run("--at", AT)

    assert lines == [
        f"subscriber {one}: 2 papers of 2 that match, edition 2026-08-12",
        f"subscriber {two}: nothing to send, edition 2026-08-12: {none}",
        f"subscriber {three}: 1 paper of 2 that match, edition 2026-08-12",
        f"subscriber {one}: digest accepted",
        f"subscriber {three}: digest accepted",
        "Composed: 1 empty, 2 queued; sent: 2 accepted.",
    ]
    assert sorted(message.to[0] for message in ScriptedBackend.accepted) == [
        "reader1@example.org",
        "reader3@example.org",
    ]


def test_send_digests_again_sends_nothing_twice_and_says_so():
    make_reader(1, "grokking")
    make_paper()
    run("--at", AT)

    assert run("--at", AT) == ["Nobody was due; nothing was waiting to be sent."]
    assert len(ScriptedBackend.accepted) == 1


def test_send_digests_dry_run_writes_nothing():
    reader = make_reader(1, "grokking", wants_quiet_note=True)
    make_paper()
    make_delivery(2, subscriber=make_subscriber(2, next_digest_at=None))

    lines = run("--at", AT, "--dry-run")

    assert lines[0] == f"subscriber {reader}: 1 paper of 1 that match, edition 2026-08-12"
    assert lines[-1] == "Composed: 1 queued; 1 waiting to be sent. Nothing was written."
    assert (Digest.objects.count(), ScriptedBackend.accepted) == (1, [])
    assert list(Delivery.objects.values_list("state", flat=True)) == ["queued"]


def test_send_digests_fails_when_a_message_does():
    ScriptedBackend.answers["reader1@example.org"] = smtplib.SMTPRecipientsRefused(
        {"reader1@example.org": (550, b"no such user")}
    )
    make_reader(1, "grokking")
    make_paper()

    with pytest.raises(CommandError, match="Not everything went well"):
        run("--at", AT)

    assert Delivery.objects.get().state == "failed"


def test_send_digests_fails_when_a_reader_could_not_be_composed():
    make_reader(1, "grokking", hour=77)

    with pytest.raises(CommandError, match="Not everything went well"):
        run("--at", AT)

    assert Subscriber.objects.due(NOW).count() == 0


def test_send_digests_fails_when_nobody_can_be_composed():
    for number in range(20):
        make_reader(number, "grokking", hour=77)

    with pytest.raises(CommandError, match="Composing stopped: 20 readers in a row failed"):
        run("--at", AT)


def test_send_digests_stops_when_the_provider_is_down():
    ScriptedBackend.refuse_to_open = ConnectionRefusedError("refused")
    for number in range(25):
        make_reader(number, "grokking")
    make_paper()

    lines = run("--at", AT)

    assert lines[-1] == "Composed: 25 queued; sent: 10 queued."
    assert set(Delivery.objects.values_list("state", flat=True)) == {"queued"}


def test_send_digests_says_that_sending_is_stopped():
    make_reader(1, "grokking")
    make_paper()
    braking.pull("535 no", NOW)
    why = "Sending is stopped: 535 no. Release the brake in the admin."

    with pytest.raises(CommandError) as stopped:
        run("--at", AT)

    assert str(stopped.value) == f"Composed: 1 queued; 1 waiting to be sent. {why}"
    assert run("--at", AT, "--dry-run") == [f"Nobody was due; 1 waiting to be sent. Nothing was written. {why}"]
    assert (ScriptedBackend.accepted, Delivery.objects.get().state) == ([], "queued")


def test_send_digests_sends_what_others_queued():
    reader = make_delivery(1).subscriber_id
    Subscriber.objects.update(next_digest_at=None)

    lines = run("--at", AT)

    assert lines == [f"subscriber {reader}: digest accepted", "Nobody was due; sent: 1 accepted."]


def test_send_digests_never_prints_an_address():
    make_reader(1, "grokking")
    make_reader(2, "robots", hour=77)
    make_paper()
    out = StringIO()

    with pytest.raises(CommandError) as error:
        call_command("send_digests", "--at", AT, stdout=out)

    assert out.getvalue()
    assert "@" not in out.getvalue() + str(error.value)


@pytest.mark.parametrize("at", ["yesterday", "2026-13-45T07:00", ""])
def test_send_digests_bad_moment(at):
    with pytest.raises(CommandError, match="is no moment: write for example --at 2026-05-04T07:00"):
        run("--at", at)


def test_send_digests_reads_a_moment_without_zone_as_utc():
    make_reader(1, "grokking")

    assert run("--at", "2026-08-12T06:59:59") == ["Nobody was due; nothing was waiting to be sent."]
