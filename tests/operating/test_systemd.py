"""The Debian way of OPERATING.md, followed as far as a test machine allows: units, Redis, and the typed commands."""

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from tests.environment import ROOT, setting_names
from tests.operating import documents, redis_server

UNITS = documents.units()
SERVICES = [name for name in UNITS if name.endswith(".service")]
# These run our own programs for years; the others are over in a moment.
PROGRAMS = ["paper-round-web.service", "paper-round-worker@.service", "paper-round-beat.service"]


def read(name: str) -> configparser.RawConfigParser:
    unit = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(UNITS[name])
    return unit


def test_units_are_those_that_are_enabled():
    enabled = re.findall(r"paper-round-[\w.@-]+", " ".join(documents.commands("as root")))
    wanted = {re.sub(r"@1$", "@", name) for name in enabled} - {"paper-round-1"}
    stems = {name if name.endswith(".timer") else f"{name}.service" for name in wanted}

    assert stems <= set(UNITS)
    assert set(UNITS) - stems == {"paper-round-watch.service", "paper-round-backup.service"}  # their timers start them


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_understands_the_units(tmp_path):
    true = shutil.which("true")
    for name, body in UNITS.items():
        # Programs that are not installed here are replaced: systemd looks for them.
        text = re.sub(r"^(ExecStart|ExecReload)=\S+", rf"\1={true}", body, flags=re.MULTILINE)
        (tmp_path / name.replace("@.", "@1.")).write_text(text)

    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *sorted(map(str, tmp_path.iterdir()))],
        check=False, capture_output=True, text=True, env={"PATH": os.environ["PATH"], "SYSTEMD_LOG_LEVEL": "warning"},
    )  # fmt: skip

    ours = [line for line in result.stderr.splitlines() if "paper-round" in line]
    assert (ours, result.returncode) == ([], 0), result.stderr


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_run_as_nobody_in_particular_and_cannot_write_the_system(name):
    service = dict(read(name)["Service"])

    wanted = {
        "User": "paper-round",
        "NoNewPrivileges": "true",
        "ProtectSystem": "strict",
        "Restart": "always",
        "StateDirectory": "paper-round",
    }
    assert {key: service.get(key) for key in wanted} == wanted
    assert service["Environment"] == "ENV_FILE=/etc/paper-round/env"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("paper-round-web.service", ["gunicorn", "--check-config"]),
        ("paper-round-worker@.service", ["celery", "--help"]),
        ("paper-round-beat.service", ["celery", "--help"]),
    ],
)
def test_programs_know_their_options(name, options, tmp_path):
    program, *arguments = read(name)["Service"]["ExecStart"].replace("%i", "1").replace("%%h", "%h").split()
    assert program == f"/opt/paper-round/.venv/bin/{options[0]}"
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "DATA_DIR": str(tmp_path)}

    result = subprocess.run(
        [sys.executable, "-m", options[0], *arguments, options[1]],
        check=False, cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip

    assert result.returncode == 0, result.stderr


def test_worker_has_time_to_end_its_message():
    from django.conf import settings

    stop = int(read("paper-round-worker@.service")["Service"]["TimeoutStopSec"])

    assert stop > settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT + settings.EMAIL_TIMEOUT


def test_a28_redis_asks_for_a_password_keeps_a_log_and_throws_nothing_away(tmp_path):
    port = redis_server.free_port()
    text = documents.files()["/etc/redis/paper-round.conf"]
    config = dict(line.split(" ", 1) for line in text.splitlines())
    (tmp_path / "redis.conf").write_text(f"{text}port {port}\ndir {tmp_path}\n")
    command = [redis_server.PROGRAM, str(tmp_path / "redis.conf")]

    with redis_server.running(command, port, config["requirepass"]) as client:
        found = redis_server.configuration(client, "appendonly", "maxmemory-policy")
        anonymous = redis.Redis(port=port)
        with pytest.raises(redis.AuthenticationError):
            anonymous.ping()
        anonymous.close()

    assert config["bind"] == "127.0.0.1"
    assert found == {"appendonly": "yes", "maxmemory-policy": "noeviction"}


@pytest.mark.parametrize("path", ["/etc/paper-round/env", ".env"])
def test_settings_files_name_settings_that_are_read(path):
    lines = [line for line in documents.files()[path].splitlines() if line and not line.startswith("#")]
    names = [line.partition("=")[0] for line in lines]

    of_compose = {"POSTGRES_PASSWORD", "REDIS_PASSWORD"} if path == ".env" else set()
    assert set(names) - setting_names() - of_compose - {"ANYMAIL_POSTMARK_SERVER_TOKEN"} == set()
    assert len(names) == len(set(names))


def test_commands_are_followed_literally(tmp_path):
    """In a folder of its own, with this environment's Python and, here, an SQLite file in the place of PostgreSQL."""
    home = tmp_path / "paper-round"
    home.mkdir()
    for name in ("manage.py", "digest_site", "papers", "subscriptions", "templates"):
        (home / name).symlink_to(ROOT / name)
    (home / ".venv/bin").mkdir(parents=True)
    (home / ".venv/bin/python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (home / ".venv/bin/python").chmod(0o755)
    write_env(home / "env", tmp_path / "data")

    typed = documents.commands("as paper-round")
    outputs = [run(command, home) for command in typed]

    assert [result.returncode for result in outputs] == [0, 0, 0], outputs
    assert (tmp_path / "data/staticfiles/staticfiles.json").exists()
    assert "System check identified no issues" in outputs[2].stdout + outputs[2].stderr


def write_env(path: Path, data: Path) -> None:
    text = documents.files()["/etc/paper-round/env"]
    for name in ("SECRET_KEY", "SUPPRESSION_KEY"):
        text = text.replace(f"{name}=\n", f"{name}={name}-{50 * 'k'}\n")
    text = re.sub(r"^DATA_DIR=.*$", f"DATA_DIR={data}", text, flags=re.MULTILINE)
    text = re.sub(r"^(DATABASE_URL|REDIS_URL)=.*\n", "", text, flags=re.MULTILINE)
    path.write_text(text)


def run(command: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": str(home / "env"),
        "DJANGO_SETTINGS_MODULE": "digest_site.settings",
    }
    return subprocess.run(command, shell=True, check=False, cwd=home, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("command", documents.commands("as root"))
def test_commands_of_root_are_shell(command):
    assert subprocess.run(["sh", "-n", "-c", command], check=False).returncode == 0
