"""Settings of mail, read from the environment: senders, providers, servers, whose mail is refused."""

import json
from email.headerregistry import Address
from email.utils import parseaddr
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import environ
import idna
from django.core.exceptions import ImproperlyConfigured

from digest_site.environment import boolean, integer, split

# https://anymail.dev/en/stable/esps/
PROVIDERS = {
    "amazon_ses": "subscriptions.ses.EmailBackend",
    "brevo": "subscriptions.providers.BrevoBackend",
    "mailersend": "anymail.backends.mailersend.EmailBackend",
    "mailgun": "anymail.backends.mailgun.EmailBackend",
    "mailjet": "anymail.backends.mailjet.EmailBackend",
    "postmark": "anymail.backends.postmark.EmailBackend",
    "resend": "subscriptions.providers.ResendBackend",
    "sparkpost": "subscriptions.providers.SparkPostBackend",
}

# Anymail's settings that are not text, by the end of their names; `bool("false")` would be true.
ANYMAIL_SWITCHES = (
    "AUTO_CONFIRM_SNS_SUBSCRIPTIONS",
    "GENERATE_MESSAGE_ID",
    "IGNORE_RECIPIENT_STATUS",
    "IGNORE_UNSUPPORTED_FEATURES",
    "PREVENT_HEADER_ENCODING_BUGS",
    "TRACK_INITIAL_OPEN_AS_OPENED",
    "USE_BULK_API",
    "VERIFY_ATTACHMENT_EXTENSIONS",
    "WORKAROUND_DISPLAY_NAME_BUGS",
)
ANYMAIL_OBJECTS = ("CLIENT_PARAMS", "SEND_DEFAULTS", "SESSION_PARAMS")


def address(env: environ.Env, name: str, default: str) -> str:
    """One mail address, with or without a display name."""
    value = env.str(name, "").strip() or default
    display, spec = parseaddr(value)
    try:
        Address(display_name=display, addr_spec=spec)
    except (ValueError, IndexError):
        spec = ""
    if "@" not in spec or "," in value.replace(display, ""):
        raise ImproperlyConfigured(
            f"{name}={value!r} is not one mail address: write for example {name}='Paper Round <papers@example.org>'."
        )
    return value


def anymail(env: environ.Env, timeout: int) -> dict[str, Any]:
    """Anymail's settings from every ANYMAIL_ variable, each of the type that Anymail expects."""
    names = sorted(name for name in env.ENVIRON if name.startswith("ANYMAIL_") and name != "ANYMAIL_PROVIDER")
    values = {name.removeprefix("ANYMAIL_"): _anymail(env, name, timeout) for name in names}
    return {"REQUESTS_TIMEOUT": timeout} | values


def _anymail(env: environ.Env, name: str, timeout: int) -> Any:
    if name == "ANYMAIL_WEBHOOK_SECRET":
        return webhook_secrets(env)
    if name == "ANYMAIL_REQUESTS_TIMEOUT":
        return integer(env, name, timeout, low=1, high=300)
    if name == "ANYMAIL_DEBUG_API_REQUESTS":
        if boolean(env, name, False):
            raise ImproperlyConfigured(f"{name}=true would print readers' addresses and your API key: remove it.")
        return False
    if name.endswith(ANYMAIL_SWITCHES):
        return boolean(env, name, False)
    return _object(env, name) if name.endswith(ANYMAIL_OBJECTS) else env.str(name)


def webhook_secrets(env: environ.Env) -> list[str]:
    """`user:password`; several, parted by commas, while one is being replaced by another."""
    secrets_ = [part.strip() for part in env.str("ANYMAIL_WEBHOOK_SECRET", "").split(",") if part.strip()]
    for secret in secrets_:
        user, _, password = secret.partition(":")
        if not (user and password):
            raise ImproperlyConfigured(
                "ANYMAIL_WEBHOOK_SECRET is not user:password: write for example "
                "ANYMAIL_WEBHOOK_SECRET=hooks:a-long-random-word, and two of them parted by a comma to change it."
            )
    return secrets_


def _object(env: environ.Env, name: str) -> dict[str, Any]:
    try:
        value = json.loads(env.str(name) or "{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        # Not quoted: it may hold a key.
        raise ImproperlyConfigured(f'{name} is not a JSON object: write for example {name}={{"name": "value"}}.')
    return value


SMTP_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


def email(env: environ.Env, provider: str) -> dict[str, object]:
    """Django's EMAIL_ settings: the Anymail provider if one is named, else EMAIL_URL, else files.

    `smtp://user:password@host:587` speaks STARTTLS on 587, `smtps://` TLS from the start, `file://`
    writes each message into the outbox folder.
    """
    if provider == "amazon_ses" and find_spec("boto3") is None:
        raise ImproperlyConfigured(
            "ANYMAIL_PROVIDER=amazon_ses needs Amazon's client: pip install --require-hashes -r requirements-ses.txt"
        )
    if provider != "none":
        return {"EMAIL_BACKEND": PROVIDERS[provider]}
    url = env.str("EMAIL_URL", "").strip()
    if not url or url.startswith("file:"):
        return {"EMAIL_BACKEND": "subscriptions.outbox.EmailBackend"}
    server = _mail_server(url)
    if server is None:
        raise ImproperlyConfigured(
            "EMAIL_URL is not a mail server: write smtp://user:password@host:587, smtps://user:password@host:465 "
            "or file:// to write messages into the outbox folder."
        )
    return {
        "EMAIL_BACKEND": "subscriptions.smtp.EmailBackend",
        "EMAIL_HOST": server["host"],
        "EMAIL_PORT": server["port"],
        "EMAIL_HOST_USER": server["username"],
        "EMAIL_HOST_PASSWORD": server["password"],
        "EMAIL_USE_SSL": server["use_ssl"],
        "EMAIL_USE_TLS": server["use_tls"],
    }


def alert_backend(env: environ.Env) -> dict[str, Any]:
    """What `get_connection` makes the alerts' mail backend from: a server of their own, or that of all mail."""
    url = env.str("ALERT_EMAIL_URL", "").strip()
    if not url:
        return {}
    server = _mail_server(url)
    if server is None:
        # Not quoted: it may hold a password.
        raise ImproperlyConfigured("ALERT_EMAIL_URL is not a mail server: write smtp://user:password@host:587.")
    return {"backend": "subscriptions.smtp.EmailBackend", **server}


def addresses(env: environ.Env, name: str) -> list[str]:
    """Mail addresses parted by commas, without display names."""
    found = [part.strip() for part in env.str(name, "").split(",") if part.strip()]
    for spec in found:
        try:
            good = Address(addr_spec=spec).domain and spec.isascii()
        except (ValueError, IndexError):
            good = False
        if not good:
            raise ImproperlyConfigured(
                f"{name}: {spec!r} is not a mail address: write for example {name}=you@example.org."
            )
    return found


def domains(env: environ.Env, name: str) -> frozenset[str]:
    """Those of a file with one a line, "#" before remarks; as addresses hold theirs: lower case, A-labels."""
    path = env.str(name, "").strip()
    if not path:
        return frozenset()
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        return frozenset(filter(None, map(_domain, lines)))
    except (OSError, UnicodeError) as error:  # an IDNAError is one too
        raise ImproperlyConfigured(f"{name}={path!r} is not a file with a domain a line: {error}.") from None


def _domain(line: str) -> str:
    domain = line.partition("#")[0].strip().strip(".").lower()
    return domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")


def _mail_server(url: str) -> dict[str, Any] | None:
    """Where and how to speak SMTP, in the words of Django's backend; None for what is no such address."""
    parts = split(url, SMTP_PORTS.keys())
    if parts is None:
        return None
    port = parts.port or SMTP_PORTS[parts.scheme]
    return {
        "host": parts.hostname,
        "port": port,
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_ssl": parts.scheme == "smtps",
        "use_tls": parts.scheme == "smtp+tls" or (parts.scheme == "smtp" and port == 587),
    }
