"""The same digest through every provider: what a message holds is what their API is told (STANDARDS M19 to M27)."""

import base64
import json
from email import message_from_bytes
from email.policy import default
from urllib.parse import parse_qs

import pytest
from django.core.mail import get_connection

from digest_site.environment_mail import PROVIDERS
from tests.providers import TO, YES, anymail_settings, stub_provider
from tests.subscriptions.mails import UNSUBSCRIBE, build_message, full_digest

# MailerSend sets Precedence when told so, and takes it in no other way.
PRECEDENCE_APART = {"mailersend"}
HEADERS = {
    "message-id": "<digest-0123456789abcdef@digest.example.org>",
    "auto-submitted": "auto-generated",
    "x-auto-response-suppress": "OOF, AutoReply",
    "feedback-id": "digest:::igestexampleorg",
    "list-id": "Paper Round <digests.digest.example.org>",
    "list-unsubscribe": f"<{UNSUBSCRIBE}>",
    "list-unsubscribe-post": "List-Unsubscribe=One-Click",
    "precedence": "bulk",
}


@pytest.fixture(autouse=True)
def _settings(settings, monkeypatch, tmp_path):
    settings.SITE_NAME = "Paper Round"
    settings.DEFAULT_FROM_EMAIL = "Paper Round <papers@digest.example.org>"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


def posted(provider: str, settings, **parts) -> bytes:
    settings.ANYMAIL_PROVIDER = provider
    with stub_provider(YES[provider][0]) as stub:
        settings.ANYMAIL = anymail_settings(provider, stub.url)
        get_connection(PROVIDERS[provider]).send_messages([build_message(**parts)])
        ((_headers, body),) = stub.posts
    return body


def told(provider: str, body: bytes) -> tuple[dict[str, str], str, str, str, str]:
    """Headers, recipient, subject, text and HTML, wherever this provider wants them."""
    if provider == "mailgun":
        form = {name: value for name, (value,) in parse_qs(body.decode()).items()}
        headers = {name[2:]: value for name, value in form.items() if name.startswith("h:")}
        return headers, form["to"], form["subject"], form["text"], form["html"]
    data = json.loads(body)
    if provider == "amazon_ses":
        mime = message_from_bytes(base64.b64decode(data["Content"]["Raw"]["Data"]), policy=default)
        text, html = (part.get_content() for part in mime.iter_parts())
        return dict(mime.items()), str(mime["To"]), str(mime["Subject"]), text, html
    if provider == "mailersend":
        headers = {each["name"]: each["value"] for each in data["headers"]}
        return headers, data["to"][0]["email"], data["subject"], data["text"], data["html"]
    if provider == "postmark":
        headers = {each["Name"]: each["Value"] for each in data["Headers"]}
        return headers, data["To"], data["Subject"], data["TextBody"], data["HtmlBody"]
    if provider == "mailjet":
        to, shared = data["Messages"][0]["To"][0]["Email"], data["Globals"]
        return shared["Headers"], to, shared["Subject"], shared["TextPart"], shared["HTMLPart"]
    if provider == "sparkpost":
        to, content = data["recipients"][0]["address"]["email"], data["content"]
        return content["headers"], to, content["subject"], content["text"], content["html"]
    if provider == "brevo":
        return data["headers"], data["to"][0]["email"], data["subject"], data["textContent"], data["htmlContent"]
    return data["headers"], data["to"][0], data["subject"], data["text"], data["html"]


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_every_provider_is_told_the_whole_digest(provider, settings):
    parts = full_digest() | {"subject": "2 new papers: 研究, Größe"}

    headers, to, subject, text, html = told(provider, posted(provider, settings, **parts))

    expected = {name: value for name, value in HEADERS.items() if name != "precedence"}
    if provider not in PRECEDENCE_APART:
        expected["precedence"] = "bulk"
    lower = {name.lower(): value for name, value in headers.items()}
    assert {name: lower.get(name) for name in expected} == expected
    assert (to, subject, text, html) == (TO, parts["subject"], parts["text"], parts["html"])


def test_mailersend_is_told_of_bulk_mail_in_its_own_way(settings):
    assert json.loads(posted("mailersend", settings))["precedence_bulk"] is True
