"""What `check --deploy` says about mail before it can go wrong. SQLite is fine; a mail without a sender is not."""

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Caution

# Backends that show mail to the operator instead of sending it.
_SHOW_ONLY = frozenset(
    {
        "subscriptions.outbox.EmailBackend",
        "django.core.mail.backends.console.EmailBackend",
        "django.core.mail.backends.dummy.EmailBackend",
        "django.core.mail.backends.filebased.EmailBackend",
        "django.core.mail.backends.locmem.EmailBackend",
    }
)
_NO_DOMAINS = ("localhost", "localdomain", "local", "test", "invalid", "example")
_ADDRESSES = ("DEFAULT_FROM_EMAIL", "ACCOUNT_FROM_EMAIL", "REPLY_TO_EMAIL", "BOUNCE_EMAIL")
_NOBODY = frozenset({"noreply", "no-reply", "donotreply", "do-not-reply"})


@register(deploy=True)
def check_postal_address(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """CAN-SPAM, 15 USC 7704(a)(5) (STANDARDS M32)."""
    if settings.POSTAL_ADDRESS:
        return []
    return [
        Error(
            "POSTAL_ADDRESS is empty, and every mail must name a postal address.",
            hint="Set it in .env, such as POSTAL_ADDRESS='1 Reading Room, 12345 Papertown'.",
            id="subscriptions.E001",
        )
    ]


@register(deploy=True)
def check_senders(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Addresses that nobody can answer or deliver to (STANDARDS M15, M17)."""
    found: list[CheckMessage] = []
    for name in _ADDRESSES:
        local, _, domain = parseaddr(getattr(settings, name))[1].lower().rpartition("@")
        if domain.rpartition(".")[2] in _NO_DOMAINS:
            found.append(
                Error(
                    f"{name} is at {domain}, from where no mail can be delivered.",
                    hint=f"Set {name} in .env to an address of your own domain.",
                    id="subscriptions.E002",
                )
            )
        if name == "REPLY_TO_EMAIL" and local in _NOBODY:
            found.append(
                Caution(
                    "REPLY_TO_EMAIL looks like a mailbox that nobody reads.",
                    hint="Readers answer mails when something is wrong: name a mailbox that is read.",
                    id="subscriptions.W005",
                )
            )
    return found


@register(deploy=True)
def check_webhook_secret(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Without it anybody could report bounces, and so unsubscribe readers (STANDARDS A20)."""
    if settings.ANYMAIL_PROVIDER == "none" or settings.ANYMAIL.get("WEBHOOK_SECRET"):
        return []
    return [
        Error(
            f"ANYMAIL_PROVIDER is {settings.ANYMAIL_PROVIDER}, but ANYMAIL_WEBHOOK_SECRET is empty.",
            hint="Set it in .env to user:password, and put the same into the webhook address you give the provider.",
            id="subscriptions.E003",
        )
    ]


@register(deploy=True)
def check_mail_leaves(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """A public site whose mail stays in the house."""
    if not settings.PUBLIC or settings.EMAIL_BACKEND not in _SHOW_ONLY:
        return []
    return [
        Error(
            "SITE_URL is https, but mail is only written to files or to the console: nobody gets any.",
            hint="Set EMAIL_URL=smtp://user:password@host:587 or ANYMAIL_PROVIDER in .env.",
            id="subscriptions.E004",
        )
    ]
