"""What every test stands on: no way out to the network, and nothing shared between two tests."""

import ipaddress
import signal
import socket
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import translation

# A shell that starts the tests in the background has SIGINT ignored, and every process they start would too.
signal.signal(signal.SIGINT, signal.default_int_handler)
# The same examples on every run, and no limit of time: a busy machine is not a failing test.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("suite")

LOOPBACK_NAMES = frozenset({None, "", "localhost"})


def is_loopback(host: Any) -> bool:
    if host in LOOPBACK_NAMES or host == urlsplit(settings.REDIS_URL).hostname:
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return False


def is_address(host: Any) -> bool:
    try:
        return bool(ipaddress.ip_address(str(host).split("%")[0]))
    except ValueError:
        return False


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Any:
    """PostgreSQL drops no database that somebody is connected to, as the threads of a live server may still be."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Any:
    """Connecting or resolving beyond loopback fails the test, whatever the code under test catches.

    Names under .invalid never exist (RFC 6761): they fail as they would everywhere, without being asked for.
    """
    patch = pytest.MonkeyPatch()
    connect, connect_ex, resolve = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guard(sock: socket.socket, address: Any) -> None:
        if sock.family in {socket.AF_INET, socket.AF_INET6} and not is_loopback(address[0]):
            sock.close()
            pytest.fail(f"The test connects to {address[0]}: serve it on loopback.", pytrace=True)

    def guarded_connect(sock: socket.socket, address: Any) -> None:
        guard(sock, address)
        connect(sock, address)

    def guarded_connect_ex(sock: socket.socket, address: Any) -> int:
        guard(sock, address)
        return connect_ex(sock, address)

    def guarded_resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if str(name).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if not (is_loopback(name) or is_address(name)):
            pytest.fail(f"The test looks up {name}: hand in a resolver, or use an address.", pytrace=True)
        return resolve(host, *args, **kwargs)

    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    patch.setattr(socket, "getaddrinfo", guarded_resolve)
    yield
    patch.undo()


@pytest.fixture
def admin_client(admin_user: Any) -> Any:
    """In place of pytest-django's: the admin asks for a second factor."""
    from django.test import Client

    from tests.operators import enter

    return enter(Client(), admin_user)


@pytest.fixture(autouse=True)
def _empty_cache() -> Any:
    """And what the process keeps in its own memory for previews."""
    from subscriptions import recent, trying
    from subscriptions.rationing import ration

    yield
    cache.clear()
    recent.forget()
    trying.forget()
    ration.clear()


@pytest.fixture(autouse=True)
def _english() -> Any:
    """A page answered in another language leaves that active in its thread."""
    yield
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def _flushable_logs(request: pytest.FixtureRequest) -> Any:
    """SQLite's append-only logs would refuse the flush after a transactional test: empty them just before."""
    marker = request.node.get_closest_marker("django_db")
    committed = "transactional_db" in request.fixturenames or bool(marker and marker.kwargs.get("transaction"))
    if committed:
        request.getfixturevalue("transactional_db")  # asked for here, so that the flush comes after this teardown
    yield
    if committed and connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_never_%'"
            )
            triggers = cursor.fetchall()
            for name, _, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            for table in {table for _, table, _ in triggers}:
                cursor.execute(f"DELETE FROM {table}")
            for _, _, sql in triggers:
                cursor.execute(sql)
