"""A real web site on loopback, as well or ill behaved as a test wants it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Visit"], None]


class Visit(BaseHTTPRequestHandler):
    """One request; an answer writes through `say` or straight to `wfile`."""

    server: "Site"

    def do_GET(self):
        self.close_connection = True
        self.server.visits.append((self.path, dict(self.headers)))
        with_answers = self.server.answers[self.path]
        answer = with_answers.pop(0) if len(with_answers) > 1 else with_answers[0]
        # A client that has heard enough hangs up.
        try:
            answer(self)
        except OSError:
            self.server.hung_up.set()

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send a whole answer; `Content_Type` is written Content-Type, and a length is added if none is given."""
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def drip(self, pieces: Iterator[bytes], seconds: float) -> None:
        """Send a piece every so many seconds until they or the test end."""
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()
            if self.server.closing.wait(seconds):
                return

    def log_message(self, *args: Any) -> None:
        pass


class Site(ThreadingHTTPServer):
    """Answers by path, the last of several for ever; `visits` are the requests, in order."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Visit)
        self.answers: dict[str, list[Answer]] = {}
        self.visits: list[tuple[str, dict[str, str]]] = []
        self.hung_up = threading.Event()
        self.closing = threading.Event()

    def on(self, path: str, *answers: Answer) -> str:
        """Answer a path, and return its address."""
        self.answers[path] = list(answers)
        return self.at(path)

    def at(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_port}{path}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.visits]


@contextmanager
def serving() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        site.closing.set()
        site.shutdown()
        site.server_close()
        thread.join()


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A bare TCP server for one connection, below HTTP. Gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)
