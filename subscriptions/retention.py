"""Erase what has served its time. Safe to run twice."""

from collections import Counter
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, QuerySet

from subscriptions.consent import Shown
from subscriptions.erasing import erase
from subscriptions.models import Allowance, ConsentEvent, Delivery, DeliveryEvent, Digest, Subscriber, Token
from subscriptions.queueing import UNSENT

_Row = TypeVar("_Row", bound=Model)

UNCONFIRMED = timedelta(days=7)
# How long it can be shown that somebody who left had agreed (STANDARDS S28).
PROOF = timedelta(days=3 * 365)
_SHOWN = Shown(form="retention")
# Rows in memory at a time.
BATCH = 500


def clean_up(now: datetime) -> Counter[str]:
    """Erase what is listed here, and return how many of each.

    Unconfirmed readers, those who left long ago, the log of those erased long ago, dead tokens, ledger rows older
    than RETENTION_DAYS, windows that ended and old sessions. A reader's last cut-off and edition stand in their own
    row and stay.
    """
    kept = timedelta(days=settings.RETENTION_DAYS)
    return Counter(
        subscribers=_erase_unconfirmed(now),
        left=_erase_left(now),
        consents=_erase_proofs(now),
        cancelled=_cancel_pointless(now),
        tokens=_erase_tokens(now),
        digests=_erase_old(Digest.objects.filter(edition__lt=(now - kept).date())),
        deliveries=_erase_old(Delivery.objects.filter(digest=None, created_at__lt=now - kept)),
        events=_erase_old(DeliveryEvent.objects.filter(received_at__lt=now - kept)),
        allowances=Allowance.objects.filter(ends_at__lte=now).delete()[0],
        sessions=Session.objects.filter(expire_date__lte=now).delete()[0],
    )


def _erase_unconfirmed(now: datetime) -> int:
    """Those who never answered in 7 days, save where a newer link of theirs still works (STANDARDS S26)."""
    asked_again = Token.objects.filter(purpose=Token.Purpose.CONFIRM, used_at=None, expires_at__gt=now)
    stale = Subscriber.objects.filter(status=Subscriber.Status.PENDING, created_at__lte=now - UNCONFIRMED)
    stale = stale.exclude(pk__in=asked_again.values("subscriber_id")).order_by("pk")
    erased = 0
    while True:
        # Locked until they are gone: nobody confirms in between.
        with transaction.atomic():
            pks = list(stale.select_for_update(of=("self",)).values_list("pk", flat=True)[:BATCH])
            Subscriber.objects.filter(pk__in=pks).delete()
        erased += len(pks)
        if not pks:
            return erased


def _erase_left(now: datetime) -> int:
    long_ago = Subscriber.objects.filter(status=Subscriber.Status.LEFT, left_at__lte=now - PROOF).order_by("pk")
    erased = 0
    while page := list(long_ago[:BATCH]):
        erased += sum(erase(reader, now, _SHOWN) for reader in page)
    return erased


def _erase_proofs(now: datetime) -> int:
    """The consent log of people who are gone, once its last event is old enough. The database allows no other."""
    own = ConsentEvent.objects.filter(subscriber_id=OuterRef("subscriber_id"), at__gt=now - PROOF)
    person = Subscriber.objects.filter(pk=OuterRef("subscriber_id"))
    return _erase_old(ConsentEvent.objects.filter(~Exists(person), ~Exists(own)))


def _cancel_pointless(now: datetime) -> int:
    """Mails whose link died before they could be sent."""
    waiting = Delivery.objects.filter(state__in=UNSENT, token__expires_at__lte=now)
    waiting = waiting.exclude(kind__in=(Delivery.Kind.DIGEST, Delivery.Kind.OLD_ADDRESS))
    return waiting.update(state=Delivery.State.CANCELLED, settled_at=now, reason="its link expired before it was sent")


def _erase_old(rows: QuerySet[_Row]) -> int:
    erased = 0
    while pks := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        rows.filter(pk__in=pks).delete()
        erased += len(pks)
    return erased


def _erase_tokens(now: datetime) -> int:
    """Tokens past their time, except those a mail under way still refers to."""
    under_way = Delivery.objects.filter(state__in=(*UNSENT, Delivery.State.SENDING), token__isnull=False)
    dead = Token.objects.filter(expires_at__lte=now).exclude(pk__in=under_way.values("token_id")).order_by("pk")
    erased = 0
    while pks := list(dead.values_list("pk", flat=True)[:BATCH]):
        erased += Token.objects.filter(pk__in=pks).delete()[0]
    return erased
