"""Anymail's backends for providers that remember a key: the same key twice, within its life, is one mail.

Each sends the delivery's key in the provider's own way, and names the two answers that only a repeated key
can get. A message without a `key` goes out as Anymail would send it.
"""

import uuid
from datetime import timedelta
from typing import Any

import requests
from anymail.backends import brevo, resend, sparkpost
from anymail.exceptions import AnymailRequestsAPIError
from django.core.mail import EmailMessage

# Shorter than the providers promise (Resend and SparkPost 24 hours, Brevo 30 minutes, once 15), so that a
# repetition which leaves within this time also arrives within theirs.
KEY_LIVES = {
    "brevo": timedelta(minutes=13),
    "resend": timedelta(hours=23),
    "sparkpost": timedelta(hours=23),
}

CONFLICT = 409


class AlreadyTaken(AnymailRequestsAPIError):  # type: ignore[misc]
    """The provider has taken a mail with this key before, and did not take another."""


class KeyInUse(AnymailRequestsAPIError):  # type: ignore[misc]
    """Nothing was taken now; what became of the earlier attempt with this key is not said."""


def key_life(provider: str) -> timedelta | None:
    """For how long after it was first handed over a message may be sent again and still be one mail.

    None: the provider keeps no keys, and nothing in doubt may ever be sent again by itself.
    """
    return KEY_LIVES.get(provider)


class _HeaderKey:
    """Mixed into a backend whose API takes the key as an HTTP header, and replays its first answer."""

    def build_message_payload(self, message: EmailMessage, defaults: dict[str, Any]) -> Any:
        payload = super().build_message_payload(message, defaults)  # type: ignore[misc]
        if key := getattr(message, "key", ""):
            payload.headers["Idempotency-Key"] = key
        return payload

    def raise_for_status(self, response: requests.Response, payload: Any, message: EmailMessage) -> None:
        # In progress, or used for other content: in both cases the earlier attempt decides.
        if response.status_code == CONFLICT and hasattr(message, "key"):
            raise KeyInUse(email_message=message, payload=payload, response=response, backend=self)
        super().raise_for_status(response, payload, message)  # type: ignore[misc]


class ResendBackend(_HeaderKey, resend.EmailBackend):  # type: ignore[misc]
    """https://resend.com/docs/dashboard/emails/idempotency-keys"""


class SparkPostBackend(_HeaderKey, sparkpost.EmailBackend):  # type: ignore[misc]
    """https://developers.sparkpost.com/api/transmissions/, "Idempotent Requests"."""


class BrevoBackend(brevo.EmailBackend):  # type: ignore[misc]
    """https://developers.brevo.com/docs/heterogenous-versions-batch-emails: a UUID among the mail's headers."""

    def build_message_payload(self, message: EmailMessage, defaults: dict[str, Any]) -> Any:
        payload = super().build_message_payload(message, defaults)
        if key := getattr(message, "key", ""):
            payload.data["headers"]["idempotencyKey"] = str(uuid.uuid5(uuid.NAMESPACE_OID, key))
        return payload

    def raise_for_status(self, response: requests.Response, payload: Any, message: EmailMessage) -> None:
        if hasattr(message, "key") and _brevo_code(response) == "duplicate_parameter":
            raise AlreadyTaken(email_message=message, payload=payload, response=response, backend=self)
        super().raise_for_status(response, payload, message)


def _brevo_code(response: requests.Response) -> object:
    if not 400 <= response.status_code < 500:
        return None
    try:
        return response.json().get("code")
    except (ValueError, AttributeError):
        return None
