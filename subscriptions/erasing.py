"""Erase a person: their row and all that hangs on it. What stays says nothing of who it was.

1. The consent log keeps its rows, as evidence that consent was given and withdrawn: a number without a person,
   times and versions of texts. What an operator wrote as source and evidence is emptied; retention deletes the
   rows in time. The database allows both only once the person's own row is gone (migration 0014).
2. An entry on the suppression list stays: a keyed hash, so that the address goes on getting no mail.
3. The log of what staff did holds no addresses or keywords, and is not touched.

Mails already with the provider, backups and the files of a mail folder are out of reach here.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from subscriptions import consent, links
from subscriptions.consent import Shown
from subscriptions.models import ConsentEvent, DeliveryEvent, Subscriber


def erase(subscriber: Subscriber, now: datetime, shown: Shown) -> bool:
    """Delete everything about a person, at once; True for the call that did. A mail under way is no longer sent.

    `shown` says where it was asked for: by the reader, or by an operator in the reader's name.
    """
    with transaction.atomic():
        found = Subscriber.objects.select_for_update().filter(pk=subscriber.pk).first()
        if found is None:
            return False
        _erase_events(found)
        found.delete()  # and with it interests, digests, deliveries, links and feedback
        ConsentEvent.objects.filter(subscriber_id=subscriber.pk).exclude(source="", evidence="").update(
            source="", evidence=""
        )
        consent.record(consent.Kind.ERASED, subscriber, now, shown)
    return True


def _erase_events(subscriber: Subscriber) -> None:
    """What providers told of their mails: it may quote the address. The suppression that followed stays."""
    own = Q(delivery__subscriber=subscriber) | Q(address_hmac=links.address_hmac(subscriber.email))
    DeliveryEvent.objects.filter(own).delete()
