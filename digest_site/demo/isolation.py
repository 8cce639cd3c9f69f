"""Settings of the demo's own, so that it can touch nobody's database, mail server or sources."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

from django.conf import settings

_BACKEND = "subscriptions.outbox.EmailBackend"
# A port nobody listens on: what asks the configured sites instead of the sample upstream gets no answer.
_NOWHERE = "http://127.0.0.1:9"
# All the process keeps of what the operator set: how to find programs, and how to print.
_KEPT = ("PATH", "HOME", "LANG", "LANGUAGE", "TERM", "COLUMNS", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT")
_KEPT_PREFIXES = ("LC_", "PYTHON")


def database_path(data_dir: Path) -> Path:
    return data_dir / "demo.sqlite3"


def database_url(data_dir: Path) -> str:
    return f"sqlite:///{quote(str(database_path(data_dir)))}"


def environment(data_dir: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment to play in: of what is `inherited`, nothing that Paper Round reads."""
    kept = {name: value for name, value in inherited.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
    return kept | {
        "ENV_FILE": os.devnull,
        "DATA_DIR": str(data_dir),
        "DATABASE_URL": database_url(data_dir),
        "EMAIL_URL": "file://",
        "SITE_NAME": "Paper Round demo",
        "DEFAULT_FROM_EMAIL": "Paper Round demo <papers@example.org>",
        "POSTAL_ADDRESS": "Paper Round demo, 1 Reading Room, 12345 Papertown",
        "LOG_LEVEL": "WARNING",
        "SOURCES_ALLOW_PRIVATE": "true",
        "HUGGINGFACE_URL": _NOWHERE,
        "ARXIV_URL": _NOWHERE,
        "ARXIV_RSS_URL": _NOWHERE,
        "ARXIV_API_URL": _NOWHERE,
    }


def restart(arguments: Sequence[str]) -> NoReturn:
    """Become `manage.py <arguments>` with the demo's settings. Nothing was read from the operator's database before."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
    sys.stdout.flush()
    own = environment(settings.DATA_DIR, os.environ)
    os.execve(sys.executable, command, own)  # noqa: S606 -- ourselves again  # nosec B606


def foreign_settings() -> list[str]:
    """Settings that are not the demo's own, such as an operator's database; empty when it may go on."""
    database = settings.DATABASES["default"]
    sites = ("HUGGINGFACE_URL", "ARXIV_URL", "ARXIV_RSS_URL", "ARXIV_API_URL")
    is_own = {
        "DATABASE_URL": Path(str(database["NAME"])) == database_path(settings.DATA_DIR),
        "EMAIL_URL": settings.EMAIL_BACKEND == _BACKEND,
        "REDIS_URL": not settings.REDIS_URL,
        **{name: getattr(settings, name) == _NOWHERE for name in sites},
    }
    return [name for name, own in is_own.items() if not own]
