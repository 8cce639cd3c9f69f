"""`manage.py demo`, as a stranger runs it: in a process of its own, in an empty folder."""

import email
import email.policy
import os
import re
import sqlite3
import subprocess
import sys
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from digest_site.demo import isolation, morning, report
from digest_site.demo.readers import READERS
from digest_site.demo.upstream import serving
from papers.models import Paper, Reading
from subscriptions.composing import compose_due
from subscriptions.delivery import claim
from subscriptions.models import Delivery, Subscriber

ROOT = Path(__file__).resolve().parents[2]
FRIDAY = date(2026, 8, 14)
SATURDAY = date(2026, 8, 15)
# An operator's own settings, every one a trap: nobody listens on port 9.
OPERATOR = {
    "DATABASE_URL": "postgres://paper_round:password@127.0.0.1:9/paper_round",
    "REDIS_URL": "redis://127.0.0.1:9/0",
    "EMAIL_URL": "smtp://127.0.0.1:9",
    "HUGGINGFACE_URL": "http://127.0.0.1:9/huggingface",
    "SITE_URL": "https://digest.example.org",
    "SECRET_KEY": "a-key-of-the-operator-with-more-than-fifty-characters-in-it",
    "SITE_NAME": "The operator's own",
}
NOOR = {f"2600.{n:05}" for n in (1, 2, 5, 13, 14, 16, 25, 27, 31, 45, 53, 57, 59, 64)}
TOMAS = {f"2600.{n:05}" for n in (3, 4, 11, 19, 24, 26, 36, 46, 51, 56, 61)}
WREN = ["2600.00056", "2600.00050", "2600.00041", "2600.00015", "2600.00032"]
LATER = """
import django
django.setup()
from datetime import date
from digest_site.management.commands.demo import play
for part in play(date(2031, 5, 10)):
    print(part)
"""


def start(command: list[str], cwd: Path, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False)


def run(data_dir: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    base = {"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir), "ENV_FILE": os.devnull}
    return start([sys.executable, str(ROOT / "manage.py"), "demo"], data_dir.parent, base | environment)


def run_on_a_later_day(data_dir: Path) -> "subprocess.CompletedProcess[str]":
    django = {"DJANGO_SETTINGS_MODULE": "digest_site.settings"}
    environment = isolation.environment(data_dir, os.environ) | django
    return start([sys.executable, "-c", LATER], ROOT, environment)


def mails(data_dir: Path) -> dict[str, list[str]]:
    """Kind and recipient of every mail in the outbox → the papers in it, in order."""
    found = {}
    for path in sorted((data_dir / "outbox").glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        text = message.get_body(("plain",)).get_content()
        kind = path.name.split("-")[1]
        found[f"{kind} to {message['To']}"] = list(dict.fromkeys(re.findall(r"2600\.\d{5}", text)))
    return found


def files(data_dir: Path) -> list[str]:
    return sorted(path.name for path in (data_dir / "outbox").iterdir())


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The data folder after a first run beside an operator's settings, and what the run printed."""
    folder = tmp_path_factory.mktemp("demo")
    dotenv = folder / "operator.env"
    dotenv.write_text("".join(f"{name}={value}\n" for name, value in OPERATOR.items()))
    return folder / "var", run(folder / "var", ENV_FILE=str(dotenv))


def test_first_run_sends_each_reader_what_they_asked_for(played):
    data_dir, first = played

    sent = mails(data_dir)
    confirmations = {f"confirm to {reader.email}": [] for reader in READERS}
    welcomes = {f"welcome to {reader.email}" for reader in READERS}
    digests = {name: papers for name, papers in sent.items() if name.startswith("digest")}
    assert (first.returncode, first.stderr) == (0, "")
    assert sent.keys() - digests.keys() == confirmations.keys() | welcomes
    assert {len(sent[welcome]) for welcome in welcomes} == {3}
    assert {name: sorted(papers) for name, papers in digests.items()} == {
        "digest to noor@example.org": sorted(NOOR),
        "digest to tomas@example.org": sorted(TOMAS),
        "digest to wren@example.org": sorted(WREN),
    }
    assert digests["digest to wren@example.org"] == WREN


def test_first_run_leaves_each_mail_as_eml_and_html(played):
    data_dir, _ = played

    names = files(data_dir)
    assert len(names) == 18
    assert {name.removesuffix(".html") for name in names if name.endswith(".html")} == {
        name.removesuffix(".eml") for name in names if name.endswith(".eml")
    }


def test_first_run_says_what_was_read_who_got_what_and_why(played):
    data_dir, first = played

    lines = first.stdout.splitlines()
    readings = [line.split() for line in lines if re.match(r"  (Hugging Face|arXiv)", line)]
    assert [line[-4:] for line in readings] == [
        ["12", "12", "0", "0"],
        ["12", "12", "0", "0"],
        ["13", "13", "0", "0"],
        ["13", "12", "1", "0"],
        ["11", "11", "0", "0"],
        ["17", "9", "8", "0"],
        ["52", "0", "52", "0"],
    ]
    assert "  69 papers are in var/demo.sqlite3." in lines
    assert "        2600.00013  multi-agent → Multiagent" in lines
    assert "        2600.00056  trending, with 95 votes" in lines
    assert [line for line in lines if "→ var/outbox/" in line] == [
        f"    → var/outbox/{name}" for name in files(data_dir) if re.search(r"digest.*html", name)
    ]


def test_first_run_touches_nothing_of_the_operator(played):
    data_dir, first = played

    message = next((data_dir / "outbox").glob("*-digest-*.eml")).read_text()
    assert "From: Paper Round demo <papers@example.org>" in message
    assert [value for value in OPERATOR.values() if value in message + first.stdout] == []
    assert sorted(path.name for path in data_dir.glob("*.sqlite3")) == ["demo.sqlite3"]


def test_another_first_run_brings_the_same_papers_in_the_same_order(played, tmp_path):
    run(tmp_path / "var")

    assert mails(tmp_path / "var") == mails(played[0])


def test_second_run_sends_nothing_and_says_so(played):
    data_dir, _ = played
    before = files(data_dir)

    second = run(data_dir)

    assert (second.returncode, second.stderr, files(data_dir)) == (0, "", before)
    assert "Nothing new: every reader already has today's digest. No mail was sent." in second.stdout.splitlines()
    assert second.stdout.count("read before, nothing new") == 6


def test_run_years_later_sends_nothing_and_says_which_day_it_plays(played):
    data_dir, _ = played
    before = files(data_dir)

    later = run_on_a_later_day(data_dir)

    assert (later.returncode, later.stderr, files(data_dir)) == (0, "", before)
    assert "Nothing new: every reader already has today's digest. No mail was sent.\n(The demo's today" in later.stdout


def test_digests_go_out_at_each_readers_hour(played):
    with sqlite3.connect(played[0] / "demo.sqlite3") as database:
        query = "SELECT s.email, d.due_at FROM subscriptions_digest d JOIN subscriptions_subscriber s"
        due = dict(database.execute(f"{query} ON s.id = d.subscriber_id"))
    database.close()

    sent = {}
    for path in (played[0] / "outbox").glob("*-digest-*.eml"):
        message = email.message_from_bytes(path.read_bytes())
        sent[message["To"]] = parsedate_to_datetime(message["Date"]).replace(tzinfo=None)
    assert sent == {address: datetime.fromisoformat(at) for address, at in due.items()}


def test_database_that_is_none_is_named(tmp_path):
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "demo.sqlite3").write_text("These are no tables. " * 100)

    result = run(tmp_path / "var")

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "CommandError: var/demo.sqlite3 cannot be used: file is not a database. "
        "To start afresh, remove var/demo.sqlite3*.\n"
    )


def test_in_place_refuses_settings_that_are_not_its_own():
    # No database mark: a query would fail the test.
    with pytest.raises(CommandError, match=r"these are not: DATABASE_URL, EMAIL_URL, .*HUGGINGFACE_URL, ARXIV_URL"):
        call_command("demo", in_place=True)


@pytest.mark.parametrize("name", re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
def test_environment_hands_on_no_setting(name, tmp_path):
    environment = isolation.environment(tmp_path, {name: "the operator's", "PATH": "/bin", "LC_ALL": "C"})

    assert "the operator's" not in environment.values()
    assert (environment["PATH"], environment["LC_ALL"]) == ("/bin", "C")


@pytest.mark.django_db
def test_day_is_the_last_weekday_and_stays():
    first = morning.day_of(SATURDAY)
    Reading.objects.create(source="huggingface", day=FRIDAY, started_at="2026-08-14T04:30:00Z")

    assert (first, morning.day_of(date(2031, 5, 10))) == (FRIDAY, FRIDAY)


@pytest.mark.django_db(transaction=True)
def test_reading_that_fails_is_named(settings):
    settings.SOURCES_ALLOW_PRIVATE = True

    with serving(FRIDAY) as url, pytest.raises(morning.DemoFailed, match="Reading huggingface of 2026-08-10 failed: "):
        list(morning.read_papers(f"{url}/nowhere", FRIDAY))

    assert Paper.objects.count() == 0


@pytest.fixture
def subscribed(settings, transactional_db):
    """Papers read and readers confirmed, by a run that ended there."""
    settings.SOURCES_ALLOW_PRIVATE = True
    with serving(FRIDAY) as url:
        list(morning.read_papers(url, FRIDAY))
    new = morning.subscribe(READERS, FRIDAY)
    mail.outbox.clear()
    return new


def test_subscribe_confirms_each_reader_once(subscribed):
    again = morning.subscribe(READERS, FRIDAY)

    assert [row.email for row in subscribed] == ["noor@example.org", "tomas@example.org", "wren@example.org"]
    assert (again, mail.outbox) == ([], [])
    assert set(Subscriber.objects.values_list("status", flat=True)) == {Subscriber.Status.ACTIVE}


def test_deliver_sends_what_a_killed_run_held(subscribed):
    due_at = max(Subscriber.objects.values_list("next_digest_at", flat=True))
    compose_due(due_at)
    held = claim(due_at, 10)

    sent = morning.deliver(READERS, FRIDAY)

    assert len(held) == 3
    assert sorted(message.to[0] for message in mail.outbox) == [reader.email for reader in READERS]
    assert {digest.pk for digest in sent} == {delivery.digest_id for delivery in held}
    assert morning.deliver(READERS, FRIDAY) == []


def test_deliver_names_a_mail_that_may_have_been_sent(subscribed):
    due_at = max(Subscriber.objects.values_list("next_digest_at", flat=True))
    compose_due(due_at)
    claim(due_at, 1)
    Delivery.objects.filter(state=Delivery.State.CLAIMED).update(state=Delivery.State.SENDING)

    with pytest.raises(morning.DemoFailed, match=r"digest mail to \w+@example.org is outcome unknown: the worker"):
        morning.deliver(READERS, FRIDAY)


def test_mail_whose_file_is_gone_is_said_to_be(settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings.OUTBOX_DIR = tmp_path / "outbox"

    assert report._file(Delivery(key="digest-1")) == "(its file is no longer in outbox)"
