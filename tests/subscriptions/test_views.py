"""Signing up and answering mails, as browsers, mail programs and scanners do it."""

import re
import socket
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from subscriptions import consent, links, signup
from subscriptions.consent import Shown
from subscriptions.keywords import read_one
from subscriptions.models import ConsentEvent, Delivery, Subscriber, Suppression, Token
from subscriptions.preferences import Preferences
from tests.factories import NOW, make_delivery, make_subscriber
from tests.readers import dump, path_of, sign_up_fields

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

SCANNERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Safelinks",
    "BarracudaCentral",
    "facebookexternalhit/1.1",
    "Slackbot-LinkExpanding 1.0",
    "GoogleImageProxy",
)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


def pending(email: str = "ada@example.org") -> Token:
    """A confirm token, as a mail has brought it."""
    signup.sign_up(email, Preferences(), NOW, Shown(form="sign-up form"))
    return Token.objects.filter(purpose=Token.Purpose.CONFIRM).latest("pk")


def tokens() -> dict[str, Token]:
    """A living token of each purpose."""
    reader = make_subscriber()
    unsubscribe = reader.tokens.get()
    manage = links.issue(reader, Token.Purpose.MANAGE, NOW)
    email = links.issue(reader, Token.Purpose.EMAIL, NOW, {"email": "new@example.org"})
    return {"confirm": pending(), "unsubscribe": unsubscribe, "manage": manage, "email": email}


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


# Signing up ------------------------------------------------------------------------------------------


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
        headers = (tuple(sorted(response.headers.items())) for response in (answer, page))
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


# Answering a mail ------------------------------------------------------------------------------------


def test_s02_scanners_change_nothing():
    paths = [path_of(token) for token in tokens().values()]
    before = dump()

    for number in range(50):
        client = Client(HTTP_USER_AGENT=SCANNERS[number % len(SCANNERS)], HTTP_PURPOSE="prefetch")
        for path in paths:
            for method in (client.get, client.head, client.options):
                method(path)

    assert dump() == before


def test_s02_pages_ask_with_one_button_and_no_script():
    for purpose, token in tokens().items():
        if purpose == "manage":
            continue
        page = Client().get(path_of(token))

        html = page.content.decode()
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
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
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
    token = tokens()["email"]

    response = client.post(path_of(token))

    token.subscriber.refresh_from_db()
    assert (response.status_code, token.subscriber.email) == (200, "new@example.org")
    assert client.post(path_of(token)).status_code == 404


def dead_paths() -> list[str]:
    """Links of every kind that must not work: wrong purpose, spoilt, unknown, expired, used, of a former address."""
    living = tokens()
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
        (r.status_code, r.content)
        for path in paths
        for r in (client.get(path), client.post(path))
        if r.status_code != 405
    }

    assert len(paths) == 35
    assert [status for status, _ in answers] == [404]
    assert dump() == before


def test_s15_every_private_page_is_kept_by_nobody(client):
    living = {purpose: path_of(token) for purpose, token in tokens().items()}
    paths = [*living.values(), "/preferences", "/preferences/link", "/preferences/link/sent", "/c/" + "A" * 22]

    for path in paths:
        headers = client.get(path).headers
        assert {name: headers.get(name) for name in PRIVATE} == PRIVATE, path


def test_a22_a23_pages_send_the_security_headers(client):
    for path in ("/subscribe", "/subscribe/thanks", "/preferences/link", *map(path_of, tokens().values()), "/u/x"):
        headers = client.get(path).headers
        policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
        assert (policy["default-src"], policy["form-action"], policy["frame-ancestors"]) == (
            "'none'",
            "'self'",
            "'none'",
        )
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("subscribe", {"GET", "HEAD", "POST"}),
        ("subscribed", {"GET", "HEAD"}),
        ("confirm", {"GET", "HEAD", "POST"}),
        ("unsubscribe", {"GET", "HEAD", "POST"}),
        ("manage", {"GET", "HEAD"}),
        ("email", {"GET", "HEAD", "POST"}),
        ("preferences", {"GET", "HEAD", "POST"}),
        ("pause", {"POST"}),
        ("address", {"POST"}),
        ("leave", {"POST"}),
        ("preferences_link", {"GET", "HEAD", "POST"}),
        ("link_sent", {"GET", "HEAD"}),
        ("digest", {"GET", "HEAD"}),
    ],
)
def test_a32_other_methods_are_refused(client, name, allowed):
    takes_argument = name in {"confirm", "unsubscribe", "manage", "email", "digest"}
    path = reverse(f"subscriptions:{name}", args=["2026-08-12"] if takes_argument else [])

    refused = {
        method
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS")
        if client.generic(method, path).status_code == 405
    }

    assert refused == {"PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "GET", "HEAD", "POST"} - allowed


def test_a18_nothing_redirects_elsewhere(client):
    manage = path_of(tokens()["manage"])

    for target in ("//e.example", "https:e.example", "\\\\e.example", "/%09/e.example", "/\\e.example"):
        assert client.get(manage, {"next": target})["Location"] == "/preferences"
        answer = client.post(f"/subscribe?next={target}", sign_up_fields("x@example.org"))
        assert answer.status_code == 429 or answer["Location"] == "/subscribe/thanks"


@pytest.mark.parametrize(
    "name",
    ["email", "keywords", "frequency", "weekday", "hour", "zone", "max_papers", "wants_quiet_note", "website", "shown"],
)
@pytest.mark.parametrize(
    "value",
    [
        "\x00",
        "x" * 1_000_000,
        "\u202e\u2066",
        "'\"><img src=x onerror=alert(1)>",
        "{{ 7*7 }}",
        "-1",
        "1e400",
        "٣",
        "\ufffe",
    ],
    ids=["nul", "megabyte", "bidi", "markup", "template", "minus", "infinite", "arabic", "noncharacter"],
)
def test_a30_no_field_breaks_the_form(client, name, value):
    response = client.post("/subscribe", sign_up_fields(**{name: value}))

    assert response.status_code in {200, 302}
    assert b"<img src=x" not in response.content


def test_a30_no_encoding_breaks_the_form(client):
    body = b'--x\r\nContent-Disposition: form-data; name="keywords"\r\n\r\n+2AA-\r\n--x--\r\n'

    response = client.generic("POST", "/subscribe", body, "multipart/form-data; charset=utf-7; boundary=x")

    assert (response.status_code, response.context["form"]["keywords"].value()) == (200, "?")


def test_a30_lists_and_files_in_place_of_values_do_not_break_the_form(client):
    lists = client.post("/subscribe", {name: [value, value] for name, value in sign_up_fields().items()})
    files = client.post("/subscribe", {name: SimpleUploadedFile(name, b"x") for name in sign_up_fields()})

    assert (lists.status_code, files.status_code) == (302, 200)
