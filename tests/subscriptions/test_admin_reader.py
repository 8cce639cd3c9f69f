"""One reader's page, and what an operator may do for them there."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.test import Client
from django.urls import reverse

from digest_site.audit import values, words
from subscriptions import braking, consent, links, recent
from subscriptions.models import Delivery, DeliveryEvent, Subscriber, Suppression
from subscriptions.queueing import is_suppressed
from tests.digest_site.test_roles import client_of
from tests.factories import NOW, make_delivery, make_interest, make_paper, make_subscriber
from tests.readers import dump, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture(autouse=True)
def _fresh_index():
    recent.forget()
    yield
    recent.forget()


def page(client: Client, reader: Subscriber):
    return client.get(reverse("admin:subscriptions_subscriber_change", args=[reader.pk]))


def address(reader: Subscriber, name: str) -> str:
    return reverse("admin:subscriptions_subscriber_act", args=[reader.pk, name])


def act(client: Client, reader: Subscriber, name: str) -> list[str]:
    response = client.post(address(reader, name), follow=True)
    return [str(message) for message in response.context["messages"]]


def entered() -> list[tuple[str, dict, dict]]:
    return [(words(row), values(row, "before"), values(row, "after")) for row in LogEntry.objects.order_by("pk")]


def test_page_shows_a_readers_whole_story(admin_client):
    papers = [make_paper(number, first_seen_at=NOW - timedelta(days=number)) for number in (1, 2, 40)]
    delivery = make_delivery(1, papers, state="accepted", settled_at=NOW)
    reader = delivery.subscriber
    for text in ("grokking", "no such thing"):
        make_interest(reader, text)
    make_interest(reader, "circuit", is_muted=True)
    shown = consent.Shown(form="sign-up form", text="sign-up-1")
    consent.record(consent.Kind.CONFIRMED, reader, NOW, shown, source="Fair", evidence="Form 7")
    sealed = links.address_hmac(reader.email)
    DeliveryEvent.objects.create(
        fingerprint="1", address_hmac=sealed, kind="bounced", provider="x", at=NOW, detail="550"
    )
    Suppression.objects.create(address_hmac=sealed, reason="bounce", at=NOW)

    text = text_of(page(admin_client, reader))

    assert "grokking 2 grokking no such thing 0 no such thing muted circuit 2 circuit" in text
    assert "2026-08-12 3 papers of 20 accepted 2026-08-12 07:00" in text
    assert "2026-08-12 07:00 bounced, for good (x) 550" in text
    assert "confirmed sign-up form · sign-up-1 Fair: Form 7" in text
    assert "on the suppression list since Aug. 12, 2026: address does not work" in text


def test_page_says_what_is_wrong_with_an_interest(admin_client):
    reader = make_subscriber()
    make_interest(reader, "(open AND")

    assert "(open AND – " in text_of(page(admin_client, reader))


@pytest.mark.parametrize("name", ["copy", "pause", "resume", "unsubscribe", "suppress", "erase"])
def test_asking_first_changes_nothing(admin_client, name):
    reader = make_subscriber()
    before = dump()

    asked = admin_client.get(address(reader, name))

    after = dump()
    assert asked.status_code == 200
    assert {label for label in after if after[label] != before[label]} <= {"sessions.Session"}


def test_unknown_act_is_not_found(admin_client):
    assert admin_client.post(address(make_subscriber(), "promote")).status_code == 404


def test_pause_and_resume(admin_client):
    reader = make_subscriber()

    said = [act(admin_client, reader, name) for name in ("pause", "pause", "resume", "resume")]

    assert said == [
        ["Paused. The reader can go on at any time on their preferences page."],
        ["Nothing to pause: no digests are on their way to this reader."],
        ["Digests go on."],
        ["This reader is not paused."],
    ]
    paused = {"paused_until": "9999-12-31", "next_digest_at": None}
    assert [note for note, _, _ in entered()] == ["Pause", "Resume"]
    assert (entered()[0][2], entered()[1][1]) == (paused, paused)


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, {"copy", "pause", "unsubscribe", "suppress", "erase"}),
        ({"paused_until": NOW.date()}, {"copy", "resume", "unsubscribe", "suppress", "erase"}),
        ({"status": "left", "next_digest_at": None}, {"copy", "suppress", "erase"}),
    ],
)
def test_buttons_are_those_that_apply(admin_client, fields, shown):
    reader = make_subscriber(1, **fields)

    assert {name for name, _ in page(admin_client, reader).context["acts"]} == shown


def test_suppressing_ends_the_subscription_and_all_mail(admin_client):
    delivery = make_delivery()
    reader = delivery.subscriber

    said = act(admin_client, reader, "suppress")

    reader.refresh_from_db()
    delivery.refresh_from_db()
    assert said == ["The address is on the suppression list and gets no more mail of any kind."]
    assert (reader.status, delivery.state, is_suppressed(reader.email)) == ("left", Delivery.State.CANCELLED, True)
    ((note, before, after),) = entered()
    assert (note, before["status"], after["status"]) == ("Suppress", "active", "left")


def test_s30_erasing_leaves_the_address_nowhere(admin_client):
    reader = make_delivery(7).subscriber
    Subscriber.objects.filter(pk=reader.pk).update(
        email="Unique.Person@example.org", email_key="unique.person@example.org"
    )
    make_interest(reader, "a very private interest")
    page(admin_client, reader)
    act(admin_client, reader, "pause")
    fields = {
        "frequency": "daily",
        "weekday": "0",
        "hour": "9",
        "zone": "UTC",
        "max_papers": "10",
        "language": "de",
        "keywords": "secret wish",
    }
    admin_client.post(reverse("admin:subscriptions_subscriber_change", args=[reader.pk]), fields)

    said = act(admin_client, reader, "erase")

    rest = str(dump()).lower()
    assert said[-1] == "Everything about this reader is deleted."
    assert not Subscriber.objects.filter(pk=reader.pk).exists()
    for private in ("unique.person", "private interest", "secret wish"):
        assert private not in rest
    note, before, after = entered()[-1]
    assert (note, before["status"], after["status"]) == ("Erase", "active", "erased")
    assert entered()[-2][0].startswith("Changed")


def test_copy_goes_to_the_operator_and_is_entered(admin_client):
    make_paper()
    reader = make_subscriber()

    said = act(admin_client, reader, "copy")

    assert said == ["A copy of the next digest was sent to you."]
    assert [message.to for message in mail.outbox] == [["admin@example.com"]]
    assert entered() == [("Send a test copy to me", {}, {})]
    assert not Delivery.objects.exists()


def test_copy_obeys_the_brake_and_the_suppression_list(admin_client):
    reader = make_subscriber()
    braking.pull("by hand", NOW)
    stopped = act(admin_client, reader, "copy")
    braking.release()
    Suppression.objects.create(address_hmac=links.address_hmac("admin@example.com"), reason="bounce")
    suppressed = act(admin_client, reader, "copy")

    assert stopped == ["The copy was not sent: sending is stopped: see Brakes."]
    assert suppressed == ["The copy was not sent: your own address is on the suppression list."]
    assert (mail.outbox, entered()) == ([], [])


def test_s29_everything_about_a_reader_is_one_file(admin_client):
    reader = make_delivery().subscriber

    answer = admin_client.post(reverse("admin:subscriptions_subscriber_export_one", args=[reader.pk]))

    assert answer["Content-Disposition"] == f'attachment; filename="reader-{reader.pk}.json"'
    assert answer.json()["reader"]["email"] == reader.email
    assert [note for note, _, _ in entered()] == ["Exported everything about this reader."]


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        ("Administrator", [200, 200, 200]),
        ("Support", [200, 200, 403]),
        ("Auditor", [403, 403, 403]),
        ("Editor", [403] * 3),
    ],
)
def test_acts_belong_to_roles(role, statuses):
    client, reader = client_of(role), make_subscriber()

    found = [
        client.get(address(reader, "pause")).status_code,
        client.get(address(reader, "erase")).status_code,
        client.post(reverse("admin:subscriptions_subscriber_export_one", args=[reader.pk])).status_code,
    ]

    assert found == statuses
    assert page(client, reader).status_code == (403 if role == "Editor" else 200)


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("Ada@Example.org", ["ada@example.org"]),
        (" ada@ ", ["ada@example.org"]),
        ("a", ["ada@example.org", "avery@example.org"]),
        ("example", []),
        ("", ["ada@example.org", "avery@example.org", "bob@example.org"]),
        ("%", []),
        ("9" * 30, []),
    ],
)
def test_readers_are_found_by_how_their_address_begins(admin_client, term, found):
    for number, name in enumerate(("ada", "avery", "bob")):
        make_subscriber(number, email=f"{name}@example.org")

    rows = admin_client.get(reverse("admin:subscriptions_subscriber_changelist"), {"q": term}).context["cl"].result_list

    assert sorted(row.email for row in rows) == found


def test_reader_is_found_by_number(admin_client):
    reader = make_subscriber()

    rows = admin_client.get(reverse("admin:subscriptions_subscriber_changelist"), {"q": str(reader.pk)})

    assert [row.pk for row in rows.context["cl"].result_list] == [reader.pk]
