"""Hand one message to the provider and say what became of it. No database, no retries, no logging: the
caller decides."""

import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
import urllib3
from anymail.exceptions import (
    AnymailAPIError,
    AnymailCancelSend,
    AnymailConfigurationError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailSerializationError,
    AnymailUnsupportedFeature,
)
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from papers.text import clean
from subscriptions.providers import AlreadyTaken, KeyInUse

MAX_REASON = 300
MAX_MESSAGES = 100  # a connection; many servers close it after that anyway
MAX_AGE = 300.0  # seconds a connection is kept
MAX_RETRY_AFTER = 6 * 3600.0
PAUSE = 60.0  # seconds to leave a provider alone that cannot be reached, or has too much and does not say for how long

# Answers of a provider's API, https://www.rfc-editor.org/rfc/rfc9110#section-15
TOO_MANY = 429  # refused before acceptance: later
NOT_ALLOWED = frozenset({401, 403})  # our credentials, not this message
# What requests raises of an address that cannot be posted to, or that sends us elsewhere.
NO_API = (
    requests.TooManyRedirects,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
)
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
    """Provably not accepted; may be tried again.

    `retry_after` is set where no message of ours would be accepted before so many seconds, whatever it is.
    """

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
        if isinstance(session := getattr(self._backend, "session", None), requests.Session):
            session.max_redirects = 0  # what is redirected with 307 would be posted twice
        self._opened_at = self._opened_at or now
        return None

    def send(self, message: EmailMessage) -> Outcome:
        """Send one message; never raises. The classes are those of STANDARDS D10."""
        self._sent += 1
        try:
            count = self._backend.send_messages([message])
        except Exception as error:
            outcome = _explain(error, message, in_doubt=getattr(self._backend, "in_doubt", True))
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
    if status.status & ACCEPTED:  # of the one recipient, however the provider spells it
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


def _explain(error: Exception, message: EmailMessage, *, in_doubt: bool) -> Outcome:
    if isinstance(error, smtplib.SMTPException):
        return _explain_smtp(error, in_doubt=in_doubt)
    if isinstance(error, AnymailRecipientsRefused):
        return Refused("provider: recipient refused")
    if (answer := _answer(error, message)) is not None:
        return _explain_answer(answer)
    if isinstance(
        error, AnymailSerializationError | AnymailUnsupportedFeature | AnymailInvalidAddress | AnymailCancelSend
    ):
        return Refused(f"{type(error).__name__}: the message could not be put into the provider's form")
    if isinstance(error, AnymailAPIError):
        return _explain_api(error)
    if isinstance(error, AnymailError | AnymailConfigurationError):
        return Misconfigured(_words(error))  # raised before anything is posted
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
    if error.response is None:
        return _explain_connection(error)
    if isinstance(error, AlreadyTaken):
        return Receipt()
    if isinstance(error, KeyInUse):
        return OutcomeUnknown(f"provider answered {error.status_code}: an earlier attempt with this key decides")
    if 200 <= error.status_code < 300:
        # Nothing of a mail API would be refused with that status: Mailgun's answer to a wrong address.
        return Misconfigured(f"provider answered {error.status_code}, but took nothing")
    return _explain_answer(error.response)


def _answer(error: Exception, message: EmailMessage) -> requests.Response | None:
    """What the provider said to our post, where it came through and only Anymail could make no sense of it."""
    answer = getattr(getattr(message, "anymail_status", None), "esp_response", None)
    if answer is not None and getattr(error, "response", None) is not None:
        answer = error.response  # type: ignore[attr-defined]
    return answer if isinstance(answer, requests.Response) else None


def _explain_answer(response: requests.Response) -> Outcome:
    code = response.status_code
    reason = f"provider answered {code}"
    if 200 <= code < 300:
        # Accepted, in words that could not be read: STANDARDS D10, "HTTP 2xx, unreadable body".
        return Receipt()
    if code == TOO_MANY:
        return NotAccepted(reason, _retry_after(response) or PAUSE)
    if code in NOT_ALLOWED or 300 <= code < 400:
        return Misconfigured(reason)
    return Refused(reason) if 400 <= code < 500 else OutcomeUnknown(reason)


def _explain_connection(error: Exception) -> Failure:
    """Nothing came back over HTTP: provably unsent only if no connection was made."""
    cause = error.__cause__ or error
    reason = _words(cause)
    if isinstance(cause, NO_API):
        return Misconfigured(reason)
    for root in _roots(cause):
        if isinstance(root, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError):
            return NotAccepted(reason, PAUSE)
        why = getattr(root, "reason", None)
        if why is not None and why.args and isinstance(why.args[0], ssl.SSLCertVerificationError):
            return NotAccepted(reason, PAUSE)
    return OutcomeUnknown(reason)


def _roots(error: BaseException | None) -> Iterator[BaseException]:
    """What it came from, one behind the other: requests and botocore both wrap urllib3's own errors."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _retry_after(response: requests.Response) -> float | None:
    """Seconds from a Retry-After header, a number or a date (RFC 9110 section 10.2.3); None if unusable."""
    raw = response.headers.get("Retry-After", "").strip()
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
