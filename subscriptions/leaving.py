"""Leave: at once, for everything that is not yet with the provider, and as often as one likes."""

from datetime import datetime

from django.db import transaction

from subscriptions import consent, links, queueing
from subscriptions.consent import Shown
from subscriptions.models import Subscriber


def leave(subscriber_id: int, now: datetime, shown: Shown) -> bool:
    """End the subscription; True for the call that did, False when it had ended before (STANDARDS S12, S13).

    Unsent mails are cancelled, and a worker that holds one asks for the reader's status before it sends.
    The link to leave goes on working; no mail answers it.
    """
    with transaction.atomic():
        readers = Subscriber.objects.filter(pk=subscriber_id).exclude(status=Subscriber.Status.LEFT)
        if not readers.update(status=Subscriber.Status.LEFT, left_at=now, next_digest_at=None):
            return False
        subscriber = Subscriber.objects.get(pk=subscriber_id)
        queueing.cancel(subscriber, now, "the reader left")
        links.revoke(subscriber, now, links.Purpose.MANAGE, links.Purpose.EMAIL, links.Purpose.CONFIRM)
        consent.record(consent.Kind.WITHDRAWN, subscriber, now, shown)
    return True
