"""Read the environment; every mistake becomes one sentence that says how to mend it."""

import contextlib
import os
import re
import secrets
import tempfile
from collections.abc import Set
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit

import environ
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
