"""Signing up, as people, machines and ill-wishers do it."""

import socket

import pytest
from django.test import Client

from subscriptions import consent, links
from subscriptions.models import ConsentEvent, Delivery, Subscriber, Suppression
from tests.factories import make_subscriber
from tests.readers import dump, path_of, pending, sign_up_fields, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def test_s01_form_leads_to_a_question_by_mail(client):
    response = client.post("/subscribe", sign_up_fields())

    assert (response.status_code, response["Location"]) == (302, "/subscribe/thanks")
    assert list(Delivery.objects.values_list("subscriber__email", "kind")) == [("ada@example.org", "confirm")]
    event = ConsentEvent.objects.get()
    assert (event.form, event.locale, event.text_version) == ("sign-up form", "en", "sign-up-1")


def test_form_shows_the_words_that_are_logged(client):
    assert consent.TEXTS[consent.SIGN_UP] in client.get("/subscribe").content.decode()
    assert consent.TEXTS[consent.CONFIRM] in client.get(path_of(pending())).content.decode()


def test_form_can_be_filled_in_from_a_search(client):
    response = client.get("/subscribe", {"keywords": 'grokking\x00, author:"Jane Doe"\n'})

    assert response.context["form"]["keywords"].value() == 'grokking, author:"Jane Doe"'


def test_bad_form_keeps_what_was_typed_and_writes_nothing(client):
    before = dump()

    response = client.post("/subscribe", sign_up_fields("ada@", keywords="(open", zone="Asia/Tokyo", hour="22"))

    form = response.context["form"]
    assert response.status_code == 200
    assert sorted(form.errors) == ["email", "keywords"]
    assert {name: form[name].value() for name in ("email", "keywords", "zone", "hour")} == {
        "email": "ada@",
        "keywords": "(open",
        "zone": "Asia/Tokyo",
        "hour": "22",
    }
    assert dump() == before


@pytest.mark.parametrize("changes", [{"website": "x"}, {"shown": "forged"}])
def test_a05_a06_trapped_machine_sees_the_same_and_does_nothing(client, changes):
    before = dump()

    response = client.post("/subscribe", sign_up_fields(**changes))

    assert (response.status_code, response["Location"]) == (302, "/subscribe/thanks")
    assert dump() == before


def test_a31_foreign_fields_change_nothing(client):
    client.post("/subscribe", sign_up_fields(status="active", is_confirmed="1", email_verified="1", is_staff="1"))

    assert Subscriber.objects.get().status == "pending"


def test_s06_same_answer_whoever_is_asked():
    make_subscriber(1, email="active@example.org")
    make_subscriber(2, email="left@example.org", status="left")
    make_subscriber(3, email="pending@example.org", status="pending")
    Suppression.objects.create(address_hmac=links.address_hmac("suppressed@example.org"), reason="complaint")
    answers = set()
    for number, name in enumerate(("new", "active", "left", "pending", "suppressed")):
        client = Client(REMOTE_ADDR=f"203.0.113.{number}")
        answer = client.post("/subscribe", sign_up_fields(f"{name}@example.org"))
        page = client.get(answer["Location"])
        headers = (tuple(told(response)) for response in (answer, page))
        answers.add((answer.status_code, answer.content, page.content, *headers, str(client.cookies)))

    assert len(answers) == 1


def test_a01_sixth_request_of_a_client_sends_nothing():
    client = Client(REMOTE_ADDR="2001:db8:1:2::1")
    neighbour = Client(REMOTE_ADDR="2001:db8:1:2:ffff::9")
    stranger = Client(REMOTE_ADDR="2001:db8:1:3::1")

    statuses = [client.post("/subscribe", sign_up_fields(f"r{n}@example.org")).status_code for n in range(5)]
    sixth = neighbour.post("/subscribe", sign_up_fields("r6@example.org"))
    other = stranger.post("/subscribe", sign_up_fields("r7@example.org"))

    assert (statuses, sixth.status_code, sixth["Retry-After"], other.status_code) == ([302] * 5, 429, "3600", 302)
    assert "example.org" not in sixth.content.decode()
    assert not Subscriber.objects.filter(email="r6@example.org").exists()


def test_a03_forged_forwarding_does_not_escape_the_limit(settings):
    settings.TRUSTED_PROXIES = 1
    statuses = []
    for number in range(6):
        forwarded = f"198.51.100.{number}, 203.0.113.7"
        client = Client(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
        statuses.append(client.post("/subscribe", sign_up_fields(f"r{number}@example.org")).status_code)

    assert statuses == [302] * 5 + [429]


def test_a01_second_request_for_an_address_from_elsewhere_sends_nothing():
    for number in range(6):
        Client(REMOTE_ADDR=f"203.0.113.{number}").post("/subscribe", sign_up_fields())

    assert Delivery.objects.count() == 1


def test_a04_pages_work_without_redis(settings, client):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": settings.REDIS_URL}
    }

    assert client.get("/subscribe").status_code == 200
    assert client.post("/subscribe", sign_up_fields()).status_code == 302
    assert Delivery.objects.count() == 1


def test_a08_no_name_is_looked_up_in_a_request(monkeypatch, client):
    def refuse(*args, **kwargs):
        pytest.fail("a view looked up a name")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "gethostbyname", refuse)

    assert client.post("/subscribe", sign_up_fields("ada@no-such-domain.example.org")).status_code == 302


def test_s32_foreign_host_is_refused(client):
    response = client.post("/subscribe", sign_up_fields(), HTTP_HOST="evil.example")

    assert response.status_code == 400
    assert Delivery.objects.count() == 0


def test_sign_up_needs_the_pages_own_csrf_token():
    response = Client(enforce_csrf_checks=True).post("/subscribe", sign_up_fields())

    assert response.status_code == 403
