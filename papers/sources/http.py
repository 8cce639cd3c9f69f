"""Fetch one address: the only module that opens a connection. No parsing, no database, no schedule."""

import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import stamina
import urllib3
from requests.adapters import HTTPAdapter
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from papers.sources.base import MAX_BYTES, FetchFailed, NotModified
from papers.sources.guard import Resolve, Target, Unresolved, check, onward

logger = logging.getLogger(__name__)

Gate = Callable[[str], AbstractContextManager[object]]
"""A host's turn: entering waits for it, leaving gives it back."""

RETRIED = frozenset({429, 500, 502, 503, 504})  # every other 4xx and 5xx says the same when asked again
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 3
TRIES = 5
PATIENCE = 30.0  # seconds: whoever asks for a longer wait is left alone until the next reading

_CONNECT = 10.0
_SILENCE = 20.0  # seconds without a byte
_CHUNK = 64 * 1024
_MAX_VALIDATOR = 500
_BROKEN = (urllib3.exceptions.HTTPError, requests.RequestException, OSError, ValueError)


class _Passing(FetchFailed):
    """A failure that may pass. `wait`: seconds the site asked for, None where it named none."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


def _tell(details: RetryDetails) -> None:
    """In place of stamina's own line, which says neither what failed nor why."""
    logger.info("%s; again in %.1f s", details.caused_by, details.wait_for)


set_on_retry_hooks((_tell,))


def resolve(host: str, port: int) -> list[str]:
    """Ask the system. How long that may take is the system's (resolv.conf), not our deadline's."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Fetcher:
    """One reading's fetches. `get` is the `Get` that sources are given.

    `deadline` (seconds) spans one `get` with its retries, waits and redirects; waiting for the gate does
    not count. `validators` are what earlier answers bore, by address; `received` holds what this
    reading's bear, to be stored once their papers are.
    """

    def __init__(
        self,
        user_agent: str,
        *,
        allow_private: bool = False,
        gate: Gate | None = None,
        deadline: float = 60.0,
        max_bytes: int = MAX_BYTES,
        validators: Mapping[str, Mapping[str, str]] | None = None,
        resolve: Resolve = resolve,
        clock: Callable[[], float] = time.monotonic,
        verify: bool | str = True,
    ) -> None:
        self.user_agent = user_agent
        self.allow_private = allow_private
        self.gate: Gate = gate or (lambda host: nullcontext())
        self.deadline = deadline
        self.max_bytes = max_bytes
        self.validators = validators or {}
        self.received: dict[str, dict[str, str]] = {}
        self._resolve = resolve
        self._clock = clock
        self._verify = verify

    def get(self, url: str) -> bytes:
        """Return the body of a 200 answer, whole and decompressed.

        Connect errors, broken bodies and statuses that pass are tried again, five times at most and
        within the deadline. Raises FetchFailed, or NotModified where our validators still hold.
        """
        until = _Deadline(url, self.deadline, self._clock)
        for attempt in stamina.retry_context(on=until.pause, attempts=TRIES, timeout=None):
            with attempt:
                return self._follow(url, until)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _follow(self, asked: str, until: "_Deadline") -> bytes:
        """Follow redirects by hand, each checked like the first address, and only within the host."""
        url = asked
        for _ in range(MAX_REDIRECTS + 1):
            until.left()
            target = self._check(url)
            with self._turn(target.host, until):
                answer = self._exchange(target, asked, until)
            if isinstance(answer, bytes):
                return answer
            url = onward(target, answer)
        raise FetchFailed(f"{asked[:200]}: more than {MAX_REDIRECTS} redirects")

    def _check(self, url: str) -> Target:
        try:
            return check(url, self._resolve, allow_private=self.allow_private)
        except Unresolved as error:
            raise _Passing(str(error)) from None

    @contextmanager
    def _turn(self, host: str, until: "_Deadline") -> Iterator[None]:
        asked_at = self._clock()
        with self.gate(host):
            until.extend(self._clock() - asked_at)
            yield

    def _exchange(self, target: Target, asked: str, until: "_Deadline") -> bytes | str:
        """Ask once. Returns the body, or where a redirect points."""
        with _Watchdog(until.left()) as watchdog:
            try:
                with self._open(target, asked, until, watchdog) as response:
                    return self._answer(response, asked, until)
            except _BROKEN as error:
                until.left()
                if watchdog.bit:
                    raise until.over() from None
                raise _Passing(f"{asked[:200]}: {_summary(error)}") from None

    def _open(self, target: Target, asked: str, until: "_Deadline", watchdog: "_Watchdog") -> requests.Response:
        request = requests.Request("GET", target.url, headers=self._headers(target, asked)).prepare()
        for address in target.addresses:
            adapter = _PinnedAdapter(target.host, address, watchdog)
            timeout = (min(_CONNECT, until.left()), _SILENCE)
            try:
                return adapter.send(request, stream=True, timeout=timeout, verify=self._verify, proxies={})
            except requests.exceptions.SSLError as error:
                raise FetchFailed(f"{asked[:200]}: {_summary(error)}") from None
            except requests.ConnectionError:
                if address == target.addresses[-1]:
                    raise
        raise AssertionError("unreachable: there is at least one address")

    def _headers(self, target: Target, asked: str) -> dict[str, str]:
        known = self.validators.get(asked, {})
        conditions = {"If-None-Match": known.get("etag", ""), "If-Modified-Since": known.get("last_modified", "")}
        return {
            "Host": target.authority,
            "User-Agent": self.user_agent,
            "Accept": "*/*",
            "Accept-Encoding": "gzip, deflate",
            "Connection": "close",
            **{name: value for name, value in conditions.items() if value},
        }

    def _answer(self, response: requests.Response, asked: str, until: "_Deadline") -> bytes | str:
        status = response.status_code
        if status == requests.codes.ok:
            body = self._body(response, asked, until)
            self._remember(asked, response)
            return body
        if status == requests.codes.not_modified and self.validators.get(asked):
            raise NotModified
        if status in REDIRECTS and response.headers.get("Location"):
            return str(response.headers["Location"])
        message = f"{asked[:200]}: HTTP {status}"
        if status not in RETRIED:
            raise FetchFailed(message)
        wait = retry_after(response.headers.get("Retry-After", ""), datetime.now(UTC))
        raise _Passing(f"{message}, asks to wait {wait:.0f} s" if wait else message, wait)

    def _body(self, response: requests.Response, asked: str, until: "_Deadline") -> bytes:
        """Read decompressed bytes as they come; stop at the cap however little was sent (STANDARDS A14)."""
        body = bytearray()
        for chunk in response.raw.stream(_CHUNK, decode_content=True):
            body += chunk
            until.left()
            if len(body) > self.max_bytes:
                raise FetchFailed(f"{asked[:200]}: more than {self.max_bytes:,} bytes")
        until.left()  # A body without a length ends the same way, cut by the watchdog or whole.
        return bytes(body)

    def _remember(self, asked: str, response: requests.Response) -> None:
        found = {"etag": response.headers.get("ETag", ""), "last_modified": response.headers.get("Last-Modified", "")}
        kept = {name: value for name, value in found.items() if 0 < len(value) <= _MAX_VALIDATOR}
        if kept:
            self.received[asked] = kept


class _Deadline:
    """The one clock of a fetch: what time is left, and whether to try again in it."""

    def __init__(self, url: str, seconds: float, clock: Callable[[], float]) -> None:
        self._url = url
        self._seconds = seconds
        self._clock = clock
        self._ends = clock() + seconds
        self._tries = 0

    def left(self) -> float:
        """Seconds left, more than none. Raises FetchFailed when it is over."""
        left = self._ends - self._clock()
        if left <= 0:
            raise self.over()
        return left

    def over(self) -> FetchFailed:
        return FetchFailed(f"{self._url[:200]}: no whole answer in {self._seconds:g} s")

    def extend(self, seconds: float) -> None:
        self._ends += seconds

    def pause(self, error: Exception) -> bool | float:
        """stamina's question after a failed attempt: seconds until the next one, or False for none."""
        if not isinstance(error, _Passing):
            return False
        self._tries += 1
        # Full jitter, so that many installations do not come back in step.
        wait = random.uniform(0, min(8.0, 0.5 * 2**self._tries)) if error.wait is None else error.wait  # noqa: S311
        return wait if wait <= PATIENCE and wait < self._ends - self._clock() else False


class _Watchdog:
    """Hangs up when time is over. Per-read timeouts do not: a byte a second lasts for ever (A16)."""

    def __init__(self, seconds: float) -> None:
        self.bit = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._bite)
        self._timer.daemon = True

    def __enter__(self) -> "_Watchdog":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, connected: socket.socket) -> None:
        self._socket = connected
        if self.bit:
            self._bite()

    def _bite(self) -> None:
        self.bit = True
        if self._socket is not None:
            with suppress(OSError):
                # Not SSLSocket's own shutdown, which pulls the state from under the reading thread.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _PinnedAdapter(HTTPAdapter):
    """Connects to one checked IP address while SNI, certificate and Host header stay the name's."""

    def __init__(self, host: str, address: str, watchdog: _Watchdog) -> None:
        self._host = host
        self._address = address
        self._watchdog = watchdog
        super().__init__()

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        where, how = super().build_connection_pool_key_attributes(request, verify, cert)
        pinned = {**where, "host": self._address}
        if pinned["scheme"] == "https":
            return pinned, {**how, "server_hostname": self._host, "assert_hostname": self._host}
        return pinned, how

    def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:
        pool: Any = super().get_connection_with_tls_context(request, verify, proxies, cert)
        pool.ConnectionCls = _watched(pool.ConnectionCls, self._watchdog)
        return pool


def _watched(connection: type[Any], watchdog: _Watchdog) -> type[Any]:
    class Watched(connection):  # type: ignore[misc]  # http or https, whichever the pool was made for
        def connect(self) -> None:
            super().connect()
            watchdog.watch(self.sock)

    Watched.__name__ = connection.__name__  # errors name it
    return Watched


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds, from a number or an HTTP date (RFC 9110 §10.2.3); None for nonsense and for the past."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9]) or None
    try:
        moment = parsedate_to_datetime(text)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        return None
    return max(seconds.total_seconds(), 0.0) or None


def _summary(error: BaseException) -> str:
    """The innermost cause: `[Errno 111] Connection refused` instead of three libraries' wrappings."""
    for _ in range(6):
        nested = (getattr(error, "reason", None), *error.args)
        inner = next((part for part in nested if isinstance(part, BaseException)), None)
        if inner is None:
            break
        error = inner
    return str(error)[:200] or type(error).__name__
