"""A stand-in for any provider's API: real HTTP on loopback, with a ledger of what was posted to it."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from digest_site.environment_mail import PROVIDERS

TO = "reader@example.net"


@dataclass(frozen=True)
class Answer:
    """What the stub says; `then` may be "drop" (hang up without a word) or "stall" (say nothing, stay on the line)."""

    status: int = 200
    body: object = ""
    headers: dict[str, str] = field(default_factory=dict)
    then: str = ""

    @property
    def content(self) -> bytes:
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


# How each provider says yes, and the id it gives; {} is what Anymail makes of a body it cannot read.
YES = {
    "amazon_ses": (Answer(200, {"MessageId": "ses-1"}), "ses-1"),
    "brevo": (Answer(201, {"messageId": "<brevo-1@smtp.example>"}), "<brevo-1@smtp.example>"),
    "mailersend": (Answer(202, "", {"X-Message-Id": "ms-1", "Content-Type": "text/html"}), "ms-1"),
    "mailgun": (Answer(200, {"id": "<mg-1@example.org>", "message": "Queued. Thank you."}), "<mg-1@example.org>"),
    "mailjet": (Answer(200, {"Messages": [{"Status": "success", "To": [{"Email": TO, "MessageID": 77}]}]}), "77"),
    "postmark": (Answer(200, {"To": TO, "MessageID": "pm-1", "ErrorCode": 0, "Message": "OK"}), "pm-1"),
    "resend": (Answer(200, {"id": "re-1"}), "re-1"),
    "sparkpost": (
        Answer(200, {"results": {"total_rejected_recipients": 0, "total_accepted_recipients": 1, "id": "sp-1"}}),
        "sp-1",
    ),
}
assert YES.keys() == PROVIDERS.keys()

KEYS = {
    "brevo": ("API_KEY",),
    "mailersend": ("API_TOKEN",),
    "mailgun": ("API_KEY", "SENDER_DOMAIN"),
    "mailjet": ("API_KEY", "SECRET_KEY"),
    "postmark": ("SERVER_TOKEN",),
    "resend": ("API_KEY",),
    "sparkpost": ("API_KEY",),
}


def anymail_settings(provider: str, url: str, timeout: float = 5) -> dict[str, Any]:
    """What an operator would set, pointed at `url`."""
    if provider == "amazon_ses":
        client = {"region_name": "eu-west-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
        return {"AMAZON_SES_CLIENT_PARAMS": client | {"endpoint_url": url}, "REQUESTS_TIMEOUT": timeout}
    keys = {f"{provider.upper()}_{name}": "example.org" for name in KEYS[provider]}
    return keys | {f"{provider.upper()}_API_URL": url, "REQUESTS_TIMEOUT": timeout}


class StubProvider:
    """Answers every POST with `answer` and remembers it in `posts`: (headers, body)."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.released = threading.Event()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stub.posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
                stub.reply(self)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def reply(self, handler: BaseHTTPRequestHandler) -> None:
        answer = self.answer
        if answer.then == "stall":
            self.released.wait(10)
        if answer.then:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        handler.send_response(answer.status)
        for name, value in ({"Content-Type": "application/json"} | answer.headers).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer.content)))
        handler.end_headers()
        handler.wfile.write(answer.content)

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def stub_provider(answer: Answer) -> Iterator[StubProvider]:
    stub = StubProvider(answer)
    try:
        yield stub
    finally:
        stub.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
