import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import requests
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.management.base import CommandError

from digest_site.management.commands import run
from tests.environment import ROOT

START_SECONDS = 60


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def start(port: int, folder: Path, *options: str) -> subprocess.Popen[str]:
    """`manage.py run` on a fresh installation whose sources answer nothing."""
    nowhere = "http://127.0.0.1:9"
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "DATA_DIR": str(folder),
        "SITE_URL": f"http://127.0.0.1:{port}",
        "HUGGINGFACE_URL": nowhere,
        "ARXIV_URL": nowhere,
        "ARXIV_RSS_URL": nowhere,
        "ARXIV_API_URL": nowhere,
        "TICK_SECONDS": "1",
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "manage.py", "run", "--bind", f"127.0.0.1:{port}", *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes)


def fetch(path: str, port: int) -> requests.Response:
    """GET a page as soon as the server listens."""
    session = requests.Session()
    retries = requests.adapters.Retry(total=None, connect=START_SECONDS * 4, backoff_factor=0.25, backoff_max=0.25)
    session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retries))
    with session:
        return session.get(f"http://127.0.0.1:{port}{path}", timeout=START_SECONDS)


def test_run_serves_pages_with_a_beating_worker_and_stops_without_leftovers(port, tmp_path):
    supervisor = start(port, tmp_path, "--admin", "first@example.org")
    try:
        alive = fetch("/healthz", port)
        log_in = fetch("/admin/login/", port)
        children = psutil.Process(supervisor.pid).children(recursive=True)
        wait_for_heartbeat(port)
    finally:
        supervisor.send_signal(signal.SIGINT)
        output = end(supervisor)

    assert (alive.status_code, log_in.status_code, supervisor.returncode) == (200, 200, 0)
    assert re.search(r"^Administrator first@example\.org, password \S{16} \(shown this once\)\.$", output, re.MULTILINE)
    assert output.splitlines()[-1] == "Stopped."
    assert len(children) >= 3
    # One that has ended but that nobody has asked about is no leftover.
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []


def end(supervisor: subprocess.Popen[str]) -> str:
    """What it said until it stopped; one that does not stop is killed with all it started, and fails the test."""
    started = [psutil.Process(supervisor.pid), *psutil.Process(supervisor.pid).children(recursive=True)]
    try:
        return supervisor.communicate(timeout=60)[0]
    except subprocess.TimeoutExpired:
        for process in started:
            process.kill()
        raise


def wait_for_heartbeat(port: int) -> None:
    """Until a worker has run a tick; bounded by the number of looks, each of which the server answers."""
    for _ in range(2000):
        if fetch("/readyz", port).json()["heartbeat"]["ok"]:
            return
    pytest.fail("No tick was run.")


def test_run_refuses_an_address_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(CommandError) as refusal:
            run.check_free(bind)

    assert str(refusal.value) == (
        f"Cannot listen on {bind}: Address already in use. Stop what runs there, or choose another port "
        "(manage.py run --bind 127.0.0.1:8001, with SITE_URL=http://127.0.0.1:8001)."
    )


@pytest.mark.parametrize("bind", ["8000", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:99999", ""])
def test_run_refuses_what_is_no_address(bind):
    with pytest.raises(CommandError) as refusal:
        run.check_free(bind)

    assert str(refusal.value) == f"--bind {bind}: write HOST:PORT, such as 127.0.0.1:8000."


@pytest.mark.django_db
def test_administrator_can_log_in_with_the_password_shown(client):
    sentence = run.make_administrator("admin@example.org")

    password = sentence.split("password ")[1].split(" ")[0]
    assert sentence == f"Administrator admin@example.org, password {password} (shown this once)."
    assert ModelBackend().authenticate(None, username="admin@example.org", password=password)
    assert User.objects.values_list("email", "is_staff", "is_superuser").get() == ("admin@example.org", True, True)


@pytest.mark.django_db
def test_administrator_who_exists_keeps_the_password():
    User.objects.create_superuser("admin@example.org", password="kept")

    sentence = run.make_administrator("admin@example.org")

    assert sentence == (
        "Administrator admin@example.org exists already; "
        "manage.py changepassword admin@example.org sets a new password."
    )
    assert User.objects.get().check_password("kept")


def test_administrator_needs_a_mail_address():
    with pytest.raises(CommandError) as refusal:
        run.make_administrator("admin")

    assert str(refusal.value) == "--admin admin: not a mail address."


def test_process_that_ends_by_itself_is_named_and_ends_the_others():
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]

    with run.running({"web": sleeper, "worker": [sys.executable, "-c", ""]}) as processes:
        ended = run.first_to_end(processes)

    assert ended == "worker"
    assert [process.poll() is not None for process in processes.values()] == [True, True]
