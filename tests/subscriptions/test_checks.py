import pytest
from django.core.checks import run_checks

GOOD = {
    "PUBLIC": True,
    "POSTAL_ADDRESS": "1 Reading Room, 12345 Papertown",
    "DEFAULT_FROM_EMAIL": "Paper Round <papers@digest.example.org>",
    "ACCOUNT_FROM_EMAIL": "account@digest.example.org",
    "REPLY_TO_EMAIL": "editors@digest.example.org",
    "BOUNCE_EMAIL": "bounces@digest.example.org",
    "ANYMAIL_PROVIDER": "none",
    "ANYMAIL": {},
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
}


def found(settings, **changes) -> list[str]:
    for name, value in (GOOD | changes).items():
        setattr(settings, name, value)
    messages = run_checks(include_deployment_checks=True)
    return [message.id for message in messages if str(message.id).startswith("subscriptions.")]


def test_good_settings_pass(settings):
    assert found(settings) == []


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({"POSTAL_ADDRESS": ""}, ["subscriptions.E001"]),
        ({"DEFAULT_FROM_EMAIL": "Paper Round <papers@localhost.localdomain>"}, ["subscriptions.E002"]),
        ({"BOUNCE_EMAIL": "b@localhost"}, ["subscriptions.E002"]),
        ({"REPLY_TO_EMAIL": "no-reply@digest.example.org"}, ["subscriptions.W005"]),
        ({"ANYMAIL_PROVIDER": "postmark"}, ["subscriptions.E003"]),
        ({"ANYMAIL_PROVIDER": "postmark", "ANYMAIL": {"WEBHOOK_SECRET": ""}}, ["subscriptions.E003"]),
        ({"ANYMAIL_PROVIDER": "postmark", "ANYMAIL": {"WEBHOOK_SECRET": "user:password"}}, []),
        ({"EMAIL_BACKEND": "subscriptions.outbox.EmailBackend"}, ["subscriptions.E004"]),
        ({"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}, ["subscriptions.E004"]),
        ({"EMAIL_BACKEND": "subscriptions.outbox.EmailBackend", "PUBLIC": False}, []),
    ],
)
def test_m32_a20_bad_setting_is_named(settings, changes, ids):
    assert found(settings, **changes) == ids


def test_checks_are_for_deployment_only(settings):
    settings.POSTAL_ADDRESS = ""

    assert [message.id for message in run_checks() if str(message.id).startswith("subscriptions.")] == []
