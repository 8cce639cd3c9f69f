"""A mail provider on loopback, in Postmark's shape or Resend's, that keeps a ledger and misbehaves as told."""

import contextlib
import json
import socket
import struct
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.faults.ledger import Handed, Ledger, fingerprint, key_in

LONG = 60.0  # seconds: longer than any patience of ours


@dataclass(frozen=True)
class Act:
    """What the provider does with one message: whether it keeps it, how long it is silent then, how it ends.

    `ending`: "answer", "drop" (FIN), "reset" (RST), "cut" (an answer that stops half way). `late`: it keeps the
    message only after its silence. `gate`: it is silent until the test opens it.
    """

    status: int = 200
    accepts: bool = True
    stall: float = 0.0
    late: bool = False
    ending: str = "answer"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    gate: threading.Event | None = None

    @property
    def is_clear(self) -> bool:
        """Whether the sender can know by it what became of the message."""
        return self.ending == "answer" and not self.stall and self.gate is None and self.status < 500


ACCEPT = Act()
ACCEPT_THEN_STALL = Act(stall=LONG)
STALL = Act(accepts=False, stall=LONG, ending="drop")
STALL_THEN_ACCEPT = Act(stall=2.5, late=True)
DROP_BEFORE = Act(accepts=False, ending="drop")
DROP_AFTER = Act(ending="drop")
RESET_AFTER = Act(ending="reset")
CUT_AFTER = Act(ending="cut")
TRUNCATED = Act(body=b'{"ErrorCode": 0, "Messa')
GATEWAY_TIMEOUT = Act(504)
UNAVAILABLE = Act(503, accepts=False)
BROKEN = Act(500, accepts=False)
UNAUTHORISED = Act(401, accepts=False, body=b'{"ErrorCode": 10, "Message": "No such token."}')
FORBIDDEN = Act(403, accepts=False, body=b"{}")
INACTIVE = Act(422, accepts=False, body=b'{"ErrorCode": 300, "Message": "Invalid address."}')


def too_many(seconds: int) -> Act:
    return Act(429, accepts=False, headers={"Retry-After": str(seconds)}, body=b"{}")


Rule = Callable[[Handed], Act]


def accept(message: Handed) -> Act:
    return ACCEPT


def first_time(acts: Mapping[str, Act]) -> Rule:
    """These acts for the first message to each of these recipients; all else is accepted."""
    left = dict(acts)
    return lambda message: left.pop(message.recipient, ACCEPT)


class Provider:
    """Set `rule` to change its manners; it is called for each message, in the thread of its connection."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.rule: Rule = accept
        self.closing = threading.Event()
        self._by_key: dict[str, tuple[str, str]] = {}
        self._lock = threading.Lock()
        self._port = 0
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self._port}/"

    def up(self) -> None:
        """Listen, on the same port as before."""
        self._server = _Server(("127.0.0.1", self._port), self)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def down(self) -> None:
        """Refuse connections, and end those that stand."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.end_connections()
            self._server = None

    def take(self, number: int, message: Handed, idempotency_key: str) -> str:
        """Accept the message and give its name; the same key again gets the same name, and no second acceptance.

        "" when the key comes with other content: https://resend.com/docs/dashboard/emails/idempotency-keys
        """
        with self._lock:
            content, name = self._by_key.get(idempotency_key, (message.content, ""))
            if content != message.content or name:
                return name if content == message.content else ""
            self.ledger.accept(number)
            name = str(uuid.uuid4())
            if idempotency_key:
                self._by_key[idempotency_key] = (message.content, name)
            return name


@contextlib.contextmanager
def open_provider() -> Iterator[Provider]:
    provider = Provider()
    provider.up()
    try:
        yield provider
    finally:
        provider.closing.set()
        provider.down()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], provider: Provider) -> None:
        self.provider = provider
        self._connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that was killed in the middle is what this suite is about."""

    def end_connections(self) -> None:
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        provider = self.server.provider
        body = self.rfile.read(int(self.headers["Content-Length"]))
        message = _read(json.loads(body))
        number = provider.ledger.open(message)
        act = provider.rule(message)
        if not act.late:
            answer = self._keep(number, message, act)
        if act.stall:
            provider.closing.wait(act.stall)
        if act.gate is not None:
            act.gate.wait(LONG)
        if act.late:
            answer = self._keep(number, message, act)
        self._end(act, answer)
        if act.is_clear:
            provider.ledger.answer(number)

    def _keep(self, number: int, message: Handed, act: Act) -> bytes:
        """Accept the message if the act says so; the whole answer's body."""
        name = ""
        if act.accepts:
            name = self.server.provider.take(number, message, self.headers.get("Idempotency-Key", ""))
        good = {"To": message.recipient, "MessageID": name, "id": name, "ErrorCode": 0, "Message": "OK"}
        return act.body or json.dumps(good if name else {"ErrorCode": 1, "name": "error", "message": "no"}).encode()

    def _end(self, act: Act, body: bytes) -> None:
        self.close_connection = act.ending != "answer"
        if act.ending == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        if act.ending in {"drop", "reset"}:
            return
        self.send_response(act.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in act.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:10] if act.ending == "cut" else body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class names it
        """The ledger says more."""


def _read(data: dict[str, Any]) -> Handed:
    """A message in Postmark's words or Resend's."""
    recipient = data.get("To") or data["to"]
    headers = data.get("Headers") or data["headers"]
    if isinstance(headers, list):
        headers = {header["Name"]: header["Value"] for header in headers}
    message_id = headers["Message-ID"]
    return Handed(
        key=key_in(message_id),
        recipient=recipient[0] if isinstance(recipient, list) else recipient,
        message_id=message_id,
        content=fingerprint(json.dumps(data, sort_keys=True).encode()),
    )
