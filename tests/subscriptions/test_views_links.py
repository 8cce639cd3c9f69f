"""Answering mails, as browsers, mail programs and scanners do it."""

from datetime import timedelta

import pytest
from django.test import Client

from subscriptions import links, signup
from subscriptions.consent import Shown
from subscriptions.keywords import read_one
from subscriptions.models import ConsentEvent, Subscriber, Suppression, Token
from subscriptions.preferences import Preferences
from tests.factories import NOW, make_delivery, make_subscriber
from tests.readers import dump, living_tokens, main_of, path_of, pending, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

SCANNERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Safelinks",
    "BarracudaCentral",
    "facebookexternalhit/1.1",
    "Slackbot-LinkExpanding 1.0",
    "GoogleImageProxy",
)
DEAD = "redis://127.0.0.1:1/0"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def test_s02_scanners_change_nothing():
    paths = [path_of(token) for token in living_tokens().values()]
    before = dump()

    for number in range(50):
        client = Client(HTTP_USER_AGENT=SCANNERS[number % len(SCANNERS)], HTTP_PURPOSE="prefetch")
        for path in paths:
            for method in (client.get, client.head, client.options):
                method(path)

    assert dump() == before


def test_s02_pages_ask_with_one_button_and_no_script():
    for purpose, token in living_tokens().items():
        if purpose == "manage":
            continue
        page = Client().get(path_of(token))

        html = main_of(page)
        assert (page.status_code, html.count("<form"), html.count("<button")) == (200, 1, 1)
        assert '<form method="post">' in html
        assert "<script" not in html
        assert not page.cookies


def test_s03_confirming_makes_a_reader_and_again_is_friendly(client):
    path = path_of(pending())

    first, second, shown = client.post(path), client.post(path), client.get(path)

    assert [first.status_code, second.status_code, shown.status_code] == [200, 200, 200]
    assert first.content == second.content == shown.content
    # Tomorrow's, since 07:00 has just passed.
    assert "Your first digest comes on Thursday 13 August 2026 at 07:00 (UTC)." in text_of(first)
    assert Subscriber.objects.get().status == "active"
    assert ConsentEvent.objects.filter(kind="confirmed").count() == 1


def test_s04_confirmation_link_of_one_who_left_is_dead(client):
    token = pending()
    client.post(path_of(token))
    client.post(path_of(Token.objects.get(purpose=Token.Purpose.UNSUBSCRIBE)))

    assert client.post(path_of(token)).status_code == 404
    assert Subscriber.objects.get().status == "left"


def test_s09_suppressed_meanwhile_is_a_dead_link(client):
    token = pending()
    Suppression.objects.create(address_hmac=links.address_hmac("ada@example.org"), reason="complaint")

    assert client.post(path_of(token)).status_code == 404
    assert Subscriber.objects.get().status == "pending"


def test_a09_confirmation_page_escapes_keywords(client):
    wishes = Preferences(keywords=(read_one("AT&T"),))
    signup.sign_up("ada@example.org", wishes, NOW, Shown(form="x"))

    html = client.get(path_of(Token.objects.get())).content.decode()

    assert "<li>AT&amp;T</li>" in html


@pytest.mark.parametrize("body", ["multipart", "urlencoded", "garbage", "none"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_s10_one_click_works_cold(body, slash, settings):
    settings.REDIS_URL = settings.CELERY_BROKER_URL = DEAD
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": DEAD}}
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_REDIRECT_EXEMPT = [r"^u/", r"^healthz$", r"^readyz$"]
    delivery = make_delivery()
    path = path_of(delivery.subscriber.tokens.get(purpose=Token.Purpose.UNSUBSCRIBE)) + slash
    client = Client(enforce_csrf_checks=True, HTTP_ACCEPT_LANGUAGE="de")
    sent = {
        "multipart": {"data": ONE_CLICK},
        "urlencoded": {
            "data": "List-Unsubscribe=One-Click",
            "content_type": "application/x-www-form-urlencoded",
        },
        "garbage": {"data": b"\xff\x00", "content_type": "multipart/form-data; boundary=x"},
        "none": {},
    }[body]

    response = client.post(path, **sent)

    delivery.subscriber.refresh_from_db()
    delivery.refresh_from_db()
    assert (response.status_code, "Location" in response, dict(response.cookies)) == (200, False, {})
    assert (delivery.subscriber.status, delivery.state) == ("left", "cancelled")


def test_s12_s31_unsubscribing_works_for_ever_and_twice(client, clock):
    path = path_of(make_subscriber().tokens.get())
    clock.move_to(NOW + timedelta(days=61))

    first, second = client.post(path), client.post(path)

    assert (first.status_code, first.content) == (second.status_code, second.content) == (200, first.content)
    assert Subscriber.objects.get().left_at == NOW + timedelta(days=61)


def test_m21_link_of_one_reader_affects_only_that_one(client):
    make_subscriber(1)
    make_subscriber(2)

    client.post(path_of(Subscriber.objects.earliest("pk").tokens.get()))

    assert list(Subscriber.objects.order_by("pk").values_list("status", flat=True)) == ["left", "active"]


def test_s17_new_address_is_confirmed_from_its_own_mailbox(client):
    token = living_tokens()["email"]

    response = client.post(path_of(token))

    token.subscriber.refresh_from_db()
    assert (response.status_code, token.subscriber.email) == (200, "new@example.org")
    assert client.post(path_of(token)).status_code == 404


def dead_paths() -> list[str]:
    """Links of every kind that must not work: wrong purpose, spoilt, unknown, expired, used, of a former address."""
    living = living_tokens()
    secrets = {purpose: links.secret(token) for purpose, token in living.items()}
    prefixes = {purpose: path_of(token)[:3] for purpose, token in living.items()}
    wrong = [prefixes[one] + secrets[other] for one in prefixes for other in secrets if one != other]
    spoilt = [
        prefix + spoil(secrets[purpose])
        for purpose, prefix in prefixes.items()
        for spoil in (str.swapcase, lambda s: s[:-1], lambda s: s + "x", lambda s: "%00" + s, lambda s: "A" * 22)
    ]
    expired = links.issue(make_subscriber(2), Token.Purpose.MANAGE, NOW - timedelta(days=8))
    used = links.issue(make_subscriber(3), Token.Purpose.EMAIL, NOW, {"email": "x@example.org"})
    links.use(used, NOW)
    former = make_subscriber(4).tokens.get()
    links.rotate(former.subscriber, NOW)
    return wrong + spoilt + [path_of(token) for token in (expired, used, former)]


def test_s04_every_dead_link_shows_the_same_page_and_does_nothing(client):
    paths = dead_paths()
    before = dump()

    answers = {
        (r.status_code, main_of(r))
        for path in paths
        for r in (client.get(path), client.post(path))
        if r.status_code != 405
    }

    assert len(paths) == 35
    assert [status for status, _ in answers] == [404]
    assert dump() == before
