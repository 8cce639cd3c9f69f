"""Webhooks as the providers post them, and as nobody should (STANDARDS A20, S24)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from subscriptions import links, tracking
from subscriptions.hooks import HOOKS
from subscriptions.models import DeliveryEvent, Subscriber, Suppression
from tests.factories import NOW, make_delivery
from tests.providers import anymail_settings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

KEY = "digest-0000000000000001"
READER = "reader1@example.org"
SECRET = "hooks:a-long-random-word"
SVIX_SECRET = "whsec_" + base64.b64encode(b"sixteen bytes and more").decode()
EPOCH = NOW.timestamp()
ISO = NOW.isoformat()

Body = dict[str, Any] | list[Any]


@pytest.fixture(autouse=True)
def _operator(settings):
    settings.ANYMAIL = {"WEBHOOK_SECRET": [SECRET, "hooks:the-next-one"], "RESEND_SIGNING_SECRET": SVIX_SECRET}
    for provider in HOOKS:
        settings.ANYMAIL |= anymail_settings(provider, "http://127.0.0.1:9/")
    settings.ANYMAIL |= {"MAILGUN_WEBHOOK_SIGNING_KEY": "signing", "MAILERSEND_SIGNING_SECRET": "signing"}


@pytest.fixture(autouse=True)
def sent():
    return make_delivery(1, state="unknown", attempts=1, settled_at=NOW, not_before=NOW)


def auth(secret: str = SECRET) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}


def mailgun(event: dict[str, Any], timestamp: float = EPOCH) -> Body:
    stamp, token = str(int(timestamp)), "token-1"
    signature = hmac.new(b"signing", f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": stamp, "token": token, "signature": signature},
        "event-data": {
            "timestamp": EPOCH,
            "recipient": READER,
            "message": {"headers": {"message-id": "mg-1@example.org"}},
            "user-variables": {"key": KEY},
            **event,
        },
    }


def sns(event: dict[str, Any]) -> Body:
    mail = {
        "messageId": "ses-1",
        "destination": [READER],
        "headers": [{"name": "X-Metadata", "value": json.dumps({"key": KEY})}],
    }
    return {
        "Type": "Notification",
        "MessageId": "sns-1",
        "Timestamp": ISO,
        "Message": json.dumps({"mail": mail} | event),
    }


def svix(body: bytes, at: float = EPOCH, secret: bytes = b"sixteen bytes and more") -> dict[str, str]:
    mac = hmac.new(secret, f"msg_1.{int(at)}.".encode() + body, hashlib.sha256).digest()
    signature = "v1,bm90IHRoaXMgb25l v1," + base64.b64encode(mac).decode()
    return {"svix-id": "msg_1", "svix-timestamp": str(int(at)), "svix-signature": signature}


def signed_headers(provider: str, body: bytes) -> dict[str, str]:
    if provider == "resend":
        return svix(body)
    if provider == "mailersend":
        return {"Signature": hmac.new(b"signing", body, hashlib.sha256).hexdigest()}
    if provider == "amazon_ses":
        return {"x-amz-sns-message-type": "Notification", "x-amz-sns-message-id": "sns-1"}
    return {}


def post(provider: str, body: Body | bytes, headers: dict[str, str] | None = None, **changes: str) -> int:
    """Post as the provider does, with the secret and its signature unless `headers` are given."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = auth() | signed_headers(provider, raw) if headers is None else headers
    client = Client(enforce_csrf_checks=True)
    response = client.post(
        f"/hooks/{provider}/tracking/", raw, content_type="application/json", headers=headers | changes
    )
    return response.status_code


RESEND_HEADERS = [{"name": "X-Metadata", "value": json.dumps({"key": KEY})}]
HARD: dict[str, Body] = {
    "amazon_ses": sns(
        {
            "eventType": "Bounce",
            "bounce": {
                "bounceType": "Permanent",
                "bounceSubType": "General",
                "bouncedRecipients": [{"emailAddress": READER, "diagnosticCode": "smtp; 550 5.1.1 unknown"}],
            },
        }
    ),
    "brevo": {
        "event": "hard_bounce",
        "email": READER,
        "id": 26224,
        "ts_epoch": int(EPOCH * 1000),
        "message-id": "<b-1@smtp.example>",
        "X-Mailin-custom": json.dumps({"key": KEY}),
        "reason": "550 5.1.1 unknown",
    },
    "mailersend": {
        "type": "activity.hard_bounced",
        "data": {
            "id": "a-1",
            "type": "hard_bounced",
            "created_at": ISO,
            "email": {"message": {"id": "ms-1"}, "recipient": {"email": READER}, "tags": [KEY]},
            "morph": {"object": "recipient_bounce", "reason": "550 5.1.1 unknown"},
        },
    },
    "mailgun": mailgun(
        {
            "event": "failed",
            "severity": "permanent",
            "reason": "bounce",
            "delivery-status": {"message": "550 5.1.1 unknown", "code": 550},
        }
    ),
    "mailjet": [
        {
            "event": "bounce",
            "time": int(EPOCH),
            "MessageID": 77,
            "email": READER,
            "Payload": json.dumps({"key": KEY}),
            "hard_bounce": True,
            "error_related_to": "recipient",
            "error": "user unknown",
        }
    ],
    "postmark": {
        "RecordType": "Bounce",
        "ID": 42,
        "Type": "HardBounce",
        "MessageID": "pm-1",
        "Email": READER,
        "BouncedAt": ISO,
        "Metadata": {"key": KEY},
        "Details": "smtp;550 5.1.1 unknown",
    },
    "resend": {
        "type": "email.bounced",
        "created_at": ISO,
        "data": {
            "email_id": "re-1",
            "to": [READER],
            "headers": RESEND_HEADERS,
            "bounce": {"type": "Permanent", "subType": "General", "message": "sent a hard bounce message"},
        },
    },
    "sparkpost": [
        {
            "msys": {
                "message_event": {
                    "type": "bounce",
                    "bounce_class": "10",
                    "event_id": "1",
                    "timestamp": str(int(EPOCH)),
                    "transmission_id": "sp-1",
                    "raw_rcpt_to": READER,
                    "rcpt_meta": {"key": KEY},
                    "raw_reason": "550 5.1.1 unknown",
                }
            }
        }
    ],
}
SOFT: dict[str, Body] = {
    "amazon_ses": sns(
        {
            "eventType": "Bounce",
            "bounce": {
                "bounceType": "Transient",
                "bounceSubType": "MailboxFull",
                "bouncedRecipients": [{"emailAddress": READER}],
            },
        }
    ),
    "brevo": HARD["brevo"] | {"event": "soft_bounce", "reason": "452 full"},
    "mailersend": {"data": HARD["mailersend"]["data"] | {"type": "soft_bounced"}},
    "mailjet": [HARD["mailjet"][0] | {"hard_bounce": False, "error": "quota exceeded"}],
    "postmark": HARD["postmark"] | {"Type": "SoftBounce"},
    "resend": HARD["resend"]
    | {"data": HARD["resend"]["data"] | {"bounce": {"type": "Transient", "subType": "General", "message": "…"}}},
    "sparkpost": [{"msys": {"message_event": HARD["sparkpost"][0]["msys"]["message_event"] | {"bounce_class": "22"}}}],
}
COMPLAINT: dict[str, Body] = {
    "amazon_ses": sns({"eventType": "Complaint", "complaint": {"complainedRecipients": [{"emailAddress": READER}]}}),
    "brevo": HARD["brevo"] | {"event": "spam"},
    "mailersend": {"data": HARD["mailersend"]["data"] | {"type": "spam_complaint"}},
    "mailgun": mailgun({"event": "complained"}),
    "mailjet": {key: value for key, value in HARD["mailjet"][0].items() if key != "error"} | {"event": "spam"},
    "postmark": HARD["postmark"] | {"RecordType": "SpamComplaint", "Type": "SpamComplaint"},
    "resend": {
        "type": "email.complained",
        "created_at": ISO,
        "data": {"email_id": "re-1", "to": [READER], "headers": RESEND_HEADERS},
    },
    "sparkpost": [
        {"msys": {"message_event": HARD["sparkpost"][0]["msys"]["message_event"] | {"type": "spam_complaint"}}}
    ],
}


@pytest.mark.parametrize("provider", sorted(HOOKS))
def test_hard_bounce_is_taken_as_the_provider_tells_it(provider, sent):
    status = post(provider, HARD[provider])

    sent.refresh_from_db()
    [row] = DeliveryEvent.objects.all()
    assert (status, row.delivery_id, row.kind, row.provider, row.at) == (
        200,
        sent.pk,
        "bounced",
        provider,
        NOW.replace(microsecond=0),
    )
    assert sent.state == "accepted"
    assert list(Suppression.objects.values_list("address_hmac", "reason")) == [(links.address_hmac(READER), "bounce")]


@pytest.mark.parametrize("provider", sorted(SOFT))
def test_soft_bounce_is_taken_as_the_provider_tells_it(provider):
    status = post(provider, SOFT[provider])

    assert (status, DeliveryEvent.objects.get().kind, Suppression.objects.count()) == (200, "soft_bounced", 0)


@pytest.mark.parametrize("provider", sorted(HOOKS))
def test_s23_complaint_is_taken_as_the_provider_tells_it(provider):
    status = post(provider, COMPLAINT[provider])

    assert (status, DeliveryEvent.objects.get().kind) == (200, "complained")
    assert Subscriber.objects.get().status == "left"
    assert Suppression.objects.get().reason == "complaint"


@pytest.mark.parametrize("provider", sorted(HOOKS))
def test_s24_same_webhook_twice_is_one_row(provider):
    statuses = [post(provider, HARD[provider]) for _ in range(2)]

    assert (statuses, DeliveryEvent.objects.count()) == ([200, 200], 1)


def test_several_events_in_one_post():
    events = [HARD["mailjet"][0] | {"time": int(EPOCH) - number} for number in range(3)]

    assert (post("mailjet", events), DeliveryEvent.objects.count()) == (200, 3)


@pytest.mark.parametrize("path", ["/hooks/postmark/tracking/", "/hooks/postmark/tracking"])
def test_address_works_with_and_without_the_slash(path):
    response = Client().post(path, HARD["postmark"], content_type="application/json", headers=auth())

    assert response.status_code == 200


def test_secret_can_be_rotated():
    assert post("postmark", HARD["postmark"], auth("hooks:the-next-one")) == 200


def refused(status: int) -> bool:
    return status == 400 and not DeliveryEvent.objects.exists() and not Suppression.objects.exists()


BAD_AUTH: dict[str, dict[str, str]] = {
    "none": {},
    "wrong": auth("hooks:wrong"),
    "half": auth("hooks"),
    "longer": auth(SECRET + "x"),
    "beyond ASCII": auth("hooks:ä"),
    "not base64": {"Authorization": "Basic §§§"},
    "bearer": {"Authorization": "Bearer " + SECRET},
}


@pytest.mark.parametrize("headers", BAD_AUTH.values(), ids=BAD_AUTH)
@pytest.mark.parametrize("provider", sorted(HOOKS))
def test_a20_forged_webhook_is_refused(provider, headers):
    raw = json.dumps(HARD[provider]).encode()

    status = post(provider, raw, headers | signed_headers(provider, raw))

    # Amazon sends the secret only after it has been asked for it.
    assert refused(400 if provider == "amazon_ses" and status == 401 and not headers else status)


@pytest.mark.parametrize("secret", [None, "", []])
@pytest.mark.parametrize("provider", sorted(HOOKS))
def test_a20_without_a_secret_nobody_gets_in(provider, secret, settings):
    settings.ANYMAIL = settings.ANYMAIL | {"WEBHOOK_SECRET": secret}

    assert refused(post(provider, HARD[provider]))


def forge_mailgun(body: Body) -> Body:
    assert isinstance(body, dict)
    return body | {"signature": body["signature"] | {"signature": "0" * 64}}


RESEND = json.dumps(HARD["resend"]).encode()
FORGED: dict[str, Callable[[], int]] = {
    "mailgun": lambda: post("mailgun", forge_mailgun(HARD["mailgun"])),
    "mailgun, unsigned": lambda: post("mailgun", {"event-data": {}}),
    "mailgun, of last week": lambda: post("mailgun", mailgun({"event": "failed"}, EPOCH - 7 * 86400)),
    "mailersend": lambda: post("mailersend", HARD["mailersend"], Signature="0" * 64),
    "mailersend, unsigned": lambda: post("mailersend", HARD["mailersend"], auth()),
    "resend": lambda: post("resend", RESEND, auth() | svix(RESEND + b" ")),
    "resend, unsigned": lambda: post("resend", HARD["resend"], auth()),
    "resend, of another": lambda: post("resend", RESEND, auth() | svix(RESEND, secret=b"wrong")),
    "resend, replayed": lambda: post("resend", RESEND, auth() | svix(RESEND, EPOCH - 301)),
    "resend, of tomorrow": lambda: post("resend", RESEND, auth() | svix(RESEND, EPOCH + 301)),
    "resend, when?": lambda: post("resend", RESEND, auth() | svix(RESEND) | {"svix-timestamp": "soon"}),
    "amazon, wrong type": lambda: post("amazon_ses", HARD["amazon_ses"], **{"x-amz-sns-message-type": "Other"}),
    "amazon, wrong id": lambda: post("amazon_ses", HARD["amazon_ses"], **{"x-amz-sns-message-id": "Other"}),
}


@pytest.mark.parametrize("attempt", FORGED.values(), ids=FORGED)
def test_a20_signature_is_checked_where_there_is_one(attempt):
    assert refused(attempt())


def test_mailgun_signature_cannot_be_used_for_another_event():
    post("mailgun", mailgun({"event": "delivered"}))

    # The signature does not cover the event, but its token names it.
    status = post("mailgun", mailgun({"event": "complained", "recipient": "victim@example.org"}))

    assert (status, [row.kind for row in DeliveryEvent.objects.all()]) == (200, ["delivered"])


def test_resend_is_trusted_on_the_secret_alone_where_it_does_not_sign(settings):
    settings.ANYMAIL = settings.ANYMAIL | {"RESEND_SIGNING_SECRET": ""}

    assert post("resend", HARD["resend"], auth()) == 200


@pytest.mark.parametrize("provider", sorted(HOOKS))
def test_truncated_webhook_is_refused(provider):
    raw = json.dumps(HARD[provider]).encode()[:-20]

    assert refused(post(provider, raw))


NONSENSE = [b"", b"null", b"17", b'"x"', b"[]x", b"{}", b"[17]", b"[null]", b"\xff\xfe", b"[" * 50_000, b'{"data": []}']


@pytest.mark.parametrize("raw", NONSENSE, ids=lambda raw: repr(raw[:12]))
@pytest.mark.parametrize("provider", sorted(HOOKS))
def test_nonsense_is_refused_or_kept_as_other(provider, raw):
    status = post(provider, raw)

    assert refused(status) or (status, {row.kind for row in DeliveryEvent.objects.all()} - {"other"}) == (200, set())


@pytest.mark.parametrize(
    ("provider", "body"),
    [
        ("brevo", HARD["brevo"] | {"ts_epoch": 10**30}),
        ("mailjet", [HARD["mailjet"][0] | {"time": 10**30}]),
        ("postmark", HARD["postmark"] | {"BouncedAt": "2026-13-45T99:99:99Z"}),
        ("postmark", HARD["postmark"] | {"Metadata": None}),
        ("postmark", {"FromFull": {}}),
        ("brevo", {"items": []}),
        ("sparkpost", [{"msys": {"relay_message": {}}}]),
        ("amazon_ses", {"Type": "Notification", "MessageId": "sns-1", "Message": "not JSON"}),
    ],
)
def test_webhook_of_another_shape_is_refused(provider, body):
    assert refused(post(provider, body))


@pytest.mark.parametrize("provider", sorted(HOOKS))
def test_oversized_webhook_is_refused_unread(provider):
    raw = json.dumps([HARD[provider], "x" * 2_700_000]).encode()

    assert refused(post(provider, raw))


@pytest.mark.parametrize(("size", "status"), [(2_000, 200), (2_700_000, 400)])
def test_oversized_form_is_refused_too(size, status):
    signed = mailgun({})["signature"]
    form = {"event": "complained", "recipient": READER, "file": SimpleUploadedFile("notes.txt", size * b"x")}

    response = Client().post("/hooks/mailgun/tracking/", signed | form, headers=auth())

    assert (response.status_code, DeliveryEvent.objects.count()) == (status, int(status == 200))


@pytest.mark.parametrize("provider", ["mailgun", "mailersend"])
def test_provider_that_is_not_set_up_is_not_there(provider, settings):
    settings.ANYMAIL = {"WEBHOOK_SECRET": [SECRET]}

    assert post(provider, HARD[provider]) == 404


@pytest.mark.parametrize("path", ["postmark/inbound", "mandrill", "sendgrid/tracking", "mailgun/inbound_mime"])
def test_addresses_that_take_mail_are_not_there(path):
    assert Client().post(f"/hooks/{path}/", b"{}", content_type="application/json", headers=auth()).status_code == 404


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_only_posts_are_taken(method):
    assert getattr(Client(), method)("/hooks/postmark/tracking/", headers=auth()).status_code == 405


def test_error_of_ours_asks_for_the_webhook_again(monkeypatch):
    def fail(*args: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(tracking, "receive", fail)
        client = Client(raise_request_exception=False)
        response = client.post(
            "/hooks/postmark/tracking/", HARD["postmark"], content_type="application/json", headers=auth()
        )

    assert (response.status_code, DeliveryEvent.objects.count()) == (500, 0)


def test_a25_refusal_says_nothing_of_the_body(caplog):
    caplog.set_level("DEBUG")
    post("amazon_ses", json.dumps({"Type": READER}).encode())
    post("postmark", b"{" + READER.encode())

    assert caplog.records
    assert READER not in caplog.text
    assert "a-long-random-word" not in caplog.text
