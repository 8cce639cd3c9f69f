"""Queue the mails that are not digests, and take back what is queued. Nothing is sent: a worker finds the rows."""

from datetime import datetime

from subscriptions import links
from subscriptions.models import Delivery, Subscriber, Suppression, Token

# Not yet handed to the provider: the worker that holds a claimed row asks again before it sends.
UNSENT = (Delivery.State.QUEUED, Delivery.State.CLAIMED)


def queue(kind: str, subscriber: Subscriber, now: datetime, token: Token | None = None) -> Delivery | None:
    """Queue one mail of `kind` (Delivery.Kind, not a digest).

    It goes to the subscriber's address, or to the one in the token's payload. Where that is suppressed
    the row is cancelled from the start and says so; then None is returned.
    """
    to = token.payload.get("email") if token else None
    suppressed = is_suppressed(to or subscriber.email)
    delivery = Delivery(
        key=f"{kind}-{links.hashed(f'{kind}:{subscriber.pk}:{now.isoformat()}:{token and token.nonce}')[:20]}",
        kind=kind,
        subscriber=subscriber,
        token=token,
        not_before=now,
        created_at=now,
    )
    if suppressed:
        delivery.state, delivery.settled_at = Delivery.State.CANCELLED, now
        delivery.reason = "the address is on the suppression list"
    delivery.save()
    return None if suppressed else delivery


def cancel(subscriber: Subscriber, now: datetime, reason: str, *kinds: str) -> int:
    """Cancel the reader's unsent mails of these kinds (none named: all); return how many there were."""
    unsent = Delivery.objects.filter(subscriber=subscriber, state__in=UNSENT)
    if kinds:
        unsent = unsent.filter(kind__in=kinds)
    return unsent.update(state=Delivery.State.CANCELLED, settled_at=now, reason=reason)


def is_suppressed(email: str) -> bool:
    return Suppression.objects.filter(address_hmac=links.address_hmac(email)).exists()
