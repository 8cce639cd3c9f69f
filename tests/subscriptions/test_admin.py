"""Operators: they see everything that is theirs to see, and write only what is theirs to write."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from subscriptions import consent, links
from subscriptions.models import (
    Allowance,
    Brake,
    ConsentEvent,
    Delivery,
    DeliveryEvent,
    Edition,
    Feedback,
    Import,
    Lane,
    Subscriber,
    Suppression,
    Token,
)
from subscriptions.preferences import Preferences
from subscriptions.queueing import is_suppressed
from subscriptions.rescheduling import UNTIL_LIFTED
from tests.factories import NOW, make_delivery, make_interest, make_paper, make_subscriber
from tests.operators import enter, make_operator
from tests.readers import dump

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

# Queries of each list, whatever its length.
LISTS = {
    "subscriber": 6,
    "interest": 5,
    "feedback": 5,
    "consentevent": 5,
    "suppression": 6,
    "token": 5,
    "digest": 5,
    "delivery": 5,
    "deliveryevent": 5,
    "edition": 10,
    "lane": 6,
    "brake": 7,
    "allowance": 6,
    "import": 6,
}
READ_ONLY = (
    "interest",
    "feedback",
    "consentevent",
    "token",
    "digest",
    "delivery",
    "deliveryevent",
    "edition",
    "lane",
    "brake",
)
SCHEDULE = {"frequency": "daily", "weekday": "0", "hour": "7", "zone": "UTC", "max_papers": "10", "language": "en"}


@pytest.fixture
def operator(admin_client: Client) -> Client:
    return admin_client


def url(name: str, page: str = "changelist", *args: object) -> str:
    return reverse(f"admin:subscriptions_{name}_{page}", args=args)


def add(operator: Client, **fields: str):
    fields = {"email": "ada@example.org", "keywords": ""} | SCHEDULE | fields
    return operator.post(url("subscriber", "add"), fields)


def change(operator: Client, reader: Subscriber, **fields: str):
    sizes = {
        f"{prefix}-{name}": "0" for prefix in ("interests", "consents") for name in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    return operator.post(url("subscriber", "change", reader.pk), {"keywords": ""} | SCHEDULE | sizes | fields)


def act(operator: Client, action: str, *readers: Subscriber):
    chosen = {"action": action, "_selected_action": [reader.pk for reader in readers]}
    return operator.post(url("subscriber"), chosen, follow=True)


def said(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def make_rows(count: int) -> None:
    """So many rows in every table."""
    papers = [make_paper(number) for number in range(count)]
    for number in range(count):
        delivery = make_delivery(number, papers)
        make_interest(delivery.subscriber, f"topic {number}")
        consent.record(consent.Kind.CONFIRMED, delivery.subscriber, NOW, consent.Shown(form="test"))
        Suppression.objects.create(address_hmac=str(number), reason="bounce")
        Allowance.objects.create(key=str(number), used=1, ends_at=NOW)
        DeliveryEvent.objects.create(fingerprint=str(number), delivery=delivery, kind="other", provider="x", at=NOW)
        Edition.objects.create(day=NOW.date() + timedelta(days=number))
        Import.objects.create(name=f"{number}.csv", kind="csv", source="Fair", evidence="Forms")
        Lane.objects.create(domain=str(number), free_at=NOW)
        Feedback.objects.create(subscriber=delivery.subscriber, paper=papers[0], verdict=1, at=NOW)
        Brake.objects.get_or_create(pk=1)


# Looking ---------------------------------------------------------------------------------------------


def test_every_table_has_a_page():
    ours = {model._meta.model_name for model in apps.get_app_config("subscriptions").get_models()}

    assert ours - LISTS.keys() == {"digestitem", "importpart", "importfault"}


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("name", LISTS)
def test_list_takes_the_same_queries_for_one_and_three(operator, name, rows, django_assert_num_queries):
    make_rows(rows)
    operator.get(url(name))  # fills Django's cache of content types

    with django_assert_num_queries(LISTS[name]):
        operator.get(url(name))


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("name", "count"), [("subscriber", 12), ("digest", 6)])
def test_row_takes_the_same_queries_for_one_and_three(operator, name, count, rows, django_assert_num_queries):
    make_rows(rows)
    reader = Subscriber.objects.earliest("pk")
    for number in range(rows):
        make_interest(reader, f"more {number}")
    pk = reader.pk if name == "subscriber" else reader.digests.get().pk
    operator.get(url(name, "change", pk))

    with django_assert_num_queries(count):
        operator.get(url(name, "change", pk))


@pytest.mark.parametrize("name", LISTS)
def test_every_list_can_be_searched_and_every_row_opened(operator, name):
    make_rows(1)
    model = apps.get_model("subscriptions", name)

    found = operator.get(url(name), {"q": "reader0@example.org"})
    row = operator.get(url(name, "change", model.objects.first().pk))

    assert (found.status_code, row.status_code) == (200, 200)


def test_reader_is_found_by_address_and_leads_to_their_rows(operator):
    make_rows(2)
    reader = Subscriber.objects.get(email="reader1@example.org")

    found = operator.get(url("subscriber"), {"q": "Reader1@Example.org"})
    page = operator.get(url("subscriber", "change", reader.pk)).content.decode()

    assert [row.pk for row in found.context["cl"].result_list] == [reader.pk]
    for name in ("digest", "delivery", "token"):
        address = f"{url(name)}?subscriber__id__exact={reader.pk}"
        rows = operator.get(address).context["cl"].result_list
        assert f'href="{address}"' in page
        assert {row.subscriber_id for row in rows} == {reader.pk}


def test_suppression_list_can_be_asked_for_an_address(operator):
    Suppression.objects.create(address_hmac=links.address_hmac("ada@example.org"), reason="complaint")

    counts = [
        operator.get(url("suppression"), {"q": email}).context["cl"].result_count
        for email in (" Ada@Example.org", "bob@example.org")
    ]

    assert counts == [1, 0]


def test_s04_no_page_shows_what_makes_a_link(operator):
    make_rows(1)
    pages = [operator.get(url(name)).content.decode() for name in LISTS]
    pages += [operator.get(url("token", "change", token.pk)).content.decode() for token in Token.objects.all()]

    for token in Token.objects.all():
        for value in (links.secret(token), token.digest, str(token.nonce), token.nonce.hex):
            assert not any(value in page for page in pages)


# Writing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", READ_ONLY)
def test_a21_consent_and_ledger_cannot_be_written(operator, name):
    make_rows(1)
    pk = apps.get_model("subscriptions", name).objects.first().pk
    before = dump()

    statuses = [
        operator.post(url(name, "add")).status_code,
        operator.post(url(name, "change", pk), {"form": "forged"}).status_code,
        operator.post(url(name, "delete", pk), {"post": "yes"}).status_code,
    ]
    operator.post(url(name), {"action": "delete_selected", "_selected_action": [pk], "post": "yes"})

    assert statuses == [403, 403, 403]
    assert dump() == before


def test_readers_cannot_be_deleted_with_their_ledger(operator):
    make_rows(1)

    assert operator.post(url("subscriber", "delete", Subscriber.objects.get().pk), {"post": "yes"}).status_code == 403


def test_s33_added_reader_is_asked_for_confirmation(operator):
    response = add(operator, keywords="grokking\n-survey", hour="9")

    reader = Subscriber.objects.get()
    token = Token.objects.get()
    assert (response.status_code, reader.email, reader.status) == (302, "ada@example.org", "pending")
    assert list(Delivery.objects.values_list("kind", "state")) == [("confirm", "queued")]
    wanted = Preferences.from_payload(token.payload)
    assert ([keyword.text for keyword in wanted.keywords], wanted.hour) == (["grokking", "survey"], 9)
    assert list(ConsentEvent.objects.values_list("kind", "form", "text_version")) == [("requested", "admin", "")]


def test_s33_confirmed_reader_needs_source_and_evidence_which_are_kept(operator):
    add(operator, keywords="grokking", source="Fair 2026", evidence="Form 7, in the blue folder")

    reader = Subscriber.objects.get()
    assert (reader.status, reader.confirmed_at) == ("active", NOW)
    assert reader.next_digest_at == datetime(2026, 8, 13, 7, tzinfo=UTC)
    assert Delivery.objects.count() == 0
    assert list(ConsentEvent.objects.values_list("kind", "form", "source", "evidence")) == [
        ("confirmed", "admin", "Fair 2026", "Form 7, in the blue folder")
    ]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"source": "Fair"}, {"evidence": ["Fill in both, or leave both empty and have the reader asked."]}),
        ({"evidence": "x"}, {"source": ["Fill in both, or leave both empty and have the reader asked."]}),
        ({"email": "known@example.org"}, {"email": ["This address has a row here already."]}),
        (
            {"email": "suppressed@example.org"},
            {"email": ["This address is on the suppression list: it must get no mail."]},
        ),
        ({"email": "ada@"}, None),
        ({"keywords": "a$"}, None),
        ({"zone": "Mars/Olympus"}, None),
        ({"hour": "24"}, None),
        ({"max_papers": "0"}, None),
    ],
)
def test_s33_bad_reader_is_refused(operator, fields, errors):
    make_subscriber(email="Known@example.org")
    Suppression.objects.create(address_hmac=links.address_hmac("suppressed@example.org"), reason="complaint")

    found = add(operator, **fields).context["adminform"].form.errors

    assert errors is None or found == errors
    assert list(found) == list(fields) or errors
    assert Subscriber.objects.count() == 1


def test_a31_status_cannot_be_typed(operator):
    add(operator, status="active", confirmed_at="2026-01-01", email_key="x")

    assert Subscriber.objects.values_list("status", "email_key").get() == ("pending", "ada@example.org")


def test_changed_schedule_sets_the_next_digest(operator):
    reader = make_subscriber(last_edition=NOW.date(), last_due_at=datetime(2026, 8, 12, 7, tzinfo=UTC))
    make_interest(reader, "grokking")

    response = change(operator, reader, keywords="robot*\n-survey", hour="20", email="x@example.org", status="left")

    reader.refresh_from_db()
    assert response.status_code == 302
    assert (reader.email, reader.status, reader.hour) == ("reader1@example.org", "active", 20)
    assert reader.next_digest_at == datetime(2026, 8, 13, 20, tzinfo=UTC)
    assert [(i.text, i.is_muted) for i in reader.interests.all()] == [("robot*", False), ("survey", True)]
    assert list(ConsentEvent.objects.values_list("kind", "form")) == [("changed", "admin")]


def test_address_can_be_put_on_the_suppression_list_and_is_not_kept(operator):
    operator.post(url("suppression", "add"), {"email": "Ada@example.org", "reason": "operator"})
    again = operator.post(url("suppression", "add"), {"email": "ada@example.org", "reason": "operator"})

    assert is_suppressed("ada@example.org")
    assert again.context["adminform"].form.errors == {"email": ["This address is on the list already."]}
    assert "ada@example.org" not in str(dump()).lower()


def test_limit_can_be_lifted(operator):
    row = Allowance.objects.create(key="everybody:x", used=200, ends_at=NOW)

    operator.post(url("allowance", "delete", row.pk), {"post": "yes"})

    assert Allowance.objects.count() == 0


# Actions ---------------------------------------------------------------------------------------------


def test_pause_and_resume_keep_what_the_reader_chose(operator):
    reader = make_subscriber(frequency="weekly", weekday=4)
    former = make_subscriber(2, status="left", next_digest_at=None)

    paused = act(operator, "pause", reader, former)
    reader.refresh_from_db()
    assert (reader.paused_until, reader.next_digest_at) == (UNTIL_LIFTED, None)
    resumed = act(operator, "resume", reader, former)

    reader.refresh_from_db()
    assert (reader.frequency, reader.next_digest_at) == ("weekly", datetime(2026, 8, 14, 7, tzinfo=UTC))
    assert said(paused) == ["1 paused. Readers can go on by themselves on their preferences page."]
    assert said(resumed) == ["1 resumed."]


def test_unsubscribe_ends_the_subscription(operator):
    reader = make_subscriber()

    response = act(operator, "unsubscribe", reader)

    reader.refresh_from_db()
    assert (reader.status, said(response)) == ("left", ["1 unsubscribed."])


def test_preview_shows_the_next_digest_and_writes_nothing(operator):
    make_paper(1, title="Grokking <circuits>")
    reader = make_subscriber()
    make_interest(reader, "grokking")
    before = dump()

    page = act(operator, "preview", reader)
    html = operator.get(url("subscriber", "look", reader.pk, "desktop"))

    text = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page.content.decode()))
    assert "1 of 1 papers that match, 1 looked at." in text
    assert "Grokking &lt;circuits&gt;" in text
    assert "grokking (Grokking)" in text
    assert "Grokking &lt;circuits&gt;" in html.content.decode()
    after = dump()
    assert {name for name in after if after[name] != before[name]} <= {"sessions.Session"}


def test_preview_is_of_one_reader(operator):
    assert said(act(operator, "preview", make_subscriber(1), make_subscriber(2))) == ["Choose one reader."]


def test_preview_needs_the_right_to_see_readers(client):
    staff = make_operator("staff", is_superuser=False)
    enter(client, staff)
    address = url("subscriber", "preview", make_subscriber().pk)

    refused = client.get(address).status_code
    staff.user_permissions.add(Permission.objects.get(codename="view_subscriber"))

    assert (refused, client.get(address).status_code) == (403, 200)
