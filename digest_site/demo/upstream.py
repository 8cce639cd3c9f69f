"""A small web site on loopback that answers as Hugging Face and arXiv do, with invented papers only."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from digest_site.demo import arxiv, huggingface
from digest_site.demo.samples import Sample, load_samples, sample_days
from papers.identifiers import is_category, parse_arxiv_id

HOST = "127.0.0.1"

_DEFAULT_LIMIT = 50
_MAX_LIMIT = 100
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_JSON = "application/json; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_RSS = "application/rss+xml; charset=utf-8"
_ATOM = "application/atom+xml; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    body: bytes
    location: str = ""

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


_NOT_FOUND = Answer(404, _HTML, b"<!DOCTYPE html><title>404</title><p>The sample upstream has no such page.</p>")


class Upstream:
    """What is answered to which address. The five sample days end at `today`."""

    def __init__(self, today: date) -> None:
        self.samples: list[Sample] = load_samples()
        self.days: dict[int, date] = dict(enumerate(sample_days(today), start=1))

    def answer(self, target: str) -> Answer:
        """Answer one request line's target, such as `/api/daily_papers?date=2026-08-12`."""
        address = urlsplit(target)
        path = unquote(address.path)
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        if path == "/api/daily_papers":
            return self._daily_papers(query)
        if path == "/papers":
            return self._page(self.days[len(self.days)])
        if path.startswith("/papers/date/"):
            return self._page(_parse_day(path.removeprefix("/papers/date/")))
        if path.startswith("/rss/"):
            return self._rss(path.removeprefix("/rss/"))
        if path == "/api/query":
            return self._query(query.get("id_list", ""))
        return _NOT_FOUND

    def _daily_papers(self, query: dict[str, str]) -> Answer:
        day = _parse_day(query["date"]) if "date" in query else self.days[len(self.days)]
        limit, page = query.get("limit", str(_DEFAULT_LIMIT)), query.get("p", "0")
        if day is None or not (limit.isdecimal() and page.isdecimal() and 1 <= int(limit) <= _MAX_LIMIT):
            return Answer(400, _JSON, json.dumps({"error": "Invalid query parameters"}).encode())
        start = int(page) * int(limit)
        return Answer(200, _JSON, huggingface.api(self._shown_on(day)[start : start + int(limit)], day))

    def _page(self, day: date | None) -> Answer:
        if day is None:
            return Answer(302, _HTML, b"", location="/papers")
        # A day not yet published is answered with the latest one, as the real site does.
        day = min(day, self.days[len(self.days)])
        return Answer(200, _HTML, huggingface.page(self._shown_on(day), day))

    def _rss(self, names: str) -> Answer:
        categories = names.split("+")
        if not all(map(is_category, categories)):
            return Answer(400, _RSS, arxiv.rss_error(names))
        return Answer(200, _RSS, arxiv.rss(self.samples, categories, self.days[len(self.days)]))

    def _query(self, id_list: str) -> Answer:
        for value in filter(None, id_list.split(",")):
            if parse_arxiv_id(value) is None:
                return Answer(400, _ATOM, arxiv.atom_error(value))
        return Answer(200, _ATOM, arxiv.atom(self.samples, id_list, self.days))

    def _shown_on(self, day: date) -> list[Sample]:
        number = next((number for number, own in self.days.items() if own == day), 0)
        return huggingface.shown_on(number, self.samples)


def bind(today: date, port: int = 0) -> ThreadingHTTPServer:
    """A server on loopback, listening but not yet serving; port 0 takes any free one. Raises OSError."""
    upstream = Upstream(today)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "sample-upstream"

        def do_GET(self) -> None:
            _respond(self, upstream.answer(self.path))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class names it
            """Silent: the reader's own report says what was read."""

    return ThreadingHTTPServer((HOST, port), Handler)


def base_url(server: ThreadingHTTPServer) -> str:
    return f"http://{HOST}:{server.server_port}"


@contextmanager
def serving(today: date) -> Iterator[str]:
    """Serve in the background on a free port; yields the base address, such as http://127.0.0.1:40123."""
    with bind(today) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield base_url(server)
        finally:
            server.shutdown()
            thread.join()


def _respond(request: BaseHTTPRequestHandler, answer: Answer) -> None:
    is_known = answer.status == 200 and request.headers.get("If-None-Match") == answer.etag
    request.send_response(304 if is_known else answer.status)
    request.send_header("ETag", answer.etag)
    if answer.location:
        request.send_header("Location", answer.location)
    body = b"" if is_known else answer.body
    if not is_known:
        request.send_header("Content-Type", answer.content_type)
        request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def _parse_day(value: str) -> date | None:
    """A calendar day as ISO writes it, also with a time behind it; None when it is none."""
    try:
        return date.fromisoformat(value[:10]) if _DAY.match(value) else None
    except ValueError:
        return None
