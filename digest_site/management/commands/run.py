"""Web, worker and beat together, on one machine: what `make run` starts."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db.utils import OperationalError

from digest_site.celery import app

BIND = "127.0.0.1:8000"
# Longer than a message on the wire may take: a worker that is ended while sending leaves its outcome unknown.
PATIENCE = settings.EMAIL_TIMEOUT + 15


class Command(BaseCommand):
    help = "Run the web pages, the worker and beat together, until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bind", default=BIND, metavar="HOST:PORT", help=f"where the pages are served ({BIND})")
        parser.add_argument("--admin", metavar="EMAIL", help="make this administrator first, with a new password")

    def handle(self, *args: Any, bind: str, admin: str | None, **options: Any) -> None:
        check_free(bind)
        prepare()
        if admin:
            self.stdout.write(make_administrator(admin))
        self.stdout.write(greeting(bind))
        self.stdout.flush()
        # Beat waits a whole interval before its first reading; a newcomer should not.
        app.send_task("papers.tasks.read_sources")
        with contextlib.suppress(KeyboardInterrupt), running(commands(bind)) as processes:
            name = first_to_end(processes)
            raise CommandError(f"The {name} process ended by itself; its last words are above.")
        self.stdout.write("Stopped.")


def check_free(bind: str) -> None:
    """Raise CommandError when `bind` is no address we can listen on."""
    host, _, port = bind.rpartition(":")
    if not (host and port.isdecimal() and int(port) < 2**16):
        raise CommandError(f"--bind {bind}: write HOST:PORT, such as {BIND}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host.strip("[]"), int(port)), family=family).close()
    except OSError as error:
        raise CommandError(
            f"Cannot listen on {bind}: {os.strerror(error.errno or 0)}. Stop what runs there, or choose another port "
            "(manage.py run --bind 127.0.0.1:8001, with SITE_URL=http://127.0.0.1:8001)."
        ) from error


def prepare() -> None:
    """Bring the database up to date; a public site needs its static files collected too."""
    try:
        call_command("migrate", verbosity=0)
    except OperationalError as error:
        raise CommandError(f"The database does not answer: {error}") from error
    if settings.PUBLIC:
        call_command("collectstatic", interactive=False, verbosity=0)


def make_administrator(email: str) -> str:
    """Make an administrator who logs in by `email`; return what to tell the operator."""
    try:
        validate_email(email)
    except ValidationError as error:
        raise CommandError(f"--admin {email}: not a mail address.") from error
    if User.objects.filter(username=email).exists():
        return f"Administrator {email} exists already; manage.py changepassword {email} sets a new password."
    password = secrets.token_urlsafe(12)
    User.objects.create_superuser(email, email, password)
    return f"Administrator {email}, password {password} (shown this once)."


def greeting(bind: str) -> str:
    if User.objects.filter(is_superuser=True, is_active=True).exists():
        admin = f"admin    {settings.SITE_URL}/{settings.ADMIN_PATH}"
    else:
        admin = "admin    nobody yet: make admin, or make run ADMIN=you@example.org"
    mail = settings.OUTBOX_DIR if "outbox" in settings.EMAIL_BACKEND else settings.EMAIL_BACKEND.split(".")[-2]
    return "\n".join(
        (
            f"{settings.SITE_NAME} starts on http://{bind} (Ctrl-C stops it)",
            f"  site     {settings.SITE_URL}/",
            f"  {admin}",
            f"  mail     {mail}",
            f"  papers   read now, then every {settings.READ_MINUTES} minutes; arXiv asks for pauses, so have patience",
        )
    )


def commands(bind: str) -> dict[str, list[str]]:
    python = [sys.executable, "-m"]
    return {
        "web": [
            *python, "gunicorn", "digest_site.wsgi", "--bind", bind, "--worker-class", "gthread", "--threads", "4",
            "--graceful-timeout", "5", "--log-level", "warning", "--no-control-socket",
        ],
        "worker": [*python, "celery", "--app", "digest_site", "--quiet", "worker", "--beat", "--concurrency", "2"],
    }  # fmt: skip


@contextlib.contextmanager
def running(commands: dict[str, list[str]]) -> Iterator[dict[str, "subprocess.Popen[bytes]"]]:
    """Run `commands`, each in a session of its own so that Ctrl-C reaches us alone; stop them all at the end."""
    # Both: a shell that starts us in the background has SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands.items():
            processes[name] = subprocess.Popen(  # noqa: S603 -- our own two commands
                command, cwd=settings.BASE_DIR, start_new_session=True
            )
        yield processes
    finally:
        stop(processes.values())


def first_to_end(processes: dict[str, "subprocess.Popen[bytes]"]) -> str:
    while True:
        for name, process in processes.items():
            if process.poll() is not None:
                return name
        time.sleep(0.5)


def stop(processes: Collection["subprocess.Popen[bytes]"]) -> None:
    """Ask politely, wait for running tasks, then end what is left. A second Ctrl-C shortens the wait."""
    for process in processes:
        process.terminate()
    try:
        end = time.monotonic() + PATIENCE
        for process in processes:
            process.wait(max(end - time.monotonic(), 0.1))
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        pass
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
