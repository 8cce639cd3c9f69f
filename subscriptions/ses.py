"""Amazon SES, made to answer as the other providers do: with an HTTP status, or not at all.

boto3 would post up to three times by itself; here it posts once. Needs requirements-ses.txt.
"""

from typing import Any

import requests
from anymail.backends import amazon_ses
from anymail.exceptions import (
    AnymailAPIError,
    AnymailConfigurationError,
    AnymailRequestsAPIError,
    AnymailSerializationError,
)
from anymail.utils import get_anymail_setting
from botocore import exceptions as boto
from botocore.config import Config
from django.conf import settings
from django.core.mail import EmailMessage

LATER = 429
NOT_ALLOWED = 403

# Errors whose name says more than their status, mostly 400.
# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors
# https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html
MEANINGS = {
    "LimitExceededException": LATER,
    "Throttling": LATER,
    "ThrottlingException": LATER,
    "TooManyRequestsException": LATER,
    "AccountSuspendedException": NOT_ALLOWED,
    "ExpiredToken": NOT_ALLOWED,
    "ExpiredTokenException": NOT_ALLOWED,
    "IncompleteSignature": NOT_ALLOWED,
    "InvalidClientTokenId": NOT_ALLOWED,
    "MailFromDomainNotVerifiedException": NOT_ALLOWED,
    "NotFoundException": NOT_ALLOWED,  # the configuration set
    "RequestExpired": NOT_ALLOWED,
    "SendingPausedException": NOT_ALLOWED,
    "SignatureDoesNotMatch": NOT_ALLOWED,
    "UnrecognizedClientException": NOT_ALLOWED,
}
# Said before anything was posted.
OUR_SETTINGS = (
    boto.CredentialRetrievalError,
    boto.EndpointProviderError,
    boto.NoCredentialsError,
    boto.NoRegionError,
    boto.PartialCredentialsError,
)


class EmailBackend(amazon_ses.EmailBackend):  # type: ignore[misc]
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        timeout = get_anymail_setting("requests_timeout", default=settings.EMAIL_TIMEOUT)
        once = Config(retries={"total_max_attempts": 1}, connect_timeout=timeout, read_timeout=timeout)
        self.client_params["config"] = self.client_params["config"].merge(once)

    def open(self) -> bool | None:
        try:
            opened: bool | None = super().open()
        except boto.BotoCoreError as error:
            raise AnymailConfigurationError(f"Amazon SES: {error}") from error
        return opened

    def post_to_esp(self, payload: Any, message: EmailMessage) -> Any:
        try:
            return super().post_to_esp(payload, message)
        except AnymailAPIError as error:
            raise self._translate(error, payload, message) from error.__cause__

    def parse_recipient_status(self, response: Any, payload: Any, message: EmailMessage) -> Any:
        try:
            return super().parse_recipient_status(response, payload, message)
        except AnymailAPIError as error:
            raise self._answered(_as_http(response), payload, message) from error

    def _translate(self, error: AnymailAPIError, payload: Any, message: EmailMessage) -> Any:
        cause = error.__cause__
        if isinstance(cause, boto.ClientError):
            return self._answered(_as_http(cause.response), payload, message)
        if isinstance(cause, OUR_SETTINGS):
            return AnymailConfigurationError(f"Amazon SES: {cause}")
        if isinstance(cause, boto.ParamValidationError):
            return AnymailSerializationError(backend=self, email_message=message, payload=payload)
        return error

    def _answered(self, answer: requests.Response, payload: Any, message: EmailMessage) -> Any:
        return AnymailRequestsAPIError(email_message=message, payload=payload, response=answer, backend=self)


def _as_http(response: dict[str, Any]) -> requests.Response:
    """botocore's parsed answer as requests would have it; without the body, which may quote an address."""
    metadata, error = response.get("ResponseMetadata", {}), response.get("Error", {})
    answer = requests.Response()
    answer.reason = error.get("Code", "")
    answer.status_code = MEANINGS.get(answer.reason, metadata.get("HTTPStatusCode", 0))
    if answer.reason == "MessageRejected" and "not verified" in error.get("Message", ""):
        answer.status_code = NOT_ALLOWED  # our sender, or the sandbox: every message would fare the same
    answer.headers.update(metadata.get("HTTPHeaders", {}))
    return answer
