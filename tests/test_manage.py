import os
import subprocess
import sys

import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError

import manage
from tests.environment import ROOT


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("DATABASE_URL", "sqlite:///{folder}/new.sqlite3",
         "The database is not up to date (no such table: papers_paper): run manage.py migrate first.\n"),
        ("DATABASE_URL", "sqlite:///{folder}/missing/new.sqlite3",
         "The database does not answer: unable to open database file.\n"),
        ("SITE_URL", "example",
         "SITE_URL='example' is not a site address: write scheme and host only, such as https://digest.example.org.\n"),
    ],
)  # fmt: skip
def test_installation_that_is_not_ready_is_a_sentence(tmp_path, variable, value, said):
    done = match({variable: value.format(folder=tmp_path)})

    assert (done.returncode, done.stderr) == (1, said)


def test_traceback_is_there_for_whoever_asks(tmp_path):
    done = match({"DATABASE_URL": f"sqlite:///{tmp_path}/new.sqlite3"}, "--traceback")

    assert (done.returncode, done.stderr[:9]) == (1, "Traceback")


def test_what_may_be_our_fault_keeps_its_traceback():
    newer = ProgrammingError('relation "papers_paper" does not exist\nLINE 1: SELECT')

    assert manage.explain(newer) == (
        'The database is not up to date (relation "papers_paper" does not exist): run manage.py migrate first.'
    )
    away = OperationalError('FATAL:  database "paper-round" does not exist')
    assert manage.explain(away) == 'The database does not answer: FATAL:  database "paper-round" does not exist.'
    assert manage.explain(IntegrityError("NOT NULL constraint failed")) == ""


def match(variables: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "manage.py"), "match", "grokking", *options]
    return subprocess.run(
        command, env={**os.environ, "DJANGO_SETTINGS_MODULE": "digest_site.settings", **variables},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
