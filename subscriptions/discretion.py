"""Answer strangers alike, whoever's address they type: the same work is done for every address, and undone
where nothing may come of it, so that neither words nor time tell one from another (STANDARDS S06).

Rows are locked in one order everywhere: allowances, the subscriber, then tokens and deliveries.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from subscriptions import addresses, limiting
from subscriptions.models import Subscriber


class TooManyRequests(Exception):
    """A limit is used up that says nothing about anybody's address, so it may be told."""


def admit(client: str, now: datetime, limit: limiting.Limit = limiting.CLIENT) -> None:
    """Count one request of a client (limiting.client_key). Raises TooManyRequests."""
    if limiting.take(now, (limit, client)):
        raise TooManyRequests


def discreetly(email: str, limit: limiting.Limit, now: datetime, work: Callable[[], bool]) -> bool:
    """Do `work`, which queues one mail to `email`, and keep it when it returns True and `limit` allows.

    `limit` counts this mailbox, in whatever spelling; those of its domain and of everybody come on top.
    Raises TooManyRequests for the latter two.
    """
    limits = (
        (limit, addresses.canonical(email)),
        (limiting.DOMAIN, addresses.domain_of(email)),
        (limiting.everybody(), ""),
    )
    with transaction.atomic():
        spent = limiting.take(now, *limits)
        kept = spent in {None, limit} and _keep(work, allowed=spent is None)
    if spent not in {None, limit}:
        raise TooManyRequests
    return kept


def row_of(email: str, now: datetime) -> Subscriber:
    """The address's row, locked; a pending one where there was none. Two requests at once make one (STANDARDS S19)."""
    fresh = Subscriber(email=email, email_key=email.lower(), created_at=now)
    Subscriber.objects.bulk_create([fresh], ignore_conflicts=True)
    found = Subscriber.objects.select_for_update(no_key=True).filter(email_key=email.lower()).first()
    return found or row_of(email, now)  # the one that was there has been erased while we waited for it


def _keep(work: Callable[[], bool], *, allowed: bool) -> bool:
    with transaction.atomic():
        kept = work() and allowed
        if not kept:
            transaction.set_rollback(True)  # to where this block began; nothing is raised
    return kept
