"""Whether mail would be taken: a conversation with the mail server that ends before any message, or a question that
costs nothing to the provider's API."""

import smtplib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import get_connection

from digest_site.doctor.findings import Finding, failed, not_checked, ok, warning
from subscriptions import counting
from subscriptions.message import parse_address
from subscriptions.models import DeliveryEvent

MIN_SECRET = 16
# So many messages without one event, and the webhook is probably not set up.
ENOUGH = 50


@dataclass(frozen=True)
class Question:
    """`path` below the API's address; `sending_keys`: a key may be good for sending only, and is refused here."""

    path: str
    headers: Callable[[Any], dict[str, str]]
    sending_keys: bool = False


QUESTIONS = {
    # https://developers.brevo.com/reference/getaccount
    "brevo": Question("account", lambda backend: {"api-key": backend.api_key}),
    # https://postmarkapp.com/developer/api/server-api
    "postmark": Question("server", lambda backend: {"X-Postmark-Server-Token": backend.server_token}),
    # https://resend.com/docs/api-reference/domains/list-domains
    "resend": Question("domains", lambda backend: {"Authorization": f"Bearer {backend.api_key}"}, sending_keys=True),
}


def examine_transport(now: datetime) -> Iterator[Finding]:
    if not leaves_the_house():
        judge = failed if settings.PUBLIC else warning
        yield judge("mail", "messages are only written to files", "set EMAIL_URL or ANYMAIL_PROVIDER")
    elif settings.ANYMAIL_PROVIDER in QUESTIONS:
        yield _ask_provider(settings.ANYMAIL_PROVIDER, QUESTIONS[settings.ANYMAIL_PROVIDER])
    elif settings.EMAIL_BACKEND == "subscriptions.smtp.EmailBackend":
        yield _converse()
    else:
        hint = "send yourself a test copy from a reader's page in the admin"
        yield not_checked("mail", f"{settings.EMAIL_BACKEND} has no question that costs nothing", hint)


def leaves_the_house() -> bool:
    return not settings.EMAIL_BACKEND.endswith("outbox.EmailBackend")


def _ask_provider(name: str, question: Question) -> Finding:
    backend = get_connection()
    backend.open()
    try:
        headers = {"Accept": "application/json"} | question.headers(backend)
        answer = backend.session.get(  # type: ignore[attr-defined]
            backend.api_url + question.path,  # type: ignore[attr-defined]
            headers=headers, timeout=settings.EMAIL_TIMEOUT, allow_redirects=False,
        )  # fmt: skip
    finally:
        backend.close()
    if answer.ok:
        return ok("mail", f"{name} knows our key")
    if answer.status_code in {401, 403} and question.sending_keys:
        hint = "a key that may only send is refused here too: send yourself a test copy from the admin"
        return warning("mail", f"{name} answered {answer.status_code}", hint)
    return failed("mail", f"{name} answered {answer.status_code}", "look at the key and at the provider's status page")


def _converse() -> Finding:
    """EHLO, TLS and log-in as for a digest; MAIL and RCPT to our own mailbox; then RSET: nothing is sent."""
    place = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    backend = get_connection()
    try:
        backend.open()
        server: smtplib.SMTP = backend.connection  # type: ignore[attr-defined]
        for step, argument in (
            (server.mail, parse_address(settings.BOUNCE_EMAIL).addr_spec),
            (server.rcpt, parse_address(settings.REPLY_TO_EMAIL).addr_spec),
        ):
            code, text = step(argument)
            if code >= 400:
                words = f"{place} answered {code} {text.decode('ascii', 'replace')[:200]}"
                return failed("mail", words, "look at BOUNCE_EMAIL, REPLY_TO_EMAIL and what this server may relay")
        server.rset()
    except smtplib.SMTPAuthenticationError as error:
        return failed(
            "mail", f"{place} refused the log-in: {error.smtp_code}", "look at user and password in EMAIL_URL"
        )
    except (OSError, smtplib.SMTPException) as error:
        words = f"{place}: {type(error).__name__}{f': {error.strerror}' if getattr(error, 'strerror', None) else ''}"
        return failed("mail", words, "look at EMAIL_URL, the firewall, and the server's certificate")
    finally:
        backend.close()
    if settings.EMAIL_HOST_PASSWORD and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        hint = "write smtp://…:587, smtp+tls:// or smtps:// in EMAIL_URL"
        return warning("mail", f"{place} would take mail, but the password travels unencrypted", hint)
    return ok("mail", f"{place} would take mail")


def examine_webhook(now: datetime) -> Iterator[Finding]:
    if settings.ANYMAIL_PROVIDER == "none":
        yield not_checked("webhook", "a mail server tells us nothing later", "watch the mailbox of BOUNCE_EMAIL")
        return
    secrets = settings.ANYMAIL.get("WEBHOOK_SECRET") or []
    address = f"{settings.SITE_URL}/hooks/{settings.ANYMAIL_PROVIDER}/tracking/"
    if not secrets:
        hint = (
            f"set ANYMAIL_WEBHOOK_SECRET=user:password and give the provider {address} with both in front of the host"
        )
        yield failed("webhook", "every webhook is refused: there is no secret", hint)
    elif any(len(secret.partition(":")[2]) < MIN_SECRET for secret in secrets):
        yield warning("webhook", f"its password is shorter than {MIN_SECRET} characters", "take a long random word")
    elif _is_silent(now):
        hint = f"give the provider {address}, see PROVIDERS.md"
        yield warning("webhook", "no event came for a week of mail", hint)
    else:
        yield ok("webhook", address)


def _is_silent(now: datetime) -> bool:
    week = DeliveryEvent.objects.filter(received_at__gt=now - timedelta(days=7), provider=settings.ANYMAIL_PROVIDER)
    return counting.rates(now).accepted >= ENOUGH and not week.exists()
