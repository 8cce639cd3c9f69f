"""What goes out: one message to one person, its headers and its bytes. No database, no templates.

The rules kept here are those of STANDARDS.md, section 1 (M01 to M32).
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from email.charset import Charset
from email.header import Header
from email.headerregistry import Address
from email.message import Message as MimeMessage
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.encoding import punycode
from django.utils.translation import get_language

from papers.text import clean
from subscriptions.encoding import Body

MAX_SUBJECT = 78
MAX_ENCODED_WORD = 75

# What a provider's backend can be told in Anymail 15; asking the others raises AnymailUnsupportedFeature.
# https://anymail.dev/en/stable/esps/#anymail-feature-support
HAS_TRACKING_SWITCH = frozenset({"mailersend", "mailgun", "mailjet", "postmark", "sparkpost"})
HAS_METADATA = frozenset({"amazon_ses", "brevo", "mailgun", "mailjet", "postmark", "resend", "sparkpost"})
TELLS_TAGS_ONLY = frozenset({"mailersend"})  # with its events; the key is what finds a message in doubt


class BodyCharset(Charset):
    """UTF-8 bodies in 7 bits. `bodies`, by subtype, are encoded already.

    Django itself sends short lines as raw 8-bit, to servers that never offered to take it.
    """

    def __init__(self, bodies: Mapping[str, Body] = MappingProxyType({})) -> None:
        super().__init__("utf-8")
        self._bodies = bodies

    def get_body_encoding(self) -> Callable[[MimeMessage], None]:
        return self._encode

    def _encode(self, part: MimeMessage) -> None:
        body = self._bodies.get(part.get_content_subtype()) or _body_of(part)
        part["Content-Transfer-Encoding"] = body.encoding
        part.set_payload(body.encoded.decode("ascii"))


def _body_of(part: MimeMessage) -> Body:
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)  # noqa: S101 -- a text part's payload always is
    return Body.of(raw.decode())


class Message(EmailMultiAlternatives):
    """Text and HTML to one address.

    `sender` and `to` are addresses as settings and rows hold them; `unsubscribe_url` makes it list mail
    (RFC 8058); `sent_at` is the moment of hand-over; its language is the active one. Built twice from the
    same values, the bytes are equal.
    Raises ValueError, naming no address, when `to` is not exactly one ASCII address.
    """

    def __init__(
        self,
        *,
        key: str,
        sender: str,
        to: str,
        subject: str,
        text: str | Body,
        html: str | Body,
        sent_at: datetime,
        unsubscribe_url: str = "",
    ) -> None:
        from_address = parse_address(sender)
        plain, page = (Body.of(part) if isinstance(part, str) else part for part in (text, html))
        super().__init__(
            subject=tidy_subject(subject),
            body=plain.text,
            from_email=str(from_address),
            to=[_recipient(to)],
            reply_to=[str(parse_address(settings.REPLY_TO_EMAIL))],
            headers={
                "Message-ID": f"<{key}@{from_address.domain}>",
                "Content-Language": get_language() or settings.LANGUAGE_CODE,
                "Auto-Submitted": "auto-generated",
                # Not "All": that would silence Exchange's bounces as well.
                "X-Auto-Response-Suppress": "OOF, AutoReply",
                "Feedback-ID": _feedback_id(key, from_address.domain),
                **(_list_headers(unsubscribe_url) if unsubscribe_url else {}),
            },
        )
        self.key = key
        self.html = page.text
        self.sent_at = sent_at
        self.encoding = BodyCharset({"plain": plain, "html": page})
        self.attach_alternative(self.html, "text/html")
        self._fit_provider(settings.ANYMAIL_PROVIDER)

    def _fit_provider(self, provider: str) -> None:
        """Say what only SMTP, or only this provider's backend, can be told."""
        if provider == "none":
            # Django's SMTP backend takes the envelope's sender from `from_email`. Providers have a bounce
            # address of their own and report bounces by webhook; Anymail refuses the pair for most of them.
            self.extra_headers["From"] = self.from_email
            self.from_email = parse_address(settings.BOUNCE_EMAIL).addr_spec
        if provider in HAS_METADATA:
            self.metadata = {"key": self.key}
        if provider in TELLS_TAGS_ONLY:
            self.tags = [self.key]
        if provider in HAS_TRACKING_SWITCH:
            self.track_opens = self.track_clicks = False

    def message(self, *args: Any, **kwargs: Any) -> Any:
        message = super().message(*args, **kwargs)
        message.replace_header("Date", format_datetime(self.sent_at))
        if not self.subject.isascii():
            # Django leaves no room for "Subject: " and makes encoded words of 76 characters (RFC 2047: 75).
            subject = Header(str(self.subject), "utf-8", maxlinelen=MAX_ENCODED_WORD, header_name="Subject")
            message.replace_header("Subject", subject.encode())
        # "=_" occurs in no quoted-printable or base64 text, so no body can contain the boundary.
        message.set_boundary(f"=_{sha256(self.key.encode()).hexdigest()[:32]}")
        return message


# Every message asks for the same few, several times.
@lru_cache(maxsize=16)
def parse_address(value: str) -> Address:
    """One address of our own settings, its name clean and its domain in ASCII."""
    display, spec = parseaddr(value)
    parsed = Address(addr_spec=spec)
    return Address(clean(display), parsed.username, punycode(parsed.domain))


def tidy_subject(value: str) -> str:
    """One clean line of at most 78 characters that no mail program takes for an encoded word."""
    return clean(clean(value).replace("=?", "= ?"), MAX_SUBJECT)


def _recipient(value: str) -> str:
    try:
        spec = Address(addr_spec=value).addr_spec
    except (ValueError, IndexError):
        spec = ""
    if not spec or spec != value or not value.isascii():
        # Not `from error`: that would write the address into a log.
        raise ValueError("the recipient is not exactly one ASCII address") from None
    return spec


def _feedback_id(key: str, domain: str) -> str:
    """By what Gmail groups complaints: the kind of mail, and who sends it."""
    # https://support.google.com/mail/answer/6254652
    kind = key.rpartition("-")[0]
    sender = re.sub(r"[^a-z0-9]", "", domain.lower())
    return f"{kind}:::{sender[-15:]:0>5}"


def _list_headers(unsubscribe_url: str) -> dict[str, str]:
    """RFC 2919 and RFC 8058. The identifier never changes, so that readers' filters hold."""
    domain = parse_address(settings.DEFAULT_FROM_EMAIL).domain
    name = " ".join(re.findall(r"[A-Za-z0-9-]+", settings.SITE_NAME))[:100]
    return {
        "List-Id": f"{name} <digests.{domain}>".strip(),
        "List-Unsubscribe": f"<{unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Precedence": "bulk",
    }
