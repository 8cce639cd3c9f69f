"""What holds for all pages of readers: headers, methods, redirects, hostile input, logs."""

import logging

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from digest_site.logs import Line
from subscriptions.models import Token
from tests.readers import living_tokens, path_of, sign_up_fields

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


def test_s15_every_private_page_is_kept_by_nobody(client):
    living = {purpose: path_of(token) for purpose, token in living_tokens().items()}
    paths = [*living.values(), "/preferences", "/preferences/link", "/preferences/link/sent", "/c/" + "A" * 22]

    for path in paths:
        headers = client.get(path).headers
        assert {name: headers.get(name) for name in PRIVATE} == PRIVATE, path


def test_a22_a23_pages_send_the_security_headers(client):
    for path in (
        "/subscribe",
        "/subscribe/thanks",
        "/preferences/link",
        *map(path_of, living_tokens().values()),
        "/u/x",
    ):
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
    manage = path_of(living_tokens()["manage"])

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


def test_a30_lists_and_files_in_place_of_values_do_not_break_the_form(client):
    lists = client.post("/subscribe", {name: [value, value] for name, value in sign_up_fields().items()})
    files = client.post("/subscribe", {name: SimpleUploadedFile(name, b"x") for name in sign_up_fields()})

    assert (lists.status_code, files.status_code) == (302, 200)


def test_a25_no_log_holds_an_address_a_link_or_a_keyword(client):
    lines: list[str] = []
    handler = logging.Handler()
    handler.setFormatter(Line())
    handler.emit = lambda record: lines.append(handler.format(record))
    root = logging.getLogger()
    root.addHandler(handler)
    level, root.level = root.level, logging.DEBUG
    try:
        client.post("/subscribe", sign_up_fields("ada@", keywords="secretword"))
        client.post("/subscribe", sign_up_fields("adalovelace@example.org", keywords="secretword"))
        confirm = path_of(Token.objects.get())
        client.post(confirm)
        unsubscribe = path_of(Token.objects.get(purpose=Token.Purpose.UNSUBSCRIBE))
        for path in (confirm, unsubscribe, confirm):
            client.put(path)
            client.post(path)
    finally:
        root.level = level
        root.removeHandler(handler)

    log = "\n".join(lines)
    assert "Not Found: /c/…" in log
    for secret in ("adalovelace", "secretword", confirm[3:], unsubscribe[3:]):
        assert secret not in log
