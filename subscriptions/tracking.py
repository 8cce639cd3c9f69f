"""What a provider tells later: each event once, with its effect, in one transaction.

Events are repeated and come in any order; the same set of them ends in the same ledger, readers and
suppression list (STANDARDS S24). An error is let out: the provider takes the 500 and comes again.
"""

import hashlib
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Any

from anymail.signals import AnymailTrackingEvent
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from papers.text import clean
from subscriptions import addresses, leaving, links, suppressing, verdicts
from subscriptions.consent import Shown
from subscriptions.models import Delivery, DeliveryEvent, Subscriber, Suppression

logger = logging.getLogger(__name__)

Kind = DeliveryEvent.Kind
State = Delivery.State

# What readers open and click is not our business, even where a provider reports it.
NOT_WANTED = frozenset({"opened", "clicked"})
# Older news changes nothing: an event's row, which makes its repetition harmless, may be gone by then.
NEWS = timedelta(days=30)

QUIET = timedelta(hours=1)

# The provider had the message. The first group can be a refusal's other name, so it settles only a doubt.
HAD_IT = frozenset({"rejected", "failed"})
TOOK_IT = frozenset(
    {"queued", "sent", "deferred", "delivered", "bounced", "autoresponded", "complained", "unsubscribed"}
)
IN_DOUBT = (State.UNKNOWN, State.SENDING)
LEARNED = "known from the provider's webhook"
SHOWN = Shown(form="provider's webhook")

MAX_KEY = 40
MAX_DETAIL = 300
_ADDRESS = re.compile(r"[^\s<>\"'(),;:\[\]]+@[^\s<>\"'(),;:\[\]]+")


def on_event(sender: object, event: AnymailTrackingEvent, esp_name: str, **kwargs: Any) -> None:
    """The receiver of Anymail's `tracking` signal."""
    receive(event, esp_name.lower().replace(" ", "_"), timezone.now())


def receive(event: AnymailTrackingEvent, provider: str, now: datetime) -> DeliveryEvent | None:
    """Keep one event and do what it calls for; None when it was known already or is not wanted."""
    if event.event_type in NOT_WANTED:
        return None
    address = _address(event.recipient)
    with transaction.atomic():
        # Two events of one reader wait for each other, and the worker that is about to write to them.
        readers = Subscriber.objects.filter(email_key=address.lower()).order_by("pk")
        reader = readers.select_for_update(no_key=True).first() if address else None
        row, new = _keep(event, provider, address, now)
        if not new:
            return None
        if row.delivery and row.delivery.state != State.ACCEPTED:
            _heal(row.delivery, event, now)
        _act(row, reader, now)
    return row


def _keep(event: AnymailTrackingEvent, provider: str, address: str, now: datetime) -> tuple[DeliveryEvent, bool]:
    at = _moment(event.timestamp, now)
    stale = now - at > NEWS
    names = _names(event)
    delivery = _find(names, _text(event.message_id))
    return DeliveryEvent.objects.get_or_create(
        fingerprint=_fingerprint(event, provider, address),
        defaults={
            "delivery": delivery,
            "key": delivery.key if delivery else [*names, _text(event.message_id)][0][:MAX_KEY],
            "kind": Kind.OTHER if stale else verdicts.judge(provider, event),
            "provider": provider[:32],
            "address_hmac": links.address_hmac(address) if address else "",
            "at": at,
            "received_at": now,
            "detail": _detail(event, address, stale=stale),
        },
    )


def _act(row: DeliveryEvent, reader: Subscriber | None, now: datetime) -> None:
    match row.kind:
        case Kind.COMPLAINED:
            if row.address_hmac:
                suppressing.suppress(row.address_hmac, Suppression.Reason.COMPLAINT, row.at)
            _leave(row, reader, now)
        case Kind.UNSUBSCRIBED:
            _leave(row, reader, now)
        case Kind.BOUNCED | Kind.SOFT_BOUNCED | Kind.DELIVERED if row.address_hmac:
            suppressing.weigh(row)
        case Kind.BLOCKED:
            _alert(row, now)


def _leave(row: DeliveryEvent, reader: Subscriber | None, now: datetime) -> None:
    """The address's reader leaves; for an address that nobody has any more, whoever the digest was for."""
    if reader is None and row.delivery and row.delivery.kind == Delivery.Kind.DIGEST:
        reader = row.delivery.subscriber
    renewed = reader and reader.confirmed_at and reader.confirmed_at > row.at
    if reader and (row.kind == Kind.COMPLAINED or not renewed):
        leaving.leave(reader.pk, now, SHOWN)


def _alert(row: DeliveryEvent, now: datetime) -> None:
    """An error for the first in an hour; on a bad day thousands follow."""
    recent = DeliveryEvent.objects.filter(kind=Kind.BLOCKED, received_at__gt=now - QUIET).exclude(pk=row.pk)
    level = logging.INFO if recent.exists() else logging.ERROR
    logger.log(level, "Delivery %s was refused as spam or by policy: see its events", row.key or "unknown")


def _heal(delivery: Delivery, event: AnymailTrackingEvent, now: datetime) -> None:
    """An event is proof: what was in doubt, or about to be sent again, is accepted."""
    if event.event_type not in HAD_IT | TOOK_IT:
        return
    open_ones = Q(state__in=IN_DOUBT)
    if event.event_type in TOOK_IT:
        open_ones |= (Q(attempts__gt=0) | Q(in_doubt=True)) & ~Q(state=State.ACCEPTED)
    name = _text(event.message_id)[:200]
    Delivery.objects.filter(open_ones, pk=delivery.pk).update(
        state=State.ACCEPTED,
        settled_at=now,
        reason=LEARNED,
        in_doubt=False,
        provider_id=Case(When(provider_id="", then=Value(name)), default=F("provider_id")),
    )


def _find(names: list[str], message_id: str) -> Delivery | None:
    by_key = Delivery.objects.filter(key__in=names).first() if names else None
    if by_key or not message_id:
        return by_key
    return Delivery.objects.filter(provider_id=message_id).first()


def _names(event: AnymailTrackingEvent) -> list[str]:
    """What may be our key: from the metadata, a tag, or our own Message-ID."""
    metadata = event.metadata if isinstance(event.metadata, Mapping) else {}
    tags = event.tags if isinstance(event.tags, list) else []
    local = _text(event.message_id).lstrip("<").partition("@")
    found = [metadata.get("key"), *tags, local[0] if local[1] else None]
    return [clean(name) for name in found if isinstance(name, str) and 0 < len(clean(name)) <= MAX_KEY]


def _fingerprint(event: AnymailTrackingEvent, provider: str, address: str) -> str:
    """The event's own name, or all that tells it from another; never the moment it came."""
    if event.event_id:
        told = [str(event.event_id)]
    else:
        said = (event.event_type, event.message_id, _names(event), event.timestamp, event.reject_reason)
        told = [*map(str, said), address.lower(), verdicts.reply_of(event)]
    return hashlib.sha256(repr((provider, told)).encode("utf-8", "backslashreplace")).hexdigest()


def _moment(timestamp: object, now: datetime) -> datetime:
    """When it happened, as far as that can be: the provider's clock may lack a zone, or be ahead."""
    if not isinstance(timestamp, datetime):
        return now
    aware = timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)
    return min(aware, now)


def _address(recipient: object) -> str:
    """The recipient in the form in which we hold addresses, "" for none."""
    spec = parseaddr(recipient)[1] if isinstance(recipient, str) else ""
    try:
        return addresses.parse(spec)
    except addresses.AddressError:
        return ""


def _detail(event: AnymailTrackingEvent, address: str, *, stale: bool) -> str:
    """For the operator: what was said, without the address."""
    words = [event.event_type, event.reject_reason]
    text = f"{'too old: ' if stale else ''}{' '.join(str(word) for word in words if word)}"
    reply = _ADDRESS.sub("…", verdicts.reply_of(event))
    local = address.partition("@")[0]
    if len(local) > 2:
        reply = re.sub(re.escape(local), "…", reply, flags=re.IGNORECASE)
    return clean(f"{text}: {reply}" if reply else text, MAX_DETAIL)


def _text(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""
