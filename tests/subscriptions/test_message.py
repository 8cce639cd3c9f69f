"""Headers and bytes, as files, servers and providers get them. No django_db mark: a message reads nothing."""

import json
import re
import socket
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from anymail.backends.base import BasePayload
from anymail.exceptions import AnymailUnsupportedFeature
from django.core.mail import get_connection
from django.utils.module_loading import import_string
from pytest_httpserver import HTTPServer

from digest_site.environment_mail import PROVIDERS
from subscriptions.message import MAX_SUBJECT, parse_address, tidy_subject
from tests.subscriptions.mails import FORBIDDEN, SENT_AT, UNSUBSCRIBE, build_message, parsed, raw

LIST_HEADERS = ["List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"]
ONCE = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Reply-To", *LIST_HEADERS]


@pytest.fixture(autouse=True)
def _addresses(settings):
    settings.SITE_NAME = "Paper Round"
    settings.DEFAULT_FROM_EMAIL = "Paper Round <papers@digest.example.org>"
    settings.REPLY_TO_EMAIL = "Readers’ desk <desk@example.org>"
    settings.BOUNCE_EMAIL = "Bounces <bounces@digest.example.org>"
    settings.ANYMAIL_PROVIDER = "none"


def test_digest_has_exactly_these_headers():
    message = parsed(build_message())

    headers = {name: str(value) for name, value in message.items() if name != "Content-Type"}
    assert headers == {
        "MIME-Version": "1.0",
        "Subject": "6 new papers: grokking",
        "From": "Paper Round <papers@digest.example.org>",
        "To": "reader@example.net",
        "Reply-To": "Readers’ desk <desk@example.org>",
        "Date": "Wed, 12 Aug 2026 07:00:30 +0000",
        "Message-ID": "<digest-0123456789abcdef@digest.example.org>",
        "Content-Language": "en",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "Feedback-ID": "digest:::igestexampleorg",
        "List-Id": "Paper Round <digests.digest.example.org>",
        "List-Unsubscribe": f"<{UNSUBSCRIBE}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Precedence": "bulk",
    }
    assert message.defects == []


def test_account_mail_is_no_list_mail():
    message = parsed(build_message(unsubscribe_url="", sender="Accounts <accounts@digest.example.org>"))

    assert message["From"] == "Accounts <accounts@digest.example.org>"
    assert [name for name in message.keys() if name.startswith("List-") or name == "Precedence"] == []  # noqa: SIM118
    assert message["Auto-Submitted"] == "auto-generated"


def test_unsubscribe_header_is_one_unencoded_line():
    lines = raw(build_message()).split(b"\r\n")

    line = f"List-Unsubscribe: <{UNSUBSCRIBE}>".encode()
    assert [found for found in lines if b"Unsubscribe: " in found] == [line]
    assert len(line) <= 78


def test_body_is_text_then_html():
    text, html = "Größe: 研究\n.\nFrom here\n", "<!doctype html><p>Größe &amp; 研究</p>\n"

    message = parsed(build_message(text=text, html=html))

    parts = [(p.get_content_type(), p.get_content_charset(), p.get_content()) for p in message.iter_parts()]
    assert [(kind, charset, body.replace("\r\n", "\n")) for kind, charset, body in parts] == [
        ("text/plain", "utf-8", text),
        ("text/html", "utf-8", html),
    ]


@pytest.mark.parametrize(
    "text", ["Plain", "Größe " * 300, "研究。" * 900, "a" * 3000, "=" * 90, " \t\n" * 90, "👩‍🔬" * 200]
)
def test_bodies_are_seven_bit_in_short_lines(text):
    message = build_message(text=text, html=f"<p>{text}</p>")

    bytes_ = raw(message)

    assert bytes_.isascii()
    assert max(map(len, bytes_.split(b"\r\n"))) <= 78
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", bytes_) is None
    body = message_from_bytes(bytes_, policy=default).get_body(("plain",))
    assert body["Content-Transfer-Encoding"] in {"quoted-printable", "base64"}
    assert body.get_content().replace("\r\n", "\n") == text


def test_base64_text_has_the_line_breaks_of_mail():
    part = parsed(build_message(text="研究\n" * 9)).get_body(("plain",))

    assert part.get_payload(decode=True) == "研究\r\n".encode() * 9


def test_bytes_are_the_same_on_a_retry():
    first, again = build_message(), build_message(sent_at=SENT_AT.replace(hour=9))

    assert raw(again) == raw(first).replace(b"07:00:30", b"09:00:30")


@pytest.mark.parametrize("form", ["a{}Bcc: x@evil.example", "a{}b"])
def test_no_code_point_breaks_the_headers(form):
    expected = {form.format(""), form.format(" ")}
    assert {tidy_subject(form.format(char)) for char in FORBIDDEN} == expected

    # Through the parser too; of the 2,048 surrogates every 64th.
    for char in (char for char in FORBIDDEN if not 0xD800 <= ord(char) <= 0xDFFF or ord(char) % 64 == 0):
        message = parsed(build_message(subject=form.format(char)))

        assert (message.defects, message["Bcc"], message["Subject"] in expected) == ([], None, True), hex(ord(char))
        assert [len(message.get_all(name)) for name in ONCE] == [1] * len(ONCE)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("6 new papers: =?utf-8?q?=0ABcc:_x?=", "6 new papers: = ?utf-8?q?=0ABcc:_x?="),
        ("6 new papers: " + "x" * 90, "6 new papers: " + "x" * 64),
        ("1 new paper: 研究, Größe", "1 new paper: 研究, Größe"),
        ("<b>&amp;</b> $\\alpha$", "<b>&amp;</b> $\\alpha$"),
    ],
)
def test_subject_arrives_as_it_was_meant(subject, expected):
    message = build_message(subject=subject)

    assert (tidy_subject(subject), message.subject, str(parsed(message)["Subject"])) == (expected,) * 3
    assert len(expected) <= MAX_SUBJECT


def test_long_subject_is_encoded_in_separate_words():
    header = raw(build_message(subject="研究" * 39)).split(b"Subject: ")[1].split(b"From: ")[0]

    words = header.split()
    assert len(words) > 1
    assert [len(word) <= 75 and word.startswith(b"=?") and word.endswith(b"?=") for word in words] == [True] * len(
        words
    )


@pytest.mark.parametrize(
    "address",
    [
        "a@example.net, b@example.net",
        "Doe, Jane <j@example.net>",
        "jané@example.net",
        "nobody",
        "",
        " a@example.net",
        "a@example.net (A)",
        "a@b\nBcc: c@d",
    ],
)
def test_recipient_must_be_one_address(address):
    with pytest.raises(ValueError, match=r"^the recipient is not exactly one ASCII address$") as caught:
        build_message(to=address)

    assert (caught.value.__cause__, caught.value.__suppress_context__) == (None, True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("papers@example.org", "papers@example.org"),
        ('"Papers, daily" <papers@example.org>', '"Papers, daily" <papers@example.org>'),
        ("Pa\x0bpers <papers@bücher.example>", "Pa pers <papers@xn--bcher-kva.example>"),
    ],
)
def test_own_addresses_are_built_by_the_book(value, expected):
    assert str(parse_address(value)) == expected


def test_list_id_is_ascii_whatever_the_name(settings):
    settings.SITE_NAME = "Pápeles, <daily>"

    assert parsed(build_message())["List-Id"] == "P peles daily <digests.digest.example.org>"


# On the wire -------------------------------------------------------------------------------------------


class Sink:
    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], list[str], bytes]] = []

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802 -- aiosmtpd's name
        self.taken.append((envelope.mail_from, envelope.mail_options, envelope.rcpt_tos, envelope.original_content))
        return "250 taken"


@pytest.fixture
def smtp():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    yield sink, get_connection("django.core.mail.backends.smtp.EmailBackend", host="127.0.0.1", port=port)
    controller.stop()


def test_smtp_server_gets_the_bytes(smtp):
    sink, connection = smtp
    message = build_message(text="Größe\n.\n..\n.end\nFrom here\n" + "研" * 20, html="<p>\n.\n</p>\n")

    sent = connection.send_messages([message])

    [(mail_from, options, recipients, content)] = sink.taken
    assert (sent, mail_from, recipients) == (1, "bounces@digest.example.org", ["reader@example.net"])
    assert not any("BODY" in option or "SMTPUTF8" in option for option in options)
    assert content == raw(message)
    assert content.isascii()
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", content) is None
    assert parsed(message).get_body(("plain",)).get_content().replace("\r\n", "\n") == message.body


# Through a provider's API ------------------------------------------------------------------------------

KEYS = {
    "amazon_ses": {"CLIENT_PARAMS": {"region_name": "eu-west-1"}},
    "brevo": {"API_KEY": "x"},
    "mailersend": {"API_TOKEN": "x"},
    "mailgun": {"API_KEY": "x", "SENDER_DOMAIN": "digest.example.org"},
    "mailjet": {"API_KEY": "x", "SECRET_KEY": "x"},
    "postmark": {"SERVER_TOKEN": "x"},
    "resend": {"API_KEY": "x"},
    "sparkpost": {"API_KEY": "x"},
}


def payload_of(provider: str, settings) -> BasePayload:
    settings.ANYMAIL_PROVIDER = provider
    settings.ANYMAIL = {f"{provider.upper()}_{name}": value for name, value in KEYS[provider].items()}
    backend = import_string(PROVIDERS[provider])()
    return backend.build_message_payload(build_message(), {})


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_every_provider_takes_the_message(provider, settings):
    payload = payload_of(provider, settings)

    body = str(payload.mime_message) if provider == "amazon_ses" else json.dumps(payload.data, default=dict)
    assert "papers@digest.example.org" in body
    assert "bounces@" not in body
    assert UNSUBSCRIBE in body


@pytest.mark.parametrize("feature", ["metadata", "track_opens", "track_clicks"])
@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_every_provider_is_told_all_it_can_be_told(provider, feature, settings):
    payload = payload_of(provider, settings)
    told = hasattr(payload.message, feature)

    try:
        getattr(payload, f"set_{feature}")({} if feature == "metadata" else False)
        can_be_told = True
    except AnymailUnsupportedFeature:
        can_be_told = False

    assert told == can_be_told


def test_postmark_is_sent_all_of_it(settings, httpserver: HTTPServer):
    settings.ANYMAIL_PROVIDER = "postmark"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "x", "POSTMARK_API_URL": httpserver.url_for("/")}
    httpserver.expect_request("/email", method="POST").respond_with_json(
        {"To": "reader@example.net", "MessageID": "p-1", "ErrorCode": 0, "Message": "OK"}
    )
    message = build_message(subject="2 new papers: 研究")

    sent = get_connection(PROVIDERS["postmark"]).send_messages([message])

    request = httpserver.log[0][0].get_json()
    headers = {header["Name"]: header["Value"] for header in request.pop("Headers")}
    assert (sent, message.anymail_status.status, message.anymail_status.message_id) == (1, {"sent"}, "p-1")
    assert request == {
        "From": "Paper Round <papers@digest.example.org>",
        "To": "reader@example.net",
        "ReplyTo": "Readers’ desk <desk@example.org>",
        "Subject": "2 new papers: 研究",
        "TextBody": "Six papers.\n",
        "HtmlBody": "<!doctype html><p>Six papers.</p>\n",
        "Metadata": {"key": "digest-0123456789abcdef"},
        "TrackLinks": "None",
        "TrackOpens": False,
    }
    assert headers == {
        "Message-ID": "<digest-0123456789abcdef@digest.example.org>",
        "Content-Language": "en",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "Feedback-ID": "digest:::igestexampleorg",
        "List-Id": "Paper Round <digests.digest.example.org>",
        "List-Unsubscribe": f"<{UNSUBSCRIBE}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Precedence": "bulk",
    }
