"""The servers of the tests end with what they were started for."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.environment import ROOT

TELL = "import os, sys, time; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'], flush=True)"


def start(code: str, **named: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    command = [sys.executable, "-m", "tests.services", sys.executable, "-c", f"{TELL}; {code}"]
    return subprocess.Popen(command, cwd=ROOT, env=environment | named, stdout=subprocess.PIPE, text=True)


def test_services_end_with_the_command_and_hand_on_its_exit_code():
    with start("sys.exit(3)") as launcher:
        database, redis = launcher.stdout.readline().split()

    assert launcher.returncode == 3
    assert_gone(database, redis)


def test_services_end_when_they_are_told_to():
    with start("time.sleep(60)") as launcher:
        database, redis = launcher.stdout.readline().split()
        launcher.send_signal(signal.SIGTERM)

    assert launcher.returncode != 0
    assert_gone(database, redis)


def test_services_that_are_named_are_used():
    with start("", DATABASE_URL="postgres://own.example.org/papers", REDIS_URL="redis://own.example.org") as launcher:
        assert launcher.stdout.readline() == "postgres://own.example.org/papers redis://own.example.org\n"

    assert launcher.returncode == 0


def assert_gone(database: str, redis: str) -> None:
    folder = Path(parse_qs(urlsplit(database).query)["host"][0])
    assert not folder.parent.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(redis).port))
