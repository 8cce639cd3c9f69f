"""The providers' webhooks: Anymail's views behind a door of our own.

Anymail lets everybody in when no secret is set, and answers nonsense with 500, so that it comes again.
Here nobody gets in without the secret, and what cannot be read is answered with 400 and leaves no row. Only
events are taken, no mail: of Anymail's addresses, those that track.
"""

import base64
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from anymail.exceptions import AnymailAPIError, AnymailConfigurationError, AnymailWebhookValidationFailure
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailersend import MailerSendTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.resend import ResendTrackingWebhookView
from anymail.webhooks.sparkpost import SparkPostTrackingWebhookView
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponseBadRequest, HttpResponseBase, UnreadablePostError
from django.urls import re_path
from django.utils.crypto import constant_time_compare

logger = logging.getLogger(__name__)

View = Callable[[HttpRequest], HttpResponseBase]

# A signature is no use to whoever recorded it after this long. Mailgun repeats for eight hours.
SVIX_TOLERANCE = 5 * 60
MAILGUN_TOLERANCE = 24 * 3600

# What Anymail's parsers raise of a body that is not what the provider sends.
NONSENSE = (
    AnymailAPIError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    UnreadablePostError,
    ValueError,
)


class BadWebhook(SuspiciousOperation):
    """Answered with 400. Never quotes the body, which holds addresses."""


class _Careful:
    """Mixed into Anymail's views: what cannot be checked or read is the sender's fault."""

    def run_validators(self, request: HttpRequest) -> None:
        with _nonsense_is_bad():
            if int(request.headers.get("Content-Length") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
                raise RequestDataTooBig("a webhook longer than DATA_UPLOAD_MAX_MEMORY_SIZE")
            super().run_validators(request)  # type: ignore[misc]

    def parse_events(self, request: HttpRequest) -> Any:
        with _nonsense_is_bad():
            return super().parse_events(request)  # type: ignore[misc]


class AmazonSES(_Careful, AmazonSESTrackingWebhookView):  # type: ignore[misc]
    pass


class Brevo(_Careful, BrevoTrackingWebhookView):  # type: ignore[misc]
    pass


class MailerSend(_Careful, MailerSendTrackingWebhookView):  # type: ignore[misc]
    pass


class Mailgun(_Careful, MailgunTrackingWebhookView):  # type: ignore[misc]
    """Its signature covers no more than a time and a token. Anymail takes the token for the event's id."""

    def validate_request(self, request: HttpRequest) -> None:
        signed = json.loads(request.body)["signature"] if request.content_type == "application/json" else request.POST
        if abs(time.time() - float(signed["timestamp"])) > MAILGUN_TOLERANCE:
            raise BadWebhook("a Mailgun webhook of another day")


class Mailjet(_Careful, MailjetTrackingWebhookView):  # type: ignore[misc]
    pass


class Postmark(_Careful, PostmarkTrackingWebhookView):  # type: ignore[misc]
    pass


class Resend(_Careful, ResendTrackingWebhookView):  # type: ignore[misc]
    """Checks Svix's signature itself; Anymail would want the svix package for it.

    https://docs.svix.com/receiving/verifying-payloads/how-manual
    """

    _secret_setting_name = "checked_here"  # so that Anymail finds none  # noqa: S105

    def validate_request(self, request: HttpRequest) -> None:
        secret = settings.ANYMAIL.get("RESEND_SIGNING_SECRET")
        if not secret:
            return
        name, sent_at = request.headers["svix-id"], request.headers["svix-timestamp"]
        key = base64.b64decode(secret.removeprefix("whsec_"))
        mac = hmac.new(key, f"{name}.{sent_at}.".encode() + request.body, hashlib.sha256)
        good = f"v1,{base64.b64encode(mac.digest()).decode()}"
        signatures = request.headers["svix-signature"].split()
        if not any(constant_time_compare(good, signature) for signature in signatures):
            raise BadWebhook("a Resend webhook with a wrong signature")
        if abs(time.time() - int(sent_at)) > SVIX_TOLERANCE:
            raise BadWebhook("an old Resend webhook")


class SparkPost(_Careful, SparkPostTrackingWebhookView):  # type: ignore[misc]
    pass


@contextmanager
def _nonsense_is_bad() -> Iterator[None]:
    try:
        yield
    except AnymailConfigurationError as error:
        logger.warning("A webhook came to the wrong address: %s", error)
        raise BadWebhook("a webhook of another kind") from None
    except AnymailWebhookValidationFailure:
        raise BadWebhook("a webhook with a wrong secret or signature") from None
    except NONSENSE as error:
        raise BadWebhook(f"an unreadable webhook: {type(error).__name__}") from None


def _guard(view: View) -> View:
    @wraps(view)
    def enter(request: HttpRequest) -> HttpResponseBase:
        try:
            if not settings.ANYMAIL.get("WEBHOOK_SECRET"):
                raise BadWebhook("a webhook, but ANYMAIL_WEBHOOK_SECRET is empty")
            return view(request)
        except SuspiciousOperation as error:
            logger.warning("Refused %s", error)
            return HttpResponseBadRequest()
        except AnymailConfigurationError as error:
            logger.warning("A webhook came for a provider that is not set up: %s", error)
            raise Http404 from None

    return enter


HOOKS: dict[str, Any] = {
    "amazon_ses": AmazonSES,
    "brevo": Brevo,
    "mailersend": MailerSend,
    "mailgun": Mailgun,
    "mailjet": Mailjet,
    "postmark": Postmark,
    "resend": Resend,
    "sparkpost": SparkPost,
}

app_name = "hooks"
# With and without the slash at the end: a redirect would lose the event.
urlpatterns = [re_path(rf"^{name}/tracking/?$", _guard(hook.as_view()), name=name) for name, hook in HOOKS.items()]
