import io
import json
import logging
import sys
import time

import pytest
from django.conf import settings

from digest_site import logs
from digest_site.celery import app

HOSTILE = "x\n2026-01-31 ERROR forged\r\x1b[31mred\x1b[0m\x00\x85\u2028end"


def record(message: str, *args: object, exc_info=None) -> logging.LogRecord:
    return logging.LogRecord("subscriptions.delivery", logging.ERROR, __file__, 1, message, args, exc_info)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Not Found: /c/Ab3_-5678901234567890ab", "Not Found: /c/…"),
        ("Method Not Allowed (PUT): /u/Ab3_-5678901234567890ab/", "Method Not Allowed (PUT): /u/…/"),
        ("Not Found: /papers/2608.00001", "Not Found: /papers/2608.00001"),
        ("'path': 'm/Ab3_-5678901234567890ab/x'", "'path': 'm/…/x'"),
        ("<WSGIRequest: GET '/search?q=secret%20wish'>", "<WSGIRequest: GET '/search?…'>"),
        ("Not Found: /topics/secret wish (a/feed.atom", "Not Found: /topics/…"),
        ("GET /topics/<path:interest>/feed.atom 200 12 ms", "GET /topics/<path:interest>/feed.atom 200 12 ms"),
        ("Invalid request from ip=192.0.2.7: Invalid Method", "Invalid request from ip=…: Invalid Method"),
        ("Invalid request from ip=2001:db8::1: Invalid Method", "Invalid request from ip=…: Invalid Method"),
        ("Why? Nobody knows", "Why? Nobody knows"),
        ("550 <ada@example.org> unknown", "550 <…@…> unknown"),
        ("Key (email_key)=(ada.b+c@example.org) exists", "Key (email_key)=(…@…) exists"),
        ("postgres://user:secret@db.example.org/x", "postgres://…@…/x"),
        ("hooks:secret@host", "…@…"),
        ("10 messages @ 07:00", "10 messages @ 07:00"),
    ],
)
def test_a25_links_and_addresses_are_masked(text, expected):
    assert logs.mask(text) == expected


@pytest.mark.parametrize("text", [4_000 * "9", 2_000 * "a:", 2_000 * "@-", "x@" + 4_000 * "-"])
def test_a25_long_lines_of_strangers_are_masked_at_once(text):
    """Looking again from every character on took a fifth of a second for the first of these."""
    start = time.process_time()
    logs.mask(f"Not Found: /{text}")

    assert time.process_time() - start < 0.1


@pytest.mark.parametrize("name", ["line", "json"])
def test_a25_every_handler_masks(name):
    formats = {name: settings.LOGGING["formatters"][handler["formatter"]] for name, handler in _handlers().items()}

    assert formats == {"console": {"()": "digest_site.logs.Line"}}
    assert settings.LOGGING["formatters"][name]["()"] in {"digest_site.logs.Line", "digest_site.logs.Json"}


def _handlers():
    return settings.LOGGING["handlers"]


def test_a26_line_stays_one_line():
    line = logs.Line().format(record("User agent %s", HOSTILE))

    assert line.splitlines() == [line]
    assert line.endswith(
        r"ERROR subscriptions.delivery User agent x\n2026-01-31 ERROR forged\r\x1b[31mred\x1b[0m\x00\x85\u2028end"
    )


def test_a26_json_is_one_object_a_line():
    line = logs.Json().format(record("User agent %s", HOSTILE))

    assert line.splitlines() == [line]
    assert line.isascii()
    assert json.loads(line)["message"] == f"User agent {HOSTILE}"


def fail() -> None:
    raise ValueError("no such reader: ada@example.org\n2026-01-31 ERROR forged\nDETAIL:  Key (normal)=(grokking)")


def failing() -> logging.LogRecord:
    try:
        fail()
    except ValueError:
        return record("Delivery %s could not be rendered", "digest-1f", exc_info=sys.exc_info())


def test_a26_lines_of_a_traceback_begin_with_blanks_and_quote_no_row():
    first, *others = logs.Line().format(failing()).splitlines()

    assert first.endswith("Delivery digest-1f could not be rendered")
    assert [line for line in others if not line.startswith("    ")] == []
    assert others[-2:] == ["    ValueError: no such reader: …@…", "    2026-01-31 ERROR forged"]


def test_json_names_delivery_request_and_traceback():
    token = logs.request_id.set("5f2c-request")
    try:
        fields = json.loads(logs.Json().format(failing()))
    finally:
        logs.request_id.reset(token)

    trace = fields.pop("traceback")
    time = fields.pop("time")
    assert fields == {
        "level": "ERROR",
        "logger": "subscriptions.delivery",
        "message": "Delivery digest-1f could not be rendered",
        "request_id": "5f2c-request",
        "delivery": "digest-1f",
    }
    assert trace.startswith("Traceback (most recent call last):\n")
    assert time.endswith("Z")


def test_task_names_its_log_lines():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Json())

    @app.task
    def speak():
        logger.error("within a task")

    logger = logging.getLogger("tests.speaking")
    logger.addHandler(handler)
    try:
        speak.apply(task_id="the-task")
    finally:
        logger.removeHandler(handler)

    assert json.loads(stream.getvalue())["task_id"] == "the-task"
