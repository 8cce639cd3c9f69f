"""Claim, render, fence, send, settle, sweep: from a queued row to the provider's word.

Each step commits alone and nothing is open on the wire. What a crash leaves behind tells how far the
window came: CLAIMED rows are provably unsent and return to the queue; SENDING rows become UNKNOWN, are
shown, and are never sent again by themselves. See ARCHITECTURE.md, "The send ledger".
"""

import logging
import time
import uuid
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone

from subscriptions import links, transport
from subscriptions.failpoints import reach
from subscriptions.issue import CannotRender
from subscriptions.models import Delivery, Digest, Subscriber, Suppression
from subscriptions.rendering import render_many
from subscriptions.transport import Channel, Misconfigured, NotAccepted, OutcomeUnknown, Receipt, Refused

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
State = Delivery.State

MAX_ATTEMPTS = 5
BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
MISCONFIGURED_PAUSE = timedelta(minutes=15)
TOO_LATE = timedelta(hours=12)
# Longer than any task may live (CELERY_TASK_TIME_LIMIT): an older claim has no worker behind it.
LEASE = timedelta(minutes=30)
# A run claims no further window after this, so that the last one ends within the task's soft time limit.
RUN_SECONDS = 500.0
SETTLE_TRIES = 3


@dataclass(frozen=True)
class Unwanted:
    """Not to be sent any more. `late`: its papers return to the reader's next digest."""

    reason: str
    late: bool = False


@dataclass(frozen=True)
class NotTried:
    """Given back untouched."""

    reason: str


Outcome = transport.Outcome | Unwanted | NotTried
Outcomes = dict[int, Outcome]


def send_queued(clock: Clock = timezone.now) -> Counter[str]:
    """Send everything that is due, window by window; return how many rows went to which state.

    Safe to run twice and on any number of workers: a row is claimed once. Stops early when the provider
    cannot be reached or refuses our credentials, since every further message would fare the same.
    """
    started = time.monotonic()
    totals: Counter[str] = Counter()
    with Channel() as channel:
        while time.monotonic() - started < RUN_SECONDS:
            window = claim(clock(), settings.SEND_WINDOW)
            if not window:
                break
            reach("after_claim")
            go_on = _send_window(window, channel, clock)
            totals.update(row.state for row in window)
            if not go_on:
                break
    return totals


def claim(now: datetime, size: int) -> list[Delivery]:
    """Take up to `size` due rows for this worker: QUEUED → CLAIMED, committed before it returns."""
    token = uuid.uuid4()
    with transaction.atomic():
        due = Delivery.objects.due(now).order_by("not_before", "pk")
        pks = [row.pk for row in due.select_for_update(skip_locked=True).only("pk")[:size]]
        Delivery.objects.filter(pk__in=pks, state=State.QUEUED).update(state=State.CLAIMED, claim=token, claimed_at=now)
    held = Delivery.objects.filter(claim=token, state=State.CLAIMED)
    return list(held.select_related("subscriber", "digest", "token").order_by("not_before", "pk"))


def sweep(now: datetime) -> Counter[str]:
    """Free what dead workers held: stale CLAIMED → QUEUED (unsent), stale SENDING → UNKNOWN (in doubt)."""
    stale = Delivery.objects.filter(claimed_at__lt=now - LEASE)
    freed = stale.filter(state=State.CLAIMED).update(state=State.QUEUED, claim=None, claimed_at=None)
    unknown = stale.filter(state=State.SENDING).update(
        state=State.UNKNOWN, settled_at=now, reason="the worker stopped while sending"
    )
    if unknown:
        logger.error("Sweep: %d deliveries are unknown, see the admin", unknown)
    return Counter({State.QUEUED.value: freed, State.UNKNOWN.value: unknown})


def _send_window(window: Sequence[Delivery], channel: Channel, clock: Clock) -> bool:
    """Bring one claimed window to its end, each row to the state that was written; False: stop for now."""
    rows = {row.pk: row for row in window}
    messages, unsent = _render(window, clock())
    down = channel.open(clock()) if messages else None
    if down is not None:
        logger.warning("Sending stops for now: %s", down.reason)
        unsent |= {pk: down if isinstance(down, Misconfigured) else NotTried(down.reason) for pk in messages}
        messages = {}
    sent: Outcomes = {}
    if messages:
        fenced, unwanted = _fence([rows[pk] for pk in messages], messages, clock())
        unsent |= {pk: NotTried("") for pk in messages.keys() - set(fenced)} | unwanted
        sent = _hand_over([(rows[pk], messages[pk]) for pk in fenced], channel, clock)
        reach("before_record")
        _settle([rows[pk] for pk in sent], sent, State.SENDING, clock())
    _settle([rows[pk] for pk in unsent], unsent, State.CLAIMED, clock())
    return down is None and not any(isinstance(outcome, Misconfigured) for outcome in sent.values())


def _render(window: Sequence[Delivery], now: datetime) -> tuple[dict[int, EmailMessage], Outcomes]:
    """Messages by row, rendered while the rows are only claimed; a row that cannot be rendered fails alone."""
    unsent: Outcomes = {row.pk: _LATE for row in window if _is_late(row, now)}
    rendered = render_many([row for row in window if row.pk not in unsent], now=now)
    messages: dict[int, EmailMessage] = {}
    for pk, result in rendered.items():
        if isinstance(result, EmailMessage):
            messages[pk] = result
        else:
            logger.error("Delivery %s could not be rendered", pk, exc_info=result)
            words = str(result) if isinstance(result, CannotRender) else type(result).__name__
            unsent[pk] = Refused(f"could not be rendered: {words}")
    return messages, unsent


_LATE = Unwanted("not sent within 12 hours; its papers come with the next digest", late=True)


def _is_late(row: Delivery, now: datetime) -> bool:
    return row.digest is not None and now - row.digest.due_at > TOO_LATE


def _fence(
    rows: Sequence[Delivery], messages: Mapping[int, EmailMessage], now: datetime
) -> tuple[list[int], dict[int, Outcome]]:
    """CLAIMED → SENDING, committed before the socket is used; returns what is ours to send, and what is not wanted.

    The readers' rows are locked while their wish is read, so an unsubscription either comes first and is
    obeyed, or waits until the row says SENDING.
    """
    token = rows[0].claim
    mine = Delivery.objects.filter(pk__in=[row.pk for row in rows], claim=token)
    unwanted: dict[int, Outcome] = {}
    try:
        with transaction.atomic():
            unwanted = _find_unwanted(rows, messages)
            mine.exclude(pk__in=unwanted).filter(state=State.CLAIMED).update(
                state=State.SENDING, attempts=F("attempts") + 1, claimed_at=now
            )
    except (OperationalError, InterfaceError):
        # The commit may or may not have happened: only the row, read again by our token, knows.
        connection.close()
    fenced = set(mine.filter(state=State.SENDING).values_list("pk", flat=True))
    return [row.pk for row in rows if row.pk in fenced], unwanted


def _find_unwanted(rows: Sequence[Delivery], messages: Mapping[int, EmailMessage]) -> dict[int, Outcome]:
    readers = Subscriber.objects.filter(pk__in={row.subscriber_id for row in rows}).order_by("pk")
    active = {reader.pk for reader in readers.select_for_update(no_key=True) if reader.is_active}
    hmacs = {row.pk: links.address_hmac(messages[row.pk].to[0]) for row in rows}
    found = Suppression.objects.filter(address_hmac__in=set(hmacs.values()))
    suppressed = set(found.values_list("address_hmac", flat=True))
    unwanted: dict[int, Outcome] = {}
    for row in rows:
        if row.kind == Delivery.Kind.DIGEST and row.subscriber_id not in active:
            unwanted[row.pk] = Unwanted("the reader left")
        elif hmacs[row.pk] in suppressed:
            unwanted[row.pk] = Unwanted("the address is on the suppression list")
    return unwanted


def _hand_over(pairs: Sequence[tuple[Delivery, EmailMessage]], channel: Channel, clock: Clock) -> Outcomes:
    outcomes: Outcomes = {}
    stopped = False
    for row, message in pairs:
        if stopped:
            outcomes[row.pk] = NotTried("")
            continue
        row.attempts += 1
        reach("before_socket")
        outcome = channel.open(clock()) or channel.send(message)
        reach("after_accept")
        outcomes[row.pk] = outcome
        stopped = isinstance(outcome, Misconfigured)
    return outcomes


def _settle(rows: Sequence[Delivery], outcomes: Mapping[int, Outcome], held: Delivery.State, now: datetime) -> None:
    """Write what became of the window in one statement; only rows this worker still holds are touched."""
    if not rows:
        return
    for row in rows:
        _apply(row, outcomes[row.pk], now)
    for attempt in range(1, SETTLE_TRIES + 1):
        try:
            _write(rows, outcomes, held)
            break
        except (OperationalError, InterfaceError):
            # Rows that stay SENDING become UNKNOWN: worth another try on a new connection.
            connection.close()
            if attempt == SETTLE_TRIES:
                raise


def _write(rows: Sequence[Delivery], outcomes: Mapping[int, Outcome], held: Delivery.State) -> None:
    late = [row for row in rows if isinstance(outcome := outcomes[row.pk], Unwanted) and outcome.late]
    fields = ["state", "not_before", "attempts", "settled_at", "provider_id", "reason"]
    with transaction.atomic():
        Delivery.objects.filter(claim=rows[0].claim, state=held).bulk_update(rows, fields)
        for row in late:
            _return_papers(row)


def _apply(row: Delivery, outcome: Outcome, now: datetime) -> None:
    """Set the row's fields to what `outcome` means."""
    row.reason = getattr(outcome, "reason", "")
    row.settled_at = now
    match outcome:
        case Receipt(provider_id):
            row.state, row.provider_id = State.ACCEPTED, provider_id
        case Refused():
            row.state = State.FAILED
        case Unwanted():
            row.state = State.CANCELLED
        case OutcomeUnknown():
            row.state = State.UNKNOWN
            logger.error("Delivery %s: outcome unknown: %s", row.key, outcome.reason)
        case NotAccepted() if row.attempts >= MAX_ATTEMPTS:
            row.state, row.reason = State.FAILED, f"not accepted {row.attempts} times: {outcome.reason}"[:300]
        case NotAccepted(_, retry_after):
            _requeue(row, now + max(_back_off(row), timedelta(seconds=retry_after or 0)))
        case Misconfigured():
            _requeue(row, now + MISCONFIGURED_PAUSE)
            logger.error("Mail settings refused: %s", outcome.reason)
        case NotTried():
            _requeue(row, now + BACK_OFF[0])


def _requeue(row: Delivery, not_before: datetime) -> None:
    row.state, row.not_before, row.settled_at = State.QUEUED, not_before, None


def _back_off(row: Delivery) -> timedelta:
    """Longer after each attempt, spread by up to a half so that a whole edition does not return at once."""
    spread = zlib.crc32(f"{row.key}:{row.attempts}".encode()) / 2**33
    return BACK_OFF[min(max(row.attempts, 1), len(BACK_OFF)) - 1] * (1 + spread)


def _return_papers(row: Delivery) -> None:
    """A digest that came too late gives its window back: the reader's next one covers it."""
    digest = row.digest
    if digest is None:
        return
    Digest.objects.filter(pk=digest.pk).update(outcome=Digest.Outcome.LATE, reason=row.reason)
    Subscriber.objects.filter(pk=row.subscriber_id, cutoff_at__gt=digest.window_start).update(
        cutoff_at=digest.window_start
    )
