"""Move a subscription to another address: the new mailbox confirms, the old one is told, and stays until then."""

from datetime import datetime

from django.db import IntegrityError, transaction

from subscriptions import consent, limiting, links, queueing
from subscriptions.addresses import is_refused
from subscriptions.consent import Shown
from subscriptions.discretion import TooManyRequests, discreetly
from subscriptions.models import Delivery, Subscriber, Token
from subscriptions.preferences import Preferences
from subscriptions.signup import sign_up


def ask_to_move(subscriber: Subscriber, email: str, now: datetime, shown: Shown) -> None:
    """Queue a mail with a link to the new address and a notice to the old one (STANDARDS S17).

    An address that stands here already is treated as if its owner had signed up: they are asked or told,
    the asking reader learns nothing. Raises TooManyRequests.
    """
    if limiting.take(now, (limiting.MOVE, str(subscriber.pk))):
        raise TooManyRequests
    with transaction.atomic():
        if Subscriber.objects.filter(email_key=email.lower()).exists():
            sign_up(email, Preferences.of(subscriber), now, shown)
        else:
            discreetly(email, limiting.MOVE_TO, now, lambda: _write_to(subscriber, email, now))
        # The notice keeps its address, should the move be confirmed before it leaves.
        token = links.issue(subscriber, links.Purpose.MANAGE, now, {"email": subscriber.email})
        queueing.queue(Delivery.Kind.OLD_ADDRESS, subscriber, now, token)


def move(token: Token, now: datetime, shown: Shown) -> bool:
    """Write to the new address from now on; every older link ends. True for the one call that does it.

    False when the link was used before, the reader has left, or the address got a row of its own meanwhile.
    """
    try:
        with transaction.atomic():
            subscriber = Subscriber.objects.select_for_update().get(pk=token.subscriber_id)
            if not subscriber.is_active or not links.use(token, now):
                return False
            subscriber.email = token.payload["email"]
            subscriber.save(update_fields=["email"])
            links.rotate(subscriber, now)
            consent.record(consent.Kind.ADDRESS_CHANGED, subscriber, now, shown)
    except IntegrityError:
        return False
    return True


def _write_to(subscriber: Subscriber, email: str, now: datetime) -> bool:
    Subscriber.objects.select_for_update(no_key=True).get(pk=subscriber.pk)
    links.revoke(subscriber, now, links.Purpose.EMAIL)
    queueing.cancel(subscriber, now, "a newer request replaced it", Delivery.Kind.NEW_ADDRESS)
    token = links.issue(subscriber, links.Purpose.EMAIL, now, {"email": email})
    return queueing.queue(Delivery.Kind.NEW_ADDRESS, subscriber, now, token) is not None and not is_refused(email)
