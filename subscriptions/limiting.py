"""How many mails strangers can make us send. Counted in the database: restarts, other processes and a lost
Redis change nothing. Keys are hashed, so nobody's address stands in the table."""

import ipaddress
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from subscriptions.models import Allowance

logger = logging.getLogger(__name__)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """At most `most` uses in a window that opens with the first. `alarm`: reaching it is an operator's matter."""

    name: str
    most: int
    period: timedelta
    alarm: bool = False


CLIENT = Limit("client", 5, HOUR)
# One mail a day, from any number of clients: a confirmation or "already subscribed" (STANDARDS A02, S07).
ADDRESS = Limit("address", 1, DAY)
LINK = Limit("link", 3, HOUR)
LINK_CLIENT = Limit("link-client", 10, HOUR)
MOVE = Limit("move", 3, DAY)
MOVE_TO = Limit("move-to", 3, DAY)
DOMAIN = Limit("domain", 50, HOUR, alarm=True)


def everybody() -> Limit:
    """The breaker: all such mails together."""
    return Limit("everybody", settings.ACCOUNT_MAILS_PER_HOUR, HOUR, alarm=True)


def take(now: datetime, *wanted: tuple[Limit, str]) -> Limit | None:
    """Use one of each (limit, key), or, where one is used up, none of them; return the first that was.

    Decided by conditional updates, so any number of processes together never pass a limit. The same
    statements run whatever the answer is (STANDARDS S06). Name limits in the order of this module:
    every caller locks the rows in the same order.
    """
    with transaction.atomic():
        spent = [(limit, key) for limit, key in wanted if not _use(limit, key, now)]
        if spent:
            transaction.set_rollback(True)  # to where this block began; nothing is raised
    for limit, key in spent:
        if limit.alarm:
            _report_once(limit, key)
    return spent[0][0] if spent else None


def client_key(request: HttpRequest) -> str:
    """Who asks, as far as it can be counted: an IPv4 address or an IPv6 /64."""
    try:
        address = ipaddress.ip_address(_client_address(request))
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _client_address(request: HttpRequest) -> str:
    """The right-most address that no proxy of ours has written. What stands further left anyone can write."""
    peer: str = request.META.get("REMOTE_ADDR", "")
    header: str = request.META.get("HTTP_X_FORWARDED_FOR", "")
    hops = header.split(",") if header else []
    if not 0 < settings.TRUSTED_PROXIES <= len(hops):
        return peer
    hop = hops[-settings.TRUSTED_PROXIES].strip()
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _use(limit: Limit, key: str, now: datetime) -> bool:
    row = Allowance.objects.filter(key=_row_key(limit, key))
    fresh = Allowance(key=_row_key(limit, key), used=0, ends_at=now + limit.period)
    Allowance.objects.bulk_create([fresh], ignore_conflicts=True)
    row.filter(ends_at__lte=now).update(used=0, ends_at=now + limit.period)
    return row.filter(used__lt=limit.most).update(used=F("used") + 1) == 1


def _report_once(limit: Limit, key: str) -> None:
    """One more than allowed marks a window that was reported."""
    row = Allowance.objects.filter(key=_row_key(limit, key), used=limit.most)
    if row.update(used=limit.most + 1):
        logger.error(
            "Limit %r: %d mails asked for within %s; no more until it ends", limit.name, limit.most, limit.period
        )


def _row_key(limit: Limit, key: str) -> str:
    return f"{limit.name}:{salted_hmac(__name__, key, algorithm='sha256').hexdigest()}"
