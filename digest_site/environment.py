"""Read the environment; every mistake becomes one sentence that says how to mend it."""

import contextlib
import json
import os
import re
import secrets
import tempfile
from collections.abc import Set
from email.headerregistry import Address
from email.utils import parseaddr
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlsplit

import environ
import idna
from django.core.exceptions import ImproperlyConfigured

MIN_SECRET_KEY = 50
WEB = frozenset({"http", "https"})
LOG_LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "ERROR"})
LOG_FORMATS = frozenset({"line", "json"})


def read_env(base_dir: Path) -> environ.Env:
    """The process environment, over the values of `.env` beside manage.py, or of the file ENV_FILE names."""
    env = environ.Env()
    named = env.str("ENV_FILE", "")
    dotenv = Path(named or base_dir / ".env")
    if named and not dotenv.exists():
        raise ImproperlyConfigured(f"ENV_FILE={named!r} does not exist.")
    if dotenv.is_file():
        env.read_env(str(dotenv))
    return env


def boolean(env: environ.Env, name: str, default: bool) -> bool:
    raw = env.str(name, "").strip().lower()
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    if raw:
        raise ImproperlyConfigured(f"{name}={raw!r} is neither true nor false: write {name}=true or {name}=false.")
    return default


def integer(env: environ.Env, name: str, default: int, *, low: int, high: int) -> int:
    raw = env.str(name, "").strip() or str(default)
    try:
        value = int(raw)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name}={raw!r} is not a whole number from {low} to {high}.")
    return value


def choice(env: environ.Env, name: str, default: str, allowed: Set[str]) -> str:
    value = env.str(name, "").strip() or default
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}={value!r} is not one of {', '.join(sorted(allowed))}.")
    return value


def split(url: str, schemes: Set[str]) -> SplitResult | None:
    """The parts of `url`, or None when it is none of these schemes, has no host, or a port that is no number."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in schemes and parts.hostname else None


def site_url(env: environ.Env) -> str:
    """The public address, without a slash at its end, such as https://digest.example.org."""
    url: str = env.str("SITE_URL", "").strip().rstrip("/") or "http://127.0.0.1:8000"
    parts = split(url, WEB)
    if parts is None or parts.path or parts.query:
        raise ImproperlyConfigured(
            f"SITE_URL={url!r} is not a site address: write scheme and host only, such as https://digest.example.org."
        )
    return url


def admin_path(env: environ.Env) -> str:
    """Where the admin is, below SITE_URL, with a slash at its end."""
    path: str = env.str("ADMIN_PATH", "").strip().strip("/") or "admin"
    if not re.fullmatch(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*", path):
        raise ImproperlyConfigured(
            f"ADMIN_PATH={path!r} cannot be used: write letters, digits, - and _, such as ADMIN_PATH=desk-7f3a/."
        )
    return f"{path}/"


def source_url(env: environ.Env, name: str, default: str) -> str:
    """Where a source is read, without a slash at its end."""
    url: str = env.str(name, "").strip().rstrip("/") or default
    if split(url, WEB) is None:
        raise ImproperlyConfigured(f"{name}={url!r} is not a web address: write for example {name}={default}.")
    return url


def redis_url(env: environ.Env) -> str:
    """Redis for broker and cache, or "" for the folder broker."""
    url: str = env.str("REDIS_URL", "").strip()
    if url and split(url, {"redis", "rediss"}) is None:
        # Not quoted: it may hold a password.
        raise ImproperlyConfigured("REDIS_URL is not a Redis address: write redis://:password@host:6379/0.")
    return url


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


def secret_key(env: environ.Env, data_dir: Path, *, public: bool) -> str:
    """SECRET_KEY; on a private (http) site without one, a key made once and kept in the data folder."""
    key: str = env.str("SECRET_KEY", "")
    if key and len(key) < MIN_SECRET_KEY:
        raise ImproperlyConfigured(
            f"SECRET_KEY has {len(key)} characters, fewer than {MIN_SECRET_KEY}: make one with "
            "python -c 'import secrets; print(secrets.token_urlsafe(50))' and set it in .env."
        )
    if key:
        return key
    if public:
        raise ImproperlyConfigured(
            "SECRET_KEY is empty while SITE_URL is https: make one with "
            "python -c 'import secrets; print(secrets.token_urlsafe(50))' and set it in .env."
        )
    try:
        return _kept_key(data_dir)
    except OSError as error:
        raise ImproperlyConfigured(f"DATA_DIR={str(data_dir)!r} cannot be used: {error.strerror}.") from error


def _kept_key(data_dir: Path) -> str:
    """The key in the data folder, made if there is none. Two processes may start at once: both read the same."""
    path = data_dir / "secret_key"
    data_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        handle, draft = tempfile.mkstemp(dir=data_dir)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(50))
        # Linked when whole: nobody can read half a key, and the second to come keeps the first one's.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
        Path(draft).unlink()
    return path.read_text(encoding="utf-8")


def database(env: environ.Env, data_dir: Path) -> dict[str, object]:
    """DATABASE_URL, or SQLite in the data folder: WAL and IMMEDIATE, so writers wait instead of failing."""
    # Quoted: a folder's name may hold what means something in a URL.
    url: str = env.str("DATABASE_URL", "").strip() or f"sqlite:///{quote(str(data_dir / 'paper_round.sqlite3'))}"
    try:
        config: dict[str, object] = dict(env.db_url_config(url)) if "://" in url else {}
    except ValueError:
        config = {}
    engine = config.get("ENGINE") if config.get("NAME") else None
    if engine == "django.db.backends.sqlite3":
        config["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            # secure_delete: what is erased is overwritten, not only forgotten.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
        }
    elif engine == "django.db.backends.postgresql":
        config.setdefault("CONN_MAX_AGE", 60)
        config["CONN_HEALTH_CHECKS"] = True
    else:
        raise ImproperlyConfigured(
            "DATABASE_URL names no database we know: write postgres://user:password@host/name or sqlite:///path."
        )
    return config


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
