"""The wire between a program and PostgreSQL, which can be cut at a COMMIT: just before it arrives, or just after.

Speaks enough of the protocol to see whole messages: https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.db import connection

TERMINATE = b"X\x00\x00\x00\x04"


@dataclass(frozen=True)
class Cut:
    """Strike at the COMMIT of the first transaction that holds `statement`.

    `arrives`: the server gets it, and only its answer is lost. `outage`: no connection comes through afterwards
    until the test calls `mend`.
    """

    statement: bytes
    arrives: bool
    outage: bool = False


class Wire:
    def __init__(self) -> None:
        self.cuts: list[Cut] = []
        self.struck = threading.Event()
        self.is_down = False
        self._lock = threading.Lock()
        self._links: list[_Link] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def database_url(self) -> str:
        """The test's own database, reached through this wire."""
        database = connection.settings_dict
        user, password = (quote(database[name], safe="") for name in ("USER", "PASSWORD"))
        plain = urlencode({"sslmode": "disable", "gssencmode": "disable"})
        host, port = self._listener.getsockname()[:2]
        return f"postgresql://{user}:{password}@{host}:{port}/{database['NAME']}?{plain}"

    def mend(self) -> None:
        self.is_down = False

    def cut_all(self) -> None:
        """End every connection that stands, now."""
        for link in list(self._links):
            link.end()

    def close(self) -> None:
        self._listener.close()
        self.cut_all()

    def find(self, message: bytes) -> Cut | None:
        return next((cut for cut in self.cuts if cut.statement in message), None)

    def take(self, cut: Cut) -> bool:
        """Whether this cut is still to be made: each strikes once."""
        with self._lock:
            if cut not in self.cuts:
                return False
            self.cuts.remove(cut)
            self.is_down = cut.outage
            return True

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = None if self.is_down else _connect()
                if server is None:
                    client.close()
                else:
                    self._links.append(_Link(self, client, server))


class _Link:
    """One connection, both ways."""

    def __init__(self, wire: Wire, client: socket.socket, server: socket.socket) -> None:
        self.wire, self.client, self.server = wire, client, server
        self.is_muted = False
        self._back = threading.Thread(target=self._carry_back, daemon=True)
        self._back.start()
        threading.Thread(target=self._carry, daemon=True).start()

    def end(self) -> None:
        for side in (self.client, self.server):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()

    def _carry(self) -> None:
        """From the client to the server, message by message."""
        armed: Cut | None = None
        with contextlib.suppress(OSError, EOFError):
            self.server.sendall(_read_startup(self.client))
            while True:
                message = _read_message(self.client)
                armed = armed or self.wire.find(message)
                if armed and b"COMMIT" in message and self.wire.take(armed):
                    self._strike(armed, message)
                    break
                self.server.sendall(message)
        self.end()

    def _strike(self, cut: Cut, message: bytes) -> None:
        self.is_muted = True
        if cut.arrives:
            # With a farewell behind it: once the server hangs up, the COMMIT has surely taken effect.
            self.server.sendall(message + TERMINATE)
            self._back.join(10)
        self.wire.struck.set()

    def _carry_back(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.server.recv(65536):
                if not self.is_muted:
                    self.client.sendall(data)
        if not self.is_muted:
            self.end()


@contextlib.contextmanager
def open_wire() -> Iterator[Wire]:
    wire = Wire()
    try:
        yield wire
    finally:
        wire.close()


def _connect() -> socket.socket | None:
    """To the database this process looks at; None while it does not answer."""
    options = connection.get_connection_params()
    host, port = options.get("host") or "localhost", int(options.get("port") or 5432)
    is_path = host.startswith("/")
    server = socket.socket(socket.AF_UNIX if is_path else socket.AF_INET)
    try:
        server.connect(f"{host}/.s.PGSQL.{port}" if is_path else (host, port))
    except OSError:
        server.close()
        return None
    return server


def _read_startup(client: socket.socket) -> bytes:
    length = _read(client, 4)
    return length + _read(client, struct.unpack("!I", length)[0] - 4)


def _read_message(client: socket.socket) -> bytes:
    head = _read(client, 5)
    return head + _read(client, struct.unpack("!I", head[1:])[0] - 4)


def _read(client: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = client.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data
