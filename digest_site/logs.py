"""How log lines look: one line a record or one JSON object a record, with the request or task they belong to, and
without what must not be in a log (STANDARDS A25, A26)."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from celery import current_task

# The request that is being answered; set by digest_site.request_ids.
request_id: ContextVar[str] = ContextVar("request_id", default="")

# A reader's link, with or without the slash it begins with; and what was asked for, as in "/search?q=…".
_LINK = re.compile(r"(?<![A-Za-z0-9_.-])([a-z]/)[A-Za-z0-9_-]{16,}")
_QUERY = re.compile(r"(/[\w/.-]*\?)[^\s'\">]+")
# Also user and password of an address such as postgres://user:password@host. Begins where a word does, gives nothing
# back and reaches so far only: strangers write long lines too.
_ADDRESS = re.compile(r"(?<![^\s@<>\"'(),;:=/])[^\s@<>\"'(),;:=/]++(?::[^\s@/]{1,1000})?@[\w.-]*\w")
# An interest as a page, but not the route of all such pages; and gunicorn's word on who sent what it cannot read.
_TOPIC = re.compile(r"(/topics/)(?!<path:interest>).+")
_CLIENT = re.compile(r"\bip=[\da-fA-F.:]+(?=:)")
# PostgreSQL quotes the row there.
_ROW = re.compile(r"^DETAIL:.*\n?", re.MULTILINE)
# What a terminal or a log's reader takes for more than a character: C0 but tab, DEL, C1, line and paragraph separators.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_DELIVERY = re.compile(r"\b[Dd]elivery ([\w-]+)")


def mask(text: str) -> str:
    """Take out what opens somebody's subscription or tells of them: links, queries, topics, addresses, rows."""
    shown = _TOPIC.sub(r"\1…", _CLIENT.sub("ip=…", _ROW.sub("", text)))
    return _ADDRESS.sub("…@…", _QUERY.sub(r"\1…", _LINK.sub(r"\1…", shown)))


def escape(text: str) -> str:
    """Keep text on one line, whatever it holds."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class Line(logging.Formatter):
    """`2026-01-31T07:00:00.123Z ERROR subscriptions.delivery [5f2c…] words`; a traceback follows, indented."""

    def format(self, record: logging.LogRecord) -> str:
        context = f" [{found}]" if (found := _context(record)) else ""
        words = escape(mask(record.getMessage()))
        line = f"{_time(record)} {record.levelname} {record.name}{context} {words}"
        return "\n    ".join((line, *_traceback(self, record)))


class Json(logging.Formatter):
    """One object a line, for programs that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        words = mask(record.getMessage())
        fields: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": words,
            "request_id": request_id.get(),
            "task_id": _task_id(record),
            "delivery": found[1] if (found := _DELIVERY.search(words)) else "",
            "traceback": "\n".join(_traceback(self, record)),
        }
        return json.dumps({name: value for name, value in fields.items() if value})


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _context(record: logging.LogRecord) -> str:
    return request_id.get() or _task_id(record)


def _task_id(record: logging.LogRecord) -> str:
    return current_task.request.id or "" if current_task else ""


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    # Django explains at DEBUG why a template's variable is not there, and quotes all that is.
    if not record.exc_info or record.levelno < logging.WARNING:
        return []
    return [escape(line) for line in mask(formatter.formatException(record.exc_info)).splitlines()]
