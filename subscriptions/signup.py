"""Sign up and confirm: nobody gets a digest, and nothing about a reader changes, before their mailbox has answered."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from subscriptions import consent, limiting, links, queueing
from subscriptions.addresses import is_refused
from subscriptions.consent import Shown
from subscriptions.discretion import discreetly, row_of
from subscriptions.models import ConsentEvent, Delivery, Interest, Subscriber, Token
from subscriptions.preferences import Preferences
from subscriptions.rescheduling import reschedule

# The first digest looks back a day, so that it is not empty.
FIRST_WINDOW = timedelta(hours=24)


def sign_up(email: str, preferences: Preferences, now: datetime, shown: Shown) -> bool:
    """Queue the mail that asks the address's owner; what was asked for waits in its token. False: no mail.

    New, pending and former readers are asked to confirm, active ones are told that they are subscribed
    already: one mail a day. A suppressed address gets nothing, nor one of a refused domain. Raises TooManyRequests.
    """

    def ask() -> bool:
        asked = _ask(row_of(email, now), preferences, now, shown)
        return asked and not is_refused(email)

    return discreetly(email, limiting.ADDRESS, now, ask)


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


def bring_in_many(people: Sequence[tuple[str, Preferences, str]], now: datetime, shown: Shown, *, source: str) -> None:
    """The same for many who have no row yet: address, preferences, evidence. Raises IntegrityError when one has."""
    readers = [Subscriber(email=email, email_key=email.lower(), created_at=now) for email, _, _ in people]
    for reader, (_, preferences, _) in zip(readers, people, strict=True):
        _begin(reader, preferences, now)
    Subscriber.objects.bulk_create(readers)
    both = list(zip(readers, people, strict=True))
    Interest.objects.bulk_create(row for reader, (_, wanted, _) in both for row in wanted.interests_of(reader))
    ConsentEvent.objects.bulk_create(
        consent.build(consent.Kind.CONFIRMED, reader, now, shown, source=source, evidence=evidence)
        for reader, (_, _, evidence) in both
    )
    Token.objects.bulk_create(links.build(reader, links.Purpose.UNSUBSCRIBE, now) for reader in readers)


def activate(subscriber: Subscriber, preferences: Preferences, now: datetime) -> None:
    """Make a locked row an active reader with these preferences. The caller records the consent."""
    _begin(subscriber, preferences, now)
    preferences.write_interests(subscriber)
    subscriber.save()
    links.revoke(subscriber, now, links.Purpose.CONFIRM)
    # One lasting link to leave, for all of a reader's digests.
    if not subscriber.tokens.filter(purpose=links.Purpose.UNSUBSCRIBE, expires_at=None).exists():
        links.issue(subscriber, links.Purpose.UNSUBSCRIBE, now)


def _begin(subscriber: Subscriber, preferences: Preferences, now: datetime) -> None:
    """Set a reader's fields for the first digest. Saves nothing."""
    preferences.write_columns(subscriber)
    subscriber.status = Subscriber.Status.ACTIVE
    subscriber.confirmed_at, subscriber.left_at, subscriber.paused_until = now, None, None
    subscriber.seen_at, subscriber.asked_at = now, None
    # A reader who returns has seen what came before their last cut-off.
    subscriber.cutoff_at = max(filter(None, (subscriber.cutoff_at, now - FIRST_WINDOW)))
    reschedule(subscriber, now)


def _ask(subscriber: Subscriber, preferences: Preferences, now: datetime, shown: Shown) -> bool:
    consent.record(consent.Kind.REQUESTED, subscriber, now, shown)
    links.revoke(subscriber, now, links.Purpose.CONFIRM)
    queueing.cancel(subscriber, now, "a newer request replaced it", Delivery.Kind.CONFIRM)
    if subscriber.is_active:
        token = links.issue(subscriber, links.Purpose.MANAGE, now)
        return queueing.queue(Delivery.Kind.ALREADY, subscriber, now, token) is not None
    token = links.issue(subscriber, links.Purpose.CONFIRM, now, preferences.as_payload())
    return queueing.queue(Delivery.Kind.CONFIRM, subscriber, now, token) is not None
