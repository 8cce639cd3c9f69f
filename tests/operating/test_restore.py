"""Backup and restore as OPERATING.md has them: dump, send, destroy, restore, and nobody gets a digest twice."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from tests.environment import ROOT
from tests.faults.failover import open_pair
from tests.faults.sink import open_sink
from tests.operating import documents

HALF = 6


class Place:
    """An installation of its own, and its mail server."""

    def __init__(self, folder: Path, mail_url: str, database_url: str = "") -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "ENV_FILE": os.devnull,
            "DATA_DIR": str(folder),
            "EMAIL_URL": mail_url,
            "DATABASE_URL": database_url,
            "DATABASE": database_url,
            "DEFAULT_FROM_EMAIL": "papers@digest.example.org",
            "DJANGO_SETTINGS_MODULE": "digest_site.settings",
            "SECRET_KEY": 50 * "k",
        }
        (folder / ".venv/bin").mkdir(parents=True)
        (folder / ".venv/bin/python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        (folder / ".venv/bin/python").chmod(0o755)
        (folder / "manage.py").symlink_to(ROOT / "manage.py")

    def type(self, command: str) -> str:
        """A command of the guide, as it stands there."""
        result = subprocess.run(
            command, shell=True, check=False, cwd=self.folder, capture_output=True, text=True,
            env=self.environment | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        return result.stdout

    def morning(self, *steps: str) -> dict[str, int]:
        return json.loads(self.type(f"{sys.executable} -m tests.operating.morning {' '.join(steps)}").splitlines()[-1])


class Sqlite(Place):
    def back_up(self) -> None:
        self.type(documents.commands("backup of SQLite")[0])

    def destroy_and_restore(self, *, tell: bool = True) -> None:
        for file in self.folder.glob("paper_round.sqlite3*"):
            file.unlink()
        shutil.copy(self.folder / "paper-round.sqlite3", self.folder / "paper_round.sqlite3")
        for command in documents.commands("restore")[1 : 3 if tell else 2]:
            self.type(command)


class Postgres(Place):
    def back_up(self) -> None:
        [command] = documents.commands("backup")
        self.type(command)

    def destroy_and_restore(self, *, tell: bool = True) -> None:
        """Into the same server: the case that it cannot tell by itself."""
        self.type('psql --quiet --command "DROP SCHEMA public CASCADE; CREATE SCHEMA public" "$DATABASE"')
        for command in documents.commands("restore")[: 3 if tell else 2]:
            # The schema is part of a whole database's dump, and there is one already.
            self.type(re.sub("^pg_restore", "pg_restore --schema public", command))


@pytest.fixture
def sink():
    with open_sink() as opened:
        yield opened


@pytest.fixture
def place(sink, tmp_path):
    """On the kind of database of this pass. PostgreSQL's own programs come with its wheel."""
    if connection.vendor == "sqlite":
        made = Sqlite(tmp_path, sink.url)
        made.type(".venv/bin/python manage.py migrate --verbosity 0")
        yield made
        return
    with open_pair() as pair:
        made = Postgres(tmp_path, sink.url, pair.url)
        made.environment["PATH"] = f"{pair._programs['bin_path']}:{made.environment['PATH']}"
        yield made


def copies(sink) -> Counter[str]:
    return Counter(message.recipient for message in sink.ledger.accepted)


def readers(count: int) -> dict[str, int]:
    return {f"reader{number}@example.org": count for number in range(2 * HALF)}


def test_restored_database_sends_nothing_twice_and_goes_on_the_next_day(place, sink):
    """Neither what was queued at the backup nor what was composed after it."""
    place.morning(f"prepare={HALF}", "compose", f"prepare={HALF}")
    place.back_up()
    assert place.morning("run") == {"accepted": 2 * HALF}

    place.destroy_and_restore()
    stopped = place.morning("run")
    released = place.morning("release", "run")
    once = copies(sink)
    next_day = place.morning("run=24")

    assert stopped == {"queued": 2 * HALF}
    assert released == {"unknown": 2 * HALF}
    assert once == readers(1)
    assert next_day == {"unknown": 2 * HALF, "accepted": 2 * HALF}
    assert copies(sink) == readers(2)
    assert len({message.key for message in sink.ledger.accepted}) == 4 * HALF


def test_edition_older_than_its_window_is_never_sent_again(place, sink):
    """Even when nobody says that the database was restored."""
    place.morning(f"prepare={HALF}", "compose", f"prepare={HALF}")
    place.back_up()
    place.morning("run")

    place.destroy_and_restore(tell=False)
    late = place.morning("run=13")

    assert late == {"cancelled": HALF}
    assert copies(sink) == readers(1)
