"""Mail as files. No django_db mark: the backend knows nothing of rows."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from django.core.mail import EmailMessage, get_connection

from subscriptions import outbox
from subscriptions.message import Message
from tests.subscriptions.mails import SENT_AT, build_message

STEM = "20260812T070030Z-digest-1"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    settings.OUTBOX_DIR = tmp_path / "mail" / "outbox"
    return settings.OUTBOX_DIR


def build(**values) -> Message:
    return build_message(**{"key": "digest-1", "text": "Größe\n", "html": "<!doctype html>\n<p>研究</p>\n"} | values)


def send(*messages: EmailMessage, **options) -> int:
    return get_connection("subscriptions.outbox.EmailBackend", **options).send_messages(messages)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_message_becomes_two_files(folder):
    message = build()

    count = send(message)

    assert (count, names(folder)) == (1, [f"{STEM}.eml", f"{STEM}.html"])
    assert (folder / f"{STEM}.eml").read_bytes() == message.message().as_bytes(linesep="\r\n")
    assert (folder / f"{STEM}.html").read_text(encoding="utf-8") == message.html


def test_files_are_for_their_owner_only(folder):
    send(build())

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.iterdir()]}
    assert modes == {"outbox": 0o700, f"{STEM}.eml": 0o600, f"{STEM}.html": 0o600}


def test_no_file_replaces_another(folder):
    first, second = build(text="first\n"), build(text="second\n")

    count = send(first, second) + send(build(text="third\n"))

    assert (count, names(folder)) == (
        3,
        sorted(f"{STEM}{n}{end}" for n in ("", "-2", "-3") for end in (".eml", ".html")),
    )
    texts = [(folder / f"{STEM}{n}.eml").read_bytes() for n in ("", "-2", "-3")]
    assert [text in raw for text, raw in zip((b"first", b"second", b"third"), texts, strict=True)] == [True] * 3


def test_writers_at_once_each_get_a_name(folder):
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda number: send(build(text=f"text {number:02}\n")), range(40)))

    texts = {path.read_bytes().split(b"\r\n\r\n")[2][:7] for path in folder.glob("*.eml")}
    assert (counts, len(names(folder)), len(texts)) == ([1] * 40, 80, 40)


def test_unfinished_file_of_a_dead_writer_is_passed_over(folder):
    folder.mkdir(parents=True)
    (folder / f".{STEM}.part").touch()

    send(build())

    assert names(folder) == [f".{STEM}.part", f"{STEM}-2.eml", f"{STEM}-2.html"]


def test_disk_full_leaves_nothing_behind(folder, monkeypatch):
    def fail(*args) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outbox, "_write_page", fail)

    with pytest.raises(OSError, match="No space left on device"):
        send(build())

    assert (names(folder), send(build(), fail_silently=True)) == ([], 0)


def test_names_are_safe_and_in_utc(folder):
    send(build(key="../../etc/x y" + "z" * 99, sent_at=SENT_AT.astimezone(timezone(timedelta(hours=9)))))

    assert names(folder) == [f"20260812T070030Z--etc-x-y{'z' * 72}{end}" for end in (".eml", ".html")]


def test_message_of_another_make_is_written_too(folder):
    headers = {"Date": "Wed, 12 Aug 2026 07:00:30 -0000", "Message-ID": "<5.6@host>"}

    count = send(EmailMessage("Error", "It failed.", "a@example.org", ["b@example.org"], headers=headers))

    assert (count, names(folder)) == (1, ["20260812T070030Z-5-6.eml"])


def test_message_to_nobody_is_not_counted(folder):
    assert (send(EmailMessage("Error", "It failed.")), folder.exists()) == (0, False)
