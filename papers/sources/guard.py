"""Decide where a fetch may go (STANDARDS A12): scheme, host, port, and every address behind the name.

Opens no connection; the names are looked up by the function it is given.
"""

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from papers.sources.base import FetchFailed

Resolve = Callable[[str, int], Sequence[str]]
"""Host and port → every address behind them. Raises OSError."""

# These two still serve feeds without TLS.
_PLAIN_HOSTS = frozenset({"export.arxiv.org", "rss.arxiv.org"})
_PORTS = {"https": 443, "http": 80}
# ASCII only: full-width digits and ideographic dots are ways to write 127.0.0.1. No trailing dot.
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_-]{1,63})*\Z", re.ASCII)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Unresolved(FetchFailed):
    """The name has no address at the moment."""


@dataclass(frozen=True)
class Target:
    """A checked address: what to ask for, and the only machines that may be asked."""

    url: str
    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def check(url: str, resolve: Resolve, *, allow_private: bool) -> Target:
    """Check one address and look its host up.

    The answer pins the addresses: connecting by name again would let a name that changes its mind
    through. Raises FetchFailed, or Unresolved where asking again may help.
    """
    scheme, host, port = _parts(url)
    if not allow_private and (scheme != "https" and host not in _PLAIN_HOSTS):
        raise FetchFailed(f"{url[:200]}: only https is fetched")
    if not allow_private and port not in _PORTS.values():
        raise FetchFailed(f"{url[:200]}: port {port} is neither 80 nor 443")
    addresses = _look_up(host, port, resolve)
    for address in addresses:
        if not (allow_private or is_public(address)):
            raise FetchFailed(f"{url[:200]}: {host} is at {address}, which is no public address")
    return Target(url, scheme, host, port, addresses)


def onward(target: Target, location: str) -> str:
    """Return where a redirect leads. Raises FetchFailed unless it stays on the target's own host."""
    try:
        url = urljoin(target.url, location)
    except ValueError:
        raise FetchFailed(f"{target.url[:200]}: redirected to {location[:200]!r}, which is no address") from None
    scheme, host, port = _parts(url)
    is_default = port == _PORTS[scheme] and target.port == _PORTS[target.scheme]
    if host != target.host or not (port == target.port or is_default):
        raise FetchFailed(f"{target.url[:200]}: redirected off its host, to {url[:200]}")
    return url


def is_public(address: str) -> bool:
    """Whether anybody's packets would get there; IPv4 inside IPv6 is judged by what is inside."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _inner(parsed)
    return inner.is_global and not inner.is_multicast and not inner.is_reserved


def _inner(address: _Address) -> _Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address


def _parts(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise FetchFailed(f"{url[:200]} is not an address") from None
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None:
        raise FetchFailed(f"{host[:100]}: an address with a user name in it is not fetched")
    if parts.scheme not in _PORTS:
        raise FetchFailed(f"{url[:200]}: only http and https addresses are fetched")
    if not (_HOST.match(host) or _is_ipv6(host)):
        raise FetchFailed(f"{url[:200]}: {host[:100]!r} is not a host name")
    return parts.scheme, host, port if port is not None else _PORTS[parts.scheme]


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.IPv6Address(host).scope_id is None
    except ValueError:
        return False


def _look_up(host: str, port: int, resolve: Resolve) -> tuple[str, ...]:
    try:
        found = tuple(dict.fromkeys(resolve(host, port)))
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        raise Unresolved(f"{host} cannot be found: {why or error}") from None
    if not found:
        raise Unresolved(f"{host} has no address")
    # IPv4 first: many hosts have an IPv6 address that they cannot use.
    return tuple(sorted(found, key=lambda address: ":" in address))
