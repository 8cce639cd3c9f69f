"""What only a link asked for just now opens: all one's data as a file, and its end (STANDARDS S29, S30)."""

import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.test import Client

from subscriptions import exporting, links, visiting
from subscriptions.consent import Kind, Shown, record
from subscriptions.models import Delivery, DeliveryEvent, Feedback, Subscriber, Token
from tests.factories import NOW, make_delivery, make_interest, make_paper, make_subscriber
from tests.readers import dump, path_of, text_of, visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
DATA = {"to": visiting.OWN_DATA}
PATHS = ("/preferences/data/export", "/preferences/data/erase")


@pytest.fixture
def reader() -> Subscriber:
    """One with something of everything, beside another one."""
    make_delivery(9, [make_paper(9)])
    reader = make_subscriber(email="Ada@example.org", seen_at=NOW)
    make_interest(reader, "grokking")
    delivery = make_delivery(1, [make_paper(1)], subscriber=reader, state="accepted")
    record(Kind.CONFIRMED, reader, NOW, Shown(form="confirmation page", text="confirm-1"))
    Feedback.objects.create(subscriber=reader, paper=make_paper(2), verdict=1, at=NOW)
    DeliveryEvent.objects.create(
        fingerprint="f", delivery=delivery, kind="delivered", provider="x", at=NOW,
        address_hmac=links.address_hmac(reader.email),
    )  # fmt: skip
    return reader


def fresh(reader: Subscriber, client: Client | None = None) -> Client:
    client = client or Client()
    client.get(path_of(links.issue(reader, Token.Purpose.MANAGE, NOW, DATA)))
    return client


def test_page_counts_what_is_stored_and_asks_for_a_fresh_link(client, reader):
    page = visit(reader, client=client).get("/preferences/data")

    assert "Keywords 1 Digests 1 Mails 1" in text_of(page)
    assert "First a fresh link" in text_of(page)
    assert "Download my data" not in text_of(page)


@pytest.mark.parametrize("path", PATHS)
def test_s29_visit_by_a_digests_link_is_not_enough(client, reader, path):
    visit(reader, client=client)
    before = dump()

    response = client.post(path, {"sure": "on"})

    assert (response.status_code, response["Location"]) == (302, "/preferences/data")
    assert dump()["subscriptions.Interest"] == before["subscriptions.Interest"]


@pytest.mark.parametrize("path", PATHS)
def test_s29_link_asked_for_two_hours_ago_is_not_enough(reader, path):
    client = Client()
    client.get(path_of(links.issue(reader, Token.Purpose.MANAGE, NOW - timedelta(hours=2), DATA)))

    assert client.post(path, {"sure": "on"})["Location"] == "/preferences/data"
    assert Subscriber.objects.filter(pk=reader.pk).exists()


@pytest.mark.parametrize("path", PATHS)
def test_stranger_is_sent_away(client, reader, path):
    assert client.post(path, {"sure": "on"})["Location"] == "/preferences/link"
    assert client.get(path).status_code == 405


def test_fresh_link_is_mailed_and_leads_to_the_data(client, reader):
    visit(reader, client=client)

    asked = client.post("/preferences/data/link")
    token = Token.objects.filter(purpose="manage").latest("pk")
    opened = Client().get(path_of(token), follow=True)

    assert asked["Location"] == "/preferences/link/sent"
    assert Delivery.objects.get(kind="link").token == token
    assert opened.redirect_chain == [("/preferences/data", 302)]
    assert "Download my data" in text_of(opened)


def test_s29_export_is_everything_about_one_person(reader):
    response = fresh(reader).post("/preferences/data/export")

    found = json.loads(response.content)
    assert response["Content-Disposition"] == 'attachment; filename="my-data-2026-08-12.json"'
    assert response["Cache-Control"] == "no-store"
    assert sorted(found) == [
        "consents", "digests", "events", "feedback", "interests", "links", "mails", "reader", "suppressed",
    ]  # fmt: skip
    assert (found["reader"]["email"], found["reader"]["seen_at"]) == ("Ada@example.org", "2026-08-12T07:00:30+00:00")
    assert [row["text"] for row in found["interests"]] == ["grokking"]
    assert [row["title"] for row in found["digests"][0]["papers"]] == ["Grokking in circuit 1"]
    assert [(row["kind"], row["edition"]) for row in found["mails"]] == [("digest", "2026-08-12")]
    assert found["consents"][0]["text"].startswith("Yes, send me the digest")
    assert [row["title"] for row in found["feedback"]] == ["Grokking in circuit 2"]
    assert [row["kind"] for row in found["events"]] == ["delivered"]


def test_s29_export_holds_nobody_else_and_opens_no_door(reader):
    text = fresh(reader).post("/preferences/data/export").content.decode()

    assert "reader9@example.org" not in text
    for token in Token.objects.all():
        assert not [secret for secret in (links.secret(token), token.digest, str(token.nonce)) if secret in text]


def test_s29_export_leaves_no_table_of_the_person_out():
    """A new table that points at readers needs its place here."""
    related = {field.related_model.__name__ for field in Subscriber._meta.related_objects}

    assert related == {"ConsentEvent", "Delivery", "Digest", "Feedback", "Interest", "Token"}
    assert {model.__name__ for model in apps.get_app_config("subscriptions").get_models()} >= related


def test_s29_export_takes_the_same_queries_for_one_and_many(reader, django_assert_num_queries):
    with django_assert_num_queries(11):
        exporting.export(reader)
    make_interest(reader, "robots", position=3)
    with django_assert_num_queries(11):
        exporting.export(reader)


def test_erasing_needs_the_box(reader):
    response = fresh(reader).post("/preferences/data/erase")

    assert "Tick the box first. Nothing was deleted." in text_of(response)
    assert Subscriber.objects.filter(pk=reader.pk).exists()


def test_s30_erasing_ends_the_visit_and_says_so(reader):
    client = fresh(reader)

    response = client.post("/preferences/data/erase", {"sure": "on"})

    assert "Everything is deleted" in text_of(response)
    assert not Subscriber.objects.filter(pk=reader.pk).exists()
    assert client.get("/preferences")["Location"] == "/preferences/link"
