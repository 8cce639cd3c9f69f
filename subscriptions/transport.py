"""Hand one message to the provider and say what became of it. No database, no retries, no logging: the
caller decides."""

import smtplib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3
from anymail.exceptions import (
    AnymailAPIError,
    AnymailCancelSend,
    AnymailConfigurationError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailSerializationError,
    AnymailUnsupportedFeature,
)
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from papers.text import clean

MAX_REASON = 300
MAX_MESSAGES = 100  # a connection; many servers close it after that anyway
MAX_AGE = 300.0  # seconds a connection is kept
MAX_RETRY_AFTER = 6 * 3600.0

# Answers of a provider's API, https://www.rfc-editor.org/rfc/rfc9110#section-15
TOO_MANY = 429  # refused before acceptance: later
NOT_ALLOWED = frozenset({401, 403})  # our credentials, not this message
# SMTP replies, https://www.rfc-editor.org/rfc/rfc4954#section-6
SMTP_CREDENTIALS = frozenset({530, 534, 535, 538})

# anymail_status values, https://anymail.dev/en/stable/sending/anymail_additions/
ACCEPTED = frozenset({"sent", "queued"})
REFUSED = frozenset({"rejected", "invalid", "failed"})


@dataclass(frozen=True)
class Receipt:
    """Accepted by the provider; `provider_id` is its name for the message, "" when it gave none."""

    provider_id: str = ""


@dataclass(frozen=True)
class Refused:
    """Refused for good."""

    reason: str


@dataclass(frozen=True)
class NotAccepted:
    """Provably not accepted; may be tried again, not before `retry_after` seconds where that is set."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True)
class Misconfigured:
    """Not accepted because of our own settings or credentials: every other message would fare the same."""

    reason: str


@dataclass(frozen=True)
class OutcomeUnknown:
    """May or may not have been accepted."""

    reason: str


Failure = Refused | NotAccepted | Misconfigured | OutcomeUnknown
Outcome = Receipt | Failure


class Channel:
    """One kept connection to the provider: reopened when lost, renewed after MAX_MESSAGES or MAX_AGE.

    Use as a context manager. `open` before anything is fenced, so that a dead server costs no doubt.
    """

    def __init__(self, backend: BaseEmailBackend | None = None) -> None:
        self._backend = backend or get_connection()
        self._opened_at: datetime | None = None
        self._sent = 0

    def __enter__(self) -> "Channel":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def open(self, now: datetime) -> NotAccepted | Misconfigured | None:
        """Make sure a connection stands; None when it does, else why not."""
        worn = self._opened_at and (now - self._opened_at).total_seconds() > MAX_AGE
        if worn or self._sent >= MAX_MESSAGES:
            self.close()
        try:
            self._backend.open()
        except Exception as error:
            self.close()
            return _explain_open(error)
        self._opened_at = self._opened_at or now
        return None

    def send(self, message: EmailMessage) -> Outcome:
        """Send one message; never raises. The classes are those of STANDARDS D10."""
        self._sent += 1
        try:
            count = self._backend.send_messages([message])
        except Exception as error:
            outcome = _explain(error, in_doubt=getattr(self._backend, "in_doubt", True))
            if not isinstance(outcome, Refused):
                self.close()
            return outcome
        return _read_status(message, count)

    def close(self) -> None:
        self._opened_at, self._sent = None, 0
        try:
            self._backend.close()
        except (OSError, smtplib.SMTPException):
            pass  # the server's last word changes nothing
        finally:
            if hasattr(self._backend, "connection"):
                self._backend.connection = None


def _read_status(message: EmailMessage, count: int | None) -> Outcome:
    status = getattr(message, "anymail_status", None)
    if status is None or status.status is None:
        return Receipt() if count == 1 else OutcomeUnknown(f"the mail backend reported {count} messages sent")
    if status.status <= ACCEPTED:
        return Receipt(str(status.message_id or "")[:200])
    words = ", ".join(sorted(map(str, status.status)))
    # Postmark answers 422 in words Anymail may not know; the status code is plain enough.
    code = getattr(status.esp_response, "status_code", 200)
    if status.status <= REFUSED or 400 <= code < 500:
        return Refused(f"provider: {words}")
    return OutcomeUnknown(f"provider: {words}")


def _explain_open(error: Exception) -> NotAccepted | Misconfigured:
    if isinstance(error, smtplib.SMTPResponseException):
        reason = _reply(error.smtp_code, error.smtp_error)
        return Misconfigured(reason) if isinstance(error, smtplib.SMTPAuthenticationError) else NotAccepted(reason)
    if isinstance(error, smtplib.SMTPNotSupportedError | AnymailConfigurationError):
        return Misconfigured(_words(error))
    return NotAccepted(_words(error))


def _explain(error: Exception, *, in_doubt: bool) -> Outcome:
    if isinstance(error, smtplib.SMTPException):
        return _explain_smtp(error, in_doubt=in_doubt)
    if isinstance(error, AnymailRecipientsRefused):
        return Refused("provider: recipient refused")
    if isinstance(error, AnymailConfigurationError):
        return Misconfigured(_words(error))
    if isinstance(
        error, AnymailSerializationError | AnymailUnsupportedFeature | AnymailInvalidAddress | AnymailCancelSend
    ):
        return Refused(f"{type(error).__name__}: the message could not be put into the provider's form")
    if isinstance(error, AnymailAPIError):
        return _explain_api(error)
    return OutcomeUnknown(_words(error))


def _explain_smtp(error: smtplib.SMTPException, *, in_doubt: bool) -> Failure:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _explain_reply(*next(iter(error.recipients.values())))
    if isinstance(error, smtplib.SMTPResponseException):
        return _explain_reply(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Refused(_words(error))
    return OutcomeUnknown(_words(error)) if in_doubt else NotAccepted(_words(error))


def _explain_reply(code: int, text: bytes | str) -> Failure:
    reason = _reply(code, text)
    if code in SMTP_CREDENTIALS:
        return Misconfigured(reason)
    return Refused(reason) if code >= 500 else NotAccepted(reason)


def _explain_api(error: AnymailAPIError) -> Outcome:
    code = error.status_code
    if code is None:
        return _explain_connection(error)
    reason = f"provider answered {code}"
    if 200 <= code < 300:
        # Accepted, in words that could not be read: STANDARDS D10, "HTTP 2xx, unreadable body".
        return Receipt()
    if code == TOO_MANY:
        return NotAccepted(reason, _retry_after(error.response))
    if code in NOT_ALLOWED:
        return Misconfigured(reason)
    return Refused(reason) if 400 <= code < 500 else OutcomeUnknown(reason)


def _explain_connection(error: Exception) -> Failure:
    """Nothing came back over HTTP: provably unsent only if no connection was made."""
    cause: BaseException | None = error.__cause__
    reason = _words(cause or error)
    inner: Any = cause.args[0] if cause is not None and cause.args else None
    why = inner.reason if isinstance(inner, urllib3.exceptions.MaxRetryError) else None
    if isinstance(why, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError):
        return NotAccepted(reason)
    if why is not None and why.args and isinstance(why.args[0], ssl.SSLCertVerificationError):
        return NotAccepted(reason)
    return OutcomeUnknown(reason)


def _retry_after(response: requests.Response | None) -> float | None:
    """Seconds from a Retry-After header, a number or a date (RFC 9110 section 10.2.3); None if unusable."""
    raw = response.headers.get("Retry-After", "").strip() if response is not None else ""
    if raw.isdigit() and len(raw) < 10:
        return min(float(raw), MAX_RETRY_AFTER)
    try:
        seconds = (parsedate_to_datetime(raw).astimezone(UTC) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _reply(code: int, text: bytes | str) -> str:
    words = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    return clean(f"{code} {words}", MAX_REASON)


def _words(error: BaseException) -> str:
    # The class alone for what may quote an address or a body; the text only of plain system errors.
    detail = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""
    return clean(f"{type(error).__name__}{detail}", MAX_REASON)
