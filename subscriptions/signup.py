"""Sign up and confirm: nobody gets a digest, and nothing about a reader changes, before their mailbox has answered."""

from datetime import datetime, timedelta

from django.db import transaction

from subscriptions import consent, limiting, links, queueing
from subscriptions.consent import Shown
from subscriptions.discretion import discreetly, row_of
from subscriptions.models import Delivery, Subscriber, Token
from subscriptions.preferences import Preferences
from subscriptions.rescheduling import reschedule

# The first digest looks back a day, so that it is not empty.
FIRST_WINDOW = timedelta(hours=24)


def sign_up(email: str, preferences: Preferences, now: datetime, shown: Shown) -> bool:
    """Queue the mail that asks the address's owner; what was asked for waits in its token. False: no mail.

    New, pending and former readers are asked to confirm, active ones are told that they are subscribed
    already: one mail a day. A suppressed address gets nothing. Raises TooManyRequests.
    """
    return discreetly(email, limiting.ADDRESS, now, lambda: _ask(row_of(email, now), preferences, now, shown))


def confirm(token: Token, now: datetime, shown: Shown) -> bool:
    """Make the subscription the link asked for and queue the welcome; True for the one call that does (S03)."""
    with transaction.atomic():
        subscriber = Subscriber.objects.select_for_update().get(pk=token.subscriber_id)
        if subscriber.is_active or queueing.is_suppressed(subscriber.email) or not links.use(token, now):
            return False
        activate(subscriber, Preferences.from_payload(token.payload), now)
        consent.record(consent.Kind.CONFIRMED, subscriber, now, shown)
        manage = links.issue(subscriber, links.Purpose.MANAGE, now)
        queueing.queue(Delivery.Kind.WELCOME, subscriber, now, manage)
    return True


def invite(email: str, preferences: Preferences, now: datetime, shown: Shown) -> Subscriber:
    """Ask an address for confirmation in an operator's name, for whom no limit counts."""
    with transaction.atomic():
        subscriber = row_of(email, now)
        _ask(subscriber, preferences, now, shown)
    return subscriber


def bring_in(
    email: str, preferences: Preferences, now: datetime, shown: Shown, *, source: str, evidence: str
) -> Subscriber:
    """Make an active reader of somebody whose consent an operator can show (STANDARDS S33)."""
    with transaction.atomic():
        subscriber = row_of(email, now)
        activate(subscriber, preferences, now)
        consent.record(consent.Kind.CONFIRMED, subscriber, now, shown, source=source, evidence=evidence)
    return subscriber


def activate(subscriber: Subscriber, preferences: Preferences, now: datetime) -> None:
    """Make a locked row an active reader with these preferences. The caller records the consent."""
    preferences.write_columns(subscriber)
    preferences.write_interests(subscriber)
    subscriber.status = Subscriber.Status.ACTIVE
    subscriber.confirmed_at, subscriber.left_at, subscriber.paused_until = now, None, None
    subscriber.seen_at, subscriber.asked_at = now, None
    # A reader who returns has seen what came before their last cut-off.
    subscriber.cutoff_at = max(filter(None, (subscriber.cutoff_at, now - FIRST_WINDOW)))
    reschedule(subscriber, now)
    subscriber.save()
    links.revoke(subscriber, now, links.Purpose.CONFIRM)
    # One lasting link to leave, for all of a reader's digests.
    if not subscriber.tokens.filter(purpose=links.Purpose.UNSUBSCRIBE, expires_at=None).exists():
        links.issue(subscriber, links.Purpose.UNSUBSCRIBE, now)


def _ask(subscriber: Subscriber, preferences: Preferences, now: datetime, shown: Shown) -> bool:
    consent.record(consent.Kind.REQUESTED, subscriber, now, shown)
    links.revoke(subscriber, now, links.Purpose.CONFIRM)
    queueing.cancel(subscriber, now, "a newer request replaced it", Delivery.Kind.CONFIRM)
    if subscriber.is_active:
        token = links.issue(subscriber, links.Purpose.MANAGE, now)
        return queueing.queue(Delivery.Kind.ALREADY, subscriber, now, token) is not None
    token = links.issue(subscriber, links.Purpose.CONFIRM, now, preferences.as_payload())
    return queueing.queue(Delivery.Kind.CONFIRM, subscriber, now, token) is not None
