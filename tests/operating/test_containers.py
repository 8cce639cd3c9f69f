"""Dockerfile and compose.yaml: what a linter would say, and what composing them gives where the tool is installed."""

import re
import shutil
import subprocess

import pytest
import yaml

from tests.environment import ROOT
from tests.operating import redis_server

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
# One instruction a line, without comments.
INSTRUCTIONS = [
    (line.split(" ", 1)[0], line.split(" ", 1)[1].strip())
    for line in re.sub(r"\\\n\s*", "", re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE)).splitlines()
    if line.strip()
]
STAGES = [index for index, (word, _) in enumerate(INSTRUCTIONS) if word == "FROM"]
LAST_STAGE = INSTRUCTIONS[STAGES[-1] :]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = ("setup", "web", "worker", "beat")


def arguments(word: str, stage=LAST_STAGE) -> list[str]:
    return [rest for name, rest in stage if name == word]


# Dockerfile, by the rules of hadolint (https://github.com/hadolint/hadolint) --------------------------


def test_instructions_are_known():
    known = {"FROM", "ARG", "ENV", "RUN", "WORKDIR", "COPY", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD"}

    assert {word for word, _ in INSTRUCTIONS} <= known


def test_it_is_built_in_stages_and_the_last_installs_nothing():
    assert len(STAGES) == 2
    assert [run for run in arguments("RUN") if re.search(r"\bpip\b|\bapt", run)] == []


def test_dl3006_dl3007_images_are_pinned():
    images = [rest.split()[0] for rest in arguments("FROM", INSTRUCTIONS)]

    assert [image for image in images if ":" not in image or image.endswith(":latest")] == []


def test_dl3002_last_user_is_not_root():
    assert arguments("USER") == ["10001:10001"]
    after = [word for word, _ in LAST_STAGE[LAST_STAGE.index(("USER", "10001:10001")) + 1 :]]
    assert set(after) <= {"VOLUME", "EXPOSE", "HEALTHCHECK", "CMD"}


def test_dl3000_work_folders_are_absolute():
    assert [folder for folder in arguments("WORKDIR", INSTRUCTIONS) if not folder.startswith("/")] == []


def test_dl3025_commands_are_lists():
    assert arguments("CMD") == ['["gunicorn", "digest_site.wsgi", "--bind", "0.0.0.0:8000"]']
    assert re.search(r'CMD \["python", "-c"', arguments("HEALTHCHECK")[0])


def test_dl3042_a29_requirements_are_installed_with_hashes_and_without_cache():
    installs = re.findall(r"pip install [^&;|]+", " ".join(arguments("RUN", INSTRUCTIONS)))

    assert len(installs) == 2
    assert [install for install in installs if "--require-hashes" not in install] == []
    assert "PIP_NO_CACHE_DIR=1" in DOCKERFILE


def test_no_secret_is_baked_in():
    assert re.findall(r"(?:SECRET|PASSWORD|TOKEN|KEY)\w*=", DOCKERFILE) == []


def test_image_holds_what_runs_and_nothing_else():
    """`.dockerignore` lets in what its lines name; Git tells what there is."""
    allowed = [
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    ]
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    inside = {
        name.partition("/")[0]
        for name in tracked
        if any(name == each or name.startswith(f"{each}/") for each in allowed)
    }

    assert inside - {"locale"} == {
        "manage.py", "gunicorn.conf.py", "requirements.txt", "requirements-ses.txt", "requirements-sentry.txt",
        "digest_site", "papers", "subscriptions", "templates", "LICENSE",
    }  # fmt: skip


def test_health_is_asked_of_a_page_that_exists(client):
    path = re.search(r"http://127\.0\.0\.1:8000(/\w+)", DOCKERFILE)[1]

    assert client.get(path, headers={"host": "127.0.0.1:8000"}).status_code == 200


# compose.yaml -----------------------------------------------------------------------------------------


def test_services_are_those_of_the_guide():
    assert set(SERVICES) == {*OURS, "postgres", "redis"}


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_with_as_little_as_possible(name):
    service = SERVICES[name]

    wanted = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"], "init": True}
    assert {key: service.get(key) for key in wanted} == wanted
    assert "privileged" not in service
    assert service["volumes"] == ["data:/var/lib/paper-round"]


def test_database_and_broker_are_not_to_be_reached_from_outside():
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert [SERVICES[name]["networks"] for name in ("postgres", "redis")] == [["inside"], ["inside"]]
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_a28_redis_keeps_a_log_throws_nothing_away_and_asks_for_a_password():
    script = SERVICES["redis"]["command"][2]

    for directive in ('requirepass "%s"', "appendonly yes", "maxmemory-policy noeviction"):
        assert rf"{directive}\n" in script
    assert "exec redis-server" in script
    assert "--requirepass" not in script


def test_a28_redis_of_compose_takes_its_configuration(tmp_path):
    """The script itself, with this machine's server in the place of the image's."""
    port = redis_server.free_port()
    script = SERVICES["redis"]["command"][2].replace("$$", "$").replace("/run/redis", str(tmp_path))
    script = script.replace("exec redis-server", f"exec {redis_server.PROGRAM}").replace("/data", str(tmp_path))
    command = ["sh", "-c", f"{script} --port {port} --bind 127.0.0.1"]

    with redis_server.running(command, port, "s3cret", {"REDIS_PASSWORD": "s3cret"}) as client:
        found = redis_server.configuration(client, "appendonly", "maxmemory-policy", "maxmemory", "dir")

    assert found == {
        "appendonly": "yes", "maxmemory-policy": "noeviction", "maxmemory": str(256 * 2**20), "dir": str(tmp_path),
    }  # fmt: skip
    assert (tmp_path / "redis.conf").stat().st_mode & 0o077 == 0


def test_everything_waits_for_what_it_needs():
    assert SERVICES["setup"]["depends_on"] == {
        "postgres": {"condition": "service_healthy"}, "redis": {"condition": "service_healthy"},
    }  # fmt: skip
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"] == {"setup": {"condition": "service_completed_successfully"}}
    assert [name for name in ("postgres", "redis") if "test" not in SERVICES[name]["healthcheck"]] == []


def test_worker_has_time_to_end_its_message():
    from django.conf import settings

    stop = int(SERVICES["worker"]["stop_grace_period"].removesuffix("s"))

    assert stop > settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT
    assert "beat" not in SERVICES["worker"]["command"]


def test_logs_do_not_fill_the_disk():
    assert [name for name, service in SERVICES.items() if "max-size" not in service["logging"]["options"]] == []


def test_passwords_are_asked_for():
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")

    assert re.findall(r"\$\{(\w+)(?!\w*:\?)\}", text) == []
    assert set(re.findall(r"\$\{(\w+):\?", text)) == {"POSTGRES_PASSWORD", "REDIS_PASSWORD"}


def compose_program() -> list[str] | None:
    for program in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(program[0])
            and not subprocess.run([*program, "version"], check=False, capture_output=True).returncode
        ):
            return program
    return None


@pytest.mark.skipif(compose_program() is None, reason="no docker compose here")
def test_compose_itself_understands_it(tmp_path):
    (tmp_path / "compose.yaml").write_text((ROOT / "compose.yaml").read_text())
    (tmp_path / ".env").write_text("POSTGRES_PASSWORD=one\nREDIS_PASSWORD=two\nSITE_URL=https://digest.example.org\n")

    result = subprocess.run(
        [*(compose_program() or []), "--file", "compose.yaml", "config"],
        check=False, cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip

    assert result.returncode == 0, result.stderr
    services = yaml.safe_load(result.stdout)["services"]
    assert services["worker"]["environment"]["REDIS_URL"] == "redis://:two@redis:6379/0"
    assert services["web"]["environment"]["DATABASE_URL"] == "postgres://paper_round:one@postgres:5432/paper_round"
