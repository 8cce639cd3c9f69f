"""Queue the mails that are not digests. Nothing is sent here: a row is written, a worker finds it."""

from datetime import datetime

from subscriptions import links
from subscriptions.models import Delivery, Subscriber, Suppression, Token


def queue(kind: str, subscriber: Subscriber, now: datetime, token: Token | None = None) -> Delivery | None:
    """Queue one mail of `kind` (Delivery.Kind, not a digest); None when the address is suppressed."""
    if is_suppressed(subscriber.email):
        return None
    delivery = Delivery(
        key=f"{kind}-{links.hashed(f'{kind}:{subscriber.pk}:{now.isoformat()}:{token and token.nonce}')[:20]}",
        kind=kind,
        subscriber=subscriber,
        token=token,
        not_before=now,
        created_at=now,
    )
    delivery.save()
    return delivery


def is_suppressed(email: str) -> bool:
    return Suppression.objects.filter(address_hmac=links.address_hmac(email)).exists()
