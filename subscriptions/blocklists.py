"""A day on which most mail is refused: somebody has put us on a block list. The operator is told once."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from subscriptions.models import Delivery, DeliveryEvent

logger = logging.getLogger(__name__)

State = Delivery.State

WINDOWS = (timedelta(hours=1), timedelta(days=1))
ENOUGH = 10  # refused messages; fewer prove nothing
# Rows settled within a window were due at most this long before it.
WAITED = timedelta(hours=12)


@dataclass(frozen=True)
class Survey:
    """Messages that were handed over within a window, and how many of them were refused, then or later."""

    sent: int
    refused: int

    @property
    def is_blocked(self) -> bool:
        return self.refused >= ENOUGH and 2 * self.refused > self.sent


def survey(now: datetime, window: timedelta) -> Survey:
    since = now - window
    sent = Delivery.objects.filter(
        state__in=(State.ACCEPTED, State.FAILED), attempts__gt=0, not_before__gt=since - WAITED, settled_at__gt=since
    )
    told = DeliveryEvent.objects.filter(kind=DeliveryEvent.Kind.BLOCKED, received_at__gt=since)
    refused = sent.filter(Q(state=State.FAILED) | Q(pk__in=told.values("delivery_id")))
    return Survey(sent.count(), refused.count())


def is_block_list_day(now: datetime) -> bool:
    return any(survey(now, window).is_blocked for window in WINDOWS)


def watch(now: datetime) -> bool:
    """Look, and tell the operator at most once a day; True when it was told now.

    The row that keeps it from being told twice stands among the events, where operators look.
    """
    found = [seen for window in WINDOWS if (seen := survey(now, window)).is_blocked]
    if not found:
        return False
    words = f"{found[0].refused} of {found[0].sent} messages were refused: are we on a block list?"
    _, new = DeliveryEvent.objects.get_or_create(
        fingerprint=hashlib.sha256(f"block-list day {now.date()}".encode()).hexdigest(),
        defaults={"kind": DeliveryEvent.Kind.BLOCKED, "at": now, "received_at": now, "detail": words},
    )
    if new:
        logger.error("%s Nobody was suppressed.", words)
    return new
