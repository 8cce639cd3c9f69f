"""What a person may do to the ledger by hand. Every act is a conditional update, so two operators at once
are harmless, and leaves an entry in the admin's history."""

from collections.abc import Iterable
from datetime import date, datetime

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext_noop

from subscriptions import braking, continuity
from subscriptions.models import Brake, Delivery

State = Delivery.State

RESEND = "sent again by hand; the reader may get it twice"
ACCEPT = "marked as accepted by hand"
CANCEL = gettext_noop("cancelled by hand")
WAITING = (State.QUEUED,)
GOING, STOPPED = {"sending": "going"}, {"sending": "stopped"}
IN_DOUBT = (State.UNKNOWN,)


def resend(pks: Iterable[int], user: AbstractBaseUser, now: datetime) -> int:
    """UNKNOWN → QUEUED: it may arrive twice. Returns how many rows were still in doubt."""
    # Without a first attempt on record no key's life ends: a person took the doubt upon themselves.
    doubt = {"first_sent_at": None, "in_doubt": True}
    fields = {"state": State.QUEUED, "not_before": now, "settled_at": None, "claim": None, **doubt}
    return _act(pks, IN_DOUBT, RESEND, user, **fields)


def mark_accepted(pks: Iterable[int], user: AbstractBaseUser, now: datetime) -> int:
    """UNKNOWN → ACCEPTED, when the provider's own log or the reader says so."""
    return _act(pks, IN_DOUBT, ACCEPT, user, state=State.ACCEPTED, settled_at=now)


def cancel(pks: Iterable[int], user: AbstractBaseUser, now: datetime) -> int:
    """QUEUED or UNKNOWN → CANCELLED."""
    return _act(pks, WAITING + IN_DOUBT, CANCEL, user, state=State.CANCELLED, settled_at=now)


def send_now(day: date, user: AbstractBaseUser, now: datetime) -> int:
    """Let every queued digest of an edition go at the next tick, whatever it was waiting for."""
    waiting = Delivery.objects.filter(digest__edition=day, not_before__gt=now)
    pks = list(waiting.values_list("pk", flat=True))
    return _act(pks, WAITING, f"edition {day} was told to go now", user, not_before=now)


def stop_sending(user: AbstractBaseUser, reason: str, now: datetime) -> bool:
    with transaction.atomic():
        done = braking.pull(reason, now)
        if done:
            _log(user, Brake.objects.all(), f"stopped sending: {reason}", GOING, STOPPED)
    return done


def go_on_sending(user: AbstractBaseUser) -> bool:
    with transaction.atomic():
        done = braking.release()
        if done:
            _log(user, Brake.objects.all(), "sending goes on", STOPPED, GOING)
    return done


def trust_database(user: AbstractBaseUser) -> bool:
    """Go on after the database was moved on purpose: it lost nothing, so nothing is in doubt."""
    with transaction.atomic():
        done = continuity.trust()
        if done:
            braking.release()
            _log(user, Brake.objects.all(), "sending goes on: nothing was lost", STOPPED, GOING)
    return done


def _act(
    pks: Iterable[int], states: Iterable[Delivery.State], why: str, user: AbstractBaseUser, **fields: object
) -> int:
    with transaction.atomic():
        rows = Delivery.objects.filter(pk__in=pks, state__in=states).select_for_update()
        held = {row.pk: row.state for row in rows}
        Delivery.objects.filter(pk__in=held).update(reason=why, **fields)
        for before in sorted(set(held.values())):
            done = Delivery.objects.filter(pk__in=[pk for pk, state in held.items() if state == before])
            _log(user, done, why, {"state": before}, {"state": fields.get("state", before)})
    return len(held)


def _log(user: AbstractBaseUser, rows: Iterable[Model], why: str, before: object, after: object) -> None:
    """An entry as digest_site.audit reads it."""
    message = [{"note": why, "before": before, "after": after}]
    LogEntry.objects.log_actions(user.pk, rows, CHANGE, message)
