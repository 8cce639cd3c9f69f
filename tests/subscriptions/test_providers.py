"""STANDARDS D10 and D20 for every provider: one POST per attempt, and the right class for each answer."""

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.core.mail import get_connection

from digest_site.environment_mail import PROVIDERS
from subscriptions.providers import key_life
from subscriptions.transport import (
    PAUSE,
    Channel,
    Misconfigured,
    NotAccepted,
    Outcome,
    OutcomeUnknown,
    Receipt,
    Refused,
)
from tests.providers import TO, YES, Answer, StubProvider, anymail_settings, free_port, stub_provider
from tests.subscriptions.mails import build_message

NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)
KEY = "digest-0123456789abcdef0123456789abcdef"
WITH_KEYS = ["brevo", "resend", "sparkpost"]


@pytest.fixture(autouse=True)
def _nobody_elses_aws(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


@pytest.fixture(params=sorted(PROVIDERS))
def provider(request) -> str:
    return request.param


def send(provider: str, url: str, settings, *, timeout: float = 5, times: int = 1) -> Outcome:
    settings.ANYMAIL_PROVIDER = provider
    settings.ANYMAIL = anymail_settings(provider, url, timeout)
    with Channel(get_connection(PROVIDERS[provider])) as channel:
        for _ in range(times):
            assert channel.open(NOW) is None
            outcome = channel.send(build_message(key=KEY))
    return outcome


def send_to_stub(provider: str, answer: Answer, settings, **options) -> tuple[Outcome, StubProvider]:
    with stub_provider(answer) as stub:
        return send(provider, stub.url, settings, **options), stub


def test_d10_yes_is_a_receipt(provider, settings):
    answer, name = YES[provider]

    outcome, stub = send_to_stub(provider, answer, settings)

    assert outcome == Receipt(name)
    assert len(stub.posts) == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(200, '{"MessageId": "tr'), Receipt()),
        (Answer(401, {"message": "who?"}), Misconfigured("provider answered 401")),
        (Answer(403, {"message": "no"}), Misconfigured("provider answered 403")),
        (Answer(422, {"message": "not this one"}), Refused("provider answered 422")),
        (Answer(429, {"message": "wait"}, {"Retry-After": "30"}), NotAccepted("provider answered 429", 30.0)),
        (Answer(429, {"message": "wait"}), NotAccepted("provider answered 429", PAUSE)),
        (Answer(500, {"message": "oops"}), OutcomeUnknown("provider answered 500")),
        (Answer(503, "<h1>Down for maintenance</h1>"), OutcomeUnknown("provider answered 503")),
        (Answer(504, ""), OutcomeUnknown("provider answered 504")),
    ],
    ids=lambda value: f"{value.status}-{len(value.content)}" if isinstance(value, Answer) else "",
)
def test_d10_d20_every_answer_has_its_class_after_one_post(provider, answer, expected, settings):
    outcome, stub = send_to_stub(provider, answer, settings)

    assert outcome == expected
    assert len(stub.posts) == 1


@pytest.mark.parametrize(
    "nonsense", ["[" * 100_000, "[]", "{}", "null", '"ok"', "17", "[{}]"], ids=lambda text: text[:4]
)
def test_d10_nonsense_with_200_is_never_taken_for_a_no(provider, nonsense, settings):
    # Without an id MailerSend says that it has suppressed the recipient: that is a no.
    outcome, stub = send_to_stub(provider, Answer(200, nonsense, {"X-Message-Id": "ms-1"}), settings)

    assert isinstance(outcome, Receipt | OutcomeUnknown)
    assert len(stub.posts) == 1


@pytest.mark.parametrize("then", ["drop", "stall"])
def test_d10_d20_silence_is_unknown_after_one_post(provider, then, settings):
    outcome, stub = send_to_stub(provider, Answer(then=then), settings, timeout=0.3)

    assert isinstance(outcome, OutcomeUnknown)
    assert len(stub.posts) == 1


def test_d10_refused_connection_is_not_accepted(provider, settings):
    outcome = send(provider, f"http://127.0.0.1:{free_port()}/", settings)

    assert isinstance(outcome, NotAccepted)
    assert outcome.retry_after == PAUSE


def test_d10_name_that_does_not_exist_is_not_accepted(provider, settings):
    outcome = send(provider, "http://api.invalid/", settings)

    assert isinstance(outcome, NotAccepted)
    assert outcome.retry_after == PAUSE


def test_d20_redirect_is_not_followed(provider, settings):
    answer, _ = YES[provider]
    with stub_provider(answer) as elsewhere:
        outcome, stub = send_to_stub(provider, Answer(307, "", {"Location": elsewhere.url}), settings)

    assert isinstance(outcome, Misconfigured)
    assert (len(stub.posts), len(elsewhere.posts)) == (1, 0)


def test_kept_connection_takes_several_messages(provider, settings):
    answer, name = YES[provider]

    outcome, stub = send_to_stub(provider, answer, settings, times=3)

    assert outcome == Receipt(name)
    assert len(stub.posts) == 3


def test_wrong_address_of_the_api_is_our_own_fault(settings):
    assert isinstance(send("postmark", "no-scheme/", settings), Misconfigured)


def test_message_names_its_key_to_every_provider(provider, settings):
    answer, _ = YES[provider]

    _, stub = send_to_stub(provider, answer, settings)

    [(_, body)] = stub.posts
    if provider == "amazon_ses":
        body = base64.b64decode(json.loads(body)["Content"]["Raw"]["Data"])
    places = {
        "amazon_ses": f'X-Metadata: {{"key": "{KEY}"}}',
        "brevo": f'"X-Mailin-custom": "{{\\"key\\": \\"{KEY}\\"}}"',
        "mailersend": f'"tags": ["{KEY}"]',
        "mailgun": f"v%3Akey={KEY}",
        "mailjet": f'"EventPayload": "{{\\"key\\": \\"{KEY}\\"}}"',
        "postmark": f'"Metadata": {{"key": "{KEY}"}}',
        "resend": f'"X-Metadata": "{{\\"key\\": \\"{KEY}\\"}}"',
        "sparkpost": f'"metadata": {{"key": "{KEY}"}}',
    }
    assert places[provider] in body.decode()


# Mailgun ---------------------------------------------------------------------------------------------------


def test_mailgun_page_for_a_wrong_address_is_no_acceptance(settings):
    outcome, _ = send_to_stub("mailgun", Answer(200, "Mailgun Magnificent API"), settings)

    assert outcome == Misconfigured("provider answered 200, but took nothing")


def test_mailgun_without_a_usable_domain_posts_nothing(settings):
    settings.ANYMAIL_PROVIDER = "mailgun"
    with stub_provider(YES["mailgun"][0]) as stub:
        settings.ANYMAIL = anymail_settings("mailgun", stub.url) | {"MAILGUN_SENDER_DOMAIN": "a/b"}
        with Channel(get_connection(PROVIDERS["mailgun"])) as channel:
            outcome = channel.send(build_message(key=KEY))

    assert outcome == Misconfigured("AnymailError")
    assert stub.posts == []


# Mailjet ---------------------------------------------------------------------------------------------------


def test_mailjet_spelling_the_recipient_its_own_way_is_a_receipt(settings):
    yes = {"Messages": [{"Status": "success", "To": [{"Email": TO.upper(), "MessageID": 78}]}]}

    outcome, _ = send_to_stub("mailjet", Answer(200, yes), settings)

    assert isinstance(outcome, Receipt)


def test_mailjet_error_for_the_message_is_a_refusal(settings):
    no = {"Messages": [{"Status": "error", "Errors": [{"ErrorCode": "mj-0013", "StatusCode": 400}]}]}

    outcome, _ = send_to_stub("mailjet", Answer(400, no), settings)

    assert outcome == Refused("provider: failed")


# Amazon SES ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "text", "expected"),
    [
        (400, "MessageRejected", "virus", Refused("provider answered 400")),
        (400, "MessageRejected", "Email address is not verified.", Misconfigured("provider answered 403")),
        (400, "BadRequestException", "", Refused("provider answered 400")),
        (400, "ThrottlingException", "Maximum sending rate exceeded.", NotAccepted("provider answered 429", PAUSE)),
        (400, "LimitExceededException", "", NotAccepted("provider answered 429", PAUSE)),
        (429, "TooManyRequestsException", "", NotAccepted("provider answered 429", PAUSE)),
        (400, "SendingPausedException", "", Misconfigured("provider answered 403")),
        (400, "AccountSuspendedException", "", Misconfigured("provider answered 403")),
        (400, "MailFromDomainNotVerifiedException", "", Misconfigured("provider answered 403")),
        (404, "NotFoundException", "Configuration set x does not exist", Misconfigured("provider answered 403")),
        (403, "InvalidClientTokenId", "", Misconfigured("provider answered 403")),
        (500, "InternalFailure", "", OutcomeUnknown("provider answered 500")),
    ],
)
def test_ses_errors_are_known_by_name(status, code, text, expected, settings):
    answer = Answer(status, {"message": text}, {"x-amzn-ErrorType": code})

    outcome, stub = send_to_stub("amazon_ses", answer, settings)

    assert outcome == expected
    assert len(stub.posts) == 1


def test_ses_without_credentials_or_region_is_our_own_fault(settings, monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    settings.ANYMAIL_PROVIDER = "amazon_ses"
    outcomes = []
    for params in ({}, {"region_name": "eu-west-1"}):
        settings.ANYMAIL = {"AMAZON_SES_CLIENT_PARAMS": params}
        with Channel(get_connection(PROVIDERS["amazon_ses"])) as channel:
            outcomes.append(channel.open(NOW) or channel.send(build_message(key=KEY)))

    assert [type(outcome) for outcome in outcomes] == [Misconfigured, Misconfigured]


def test_ses_takes_the_operators_client_settings_but_never_more_tries(settings):
    settings.ANYMAIL = {
        "AMAZON_SES_CLIENT_PARAMS": {"region_name": "eu-west-1", "config": {"retries": {"max_attempts": 9}}},
        "REQUESTS_TIMEOUT": 7,
    }

    config = get_connection(PROVIDERS["amazon_ses"]).client_params["config"]

    assert config.retries == {"total_max_attempts": 1}
    assert (config.connect_timeout, config.read_timeout) == (7, 7)


# Keys ------------------------------------------------------------------------------------------------------


def test_key_lives_are_within_what_the_providers_promise():
    lives = {provider: key_life(provider) for provider in PROVIDERS}

    assert {provider: life for provider, life in lives.items() if life} == {
        "brevo": timedelta(minutes=13),
        "resend": timedelta(hours=23),
        "sparkpost": timedelta(hours=23),
    }
    assert key_life("none") is None


@pytest.mark.parametrize("provider", WITH_KEYS)
def test_key_is_sent_and_the_repetition_is_the_same_request(provider, settings):
    answer, _ = YES[provider]

    _, stub = send_to_stub(provider, answer, settings, times=2)

    first, second = stub.posts
    if provider == "brevo":
        sent = json.loads(first[1])["headers"]["idempotencyKey"]
        assert uuid.UUID(sent).version == 5
    else:
        assert first[0]["idempotency-key"] == KEY
    assert first == second


@pytest.mark.parametrize("provider", ["resend", "sparkpost"])
def test_conflict_over_a_key_leaves_the_doubt(provider, settings):
    outcome, _ = send_to_stub(provider, Answer(409, {"name": "concurrent_idempotent_requests"}), settings)

    assert outcome == OutcomeUnknown("provider answered 409: an earlier attempt with this key decides")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(400, {"code": "duplicate_parameter", "message": "used before"}), Receipt()),
        (Answer(400, {"code": "invalid_parameter", "message": "no"}), Refused("provider answered 400")),
        (Answer(400, "duplicate_parameter"), Refused("provider answered 400")),
        (Answer(400, ["duplicate_parameter"]), Refused("provider answered 400")),
    ],
)
def test_brevo_saying_the_key_was_used_has_the_message(answer, expected, settings):
    outcome, _ = send_to_stub("brevo", answer, settings)

    assert outcome == expected


@pytest.mark.parametrize("provider", WITH_KEYS)
def test_message_without_a_key_is_sent_without_one(provider, settings):
    settings.ANYMAIL_PROVIDER = provider
    message = build_message(key=KEY)
    del message.key
    with stub_provider(YES[provider][0]) as stub:
        settings.ANYMAIL = anymail_settings(provider, stub.url)
        sent = get_connection(PROVIDERS[provider]).send_messages([message])

    [(headers, body)] = stub.posts
    assert sent == 1
    assert "idempotency-key" not in headers
    assert "idempotencyKey" not in json.loads(body).get("headers", {})
