"""Claim, render, fence, send, settle, sweep: from a queued row to the provider's word.

Each step commits alone and nothing is open on the wire. What a crash leaves behind tells how far the
window came: CLAIMED rows are provably unsent and return to the queue; SENDING rows become UNKNOWN, are
shown, and are never sent again by themselves. See ARCHITECTURE.md, "The send ledger".
"""

import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_noop

from subscriptions import braking, continuity, links, pacing
from subscriptions.failpoints import reach
from subscriptions.issue import CannotRender
from subscriptions.models import Delivery, Subscriber, Suppression
from subscriptions.providers import key_life
from subscriptions.rendering import render_many
from subscriptions.schedule import LATE_AFTER
from subscriptions.settling import (
    BACK_OFF,
    NotTried,
    Outcomes,
    Sleep,
    Unwanted,
    learn,
    may_repeat,
    patiently,
    settle,
)
from subscriptions.transport import Channel, Misconfigured, NotAccepted, OutcomeUnknown, Refused

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
IsOver = Callable[[], bool]
Messages = dict[int, EmailMessage]
State = Delivery.State

# Longer than any task may live (CELERY_TASK_TIME_LIMIT): an older claim has no worker behind it.
LEASE = timedelta(minutes=30)
# A run begins no further message after this: with the longest EMAIL_TIMEOUT it ends within the task's soft time limit.
RUN_SECONDS = 500.0

_KEY_ENDED = OutcomeUnknown("an earlier attempt is in doubt, and the provider's memory of it has ended")
_LATE = Unwanted(gettext_noop("not sent within 12 hours; its papers come with the next digest"), late=True)


def send_queued(
    clock: Clock = timezone.now, sleep: Sleep = time.sleep, is_stopping: IsOver = lambda: False
) -> Counter[str]:
    """Send everything that is due, window by window; return how many rows went to which state.

    Safe to run twice and on any number of workers: a row is claimed once. Stops early when the provider
    cannot be reached or refuses our credentials, since every further message would fare the same; and
    before the next message when `is_stopping`, so that a deployment need not wait, and leaves no doubt.
    """
    ends_at = time.monotonic() + RUN_SECONDS
    totals: Counter[str] = Counter()

    def is_over() -> bool:
        return is_stopping() or time.monotonic() >= ends_at

    with Channel() as channel:
        while not is_over():
            replaced_at = continuity.watch(clock())
            if braking.is_pulled() or not (window := claim(clock(), settings.SEND_WINDOW)):
                break
            reach("after_claim")
            if replaced_at is not None:
                continuity.doubt_composed_again(window, replaced_at, clock())
            go_on = _Window(window, channel, clock, sleep, is_over).send()
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
    """Free what dead workers held: stale CLAIMED → QUEUED (unsent), stale SENDING → UNKNOWN (in doubt).

    Where the provider still knows a message's key, one in doubt returns to the queue: it cannot arrive twice.
    """
    stale = Delivery.objects.filter(claimed_at__lt=now - LEASE)
    back = {"state": State.QUEUED, "claim": None, "claimed_at": None}
    freed = stale.filter(state=State.CLAIMED).update(**back)
    if life := key_life(settings.ANYMAIL_PROVIDER):
        freed += stale.filter(state=State.SENDING, first_sent_at__gt=now - life).update(in_doubt=True, **back)
    unknown = stale.filter(state=State.SENDING).update(
        state=State.UNKNOWN, settled_at=now, reason="the worker stopped while sending"
    )
    if unknown:
        logger.error("Sweep: %d deliveries are unknown, see the admin", unknown)
    return Counter({State.QUEUED.value: freed, State.UNKNOWN.value: unknown})


class _Window:
    """One claimed window on its way; afterwards each row is in the state that was written."""

    def __init__(self, rows: Sequence[Delivery], channel: Channel, clock: Clock, sleep: Sleep, is_over: IsOver) -> None:
        self.rows = {row.pk: row for row in rows}
        self.channel = channel
        self.clock = clock
        self.sleep = sleep
        self.is_over = is_over
        self.unsent: Outcomes = {}

    def send(self) -> bool:
        """False when sending should stop for now."""
        messages = self._render()
        slots = self._take_turns(messages)
        down = self.channel.open(self.clock()) if messages else None
        if down is not None:
            logger.warning("Sending stops for now: %s", down.reason)
            self._give_back(messages, down)
        sent = self._hand_over(self._fence(messages), slots) if messages else {}
        if sent:
            domains = {pk: pacing.domain_of(messages[pk].to) for pk in sent}
            reach("before_record")
            settle([self.rows[pk] for pk in sent], sent, State.SENDING, self.clock(), self.sleep)
            learn(sent, domains, self.clock())
        settle([self.rows[pk] for pk in self.unsent], self.unsent, State.CLAIMED, self.clock(), self.sleep)
        stop = (isinstance(outcome, Misconfigured) or getattr(outcome, "retry_after", 0) for outcome in sent.values())
        return down is None and not any(stop)

    def _render(self) -> Messages:
        """Messages by row, rendered while the rows are only claimed; one that cannot be rendered fails alone."""
        now = self.clock()
        self.unsent = {pk: _LATE for pk, row in self.rows.items() if _is_late(row, now)}
        self.unsent |= {pk: _KEY_ENDED for pk, row in self.rows.items() if row.in_doubt and not may_repeat(row, now)}
        rendered = render_many([row for pk, row in self.rows.items() if pk not in self.unsent], now=now)
        messages: Messages = {}
        for pk, result in rendered.items():
            if isinstance(result, EmailMessage):
                messages[pk] = result
            else:
                logger.error("Delivery %s could not be rendered", pk, exc_info=result)
                words = str(result) if isinstance(result, CannotRender) else type(result).__name__
                self.unsent[pk] = Refused(f"could not be rendered: {words}")
        return messages

    def _take_turns(self, messages: Messages) -> dict[int, datetime]:
        """When each message may leave; those whose turn is far off go back to the queue."""
        now = self.clock()
        slots = pacing.reserve({pk: pacing.domain_of(message.to) for pk, message in messages.items()}, now)
        for pk, slot in slots.items():
            if slot - now >= pacing.HOLD:
                self.unsent[pk] = NotTried("waits for its turn", slot)
                del messages[pk]
        return slots

    def _give_back(self, messages: Messages, down: NotAccepted | Misconfigured) -> None:
        """No connection, so nothing was tried: the rows return to the queue without losing an attempt."""
        now = self.clock()
        if isinstance(down, Misconfigured):
            braking.count_refusal(down.reason, now)
        self.unsent |= {pk: NotTried(down.reason, now + BACK_OFF[0]) for pk in messages}
        messages.clear()

    def _fence(self, messages: Messages) -> list[tuple[Delivery, EmailMessage]]:
        """CLAIMED → SENDING, committed before the socket is used; returns what is ours to send.

        The readers' rows are locked while their wish is read, so an unsubscription either comes first and
        is obeyed, or waits until the row says SENDING.
        """
        rows, now = [self.rows[pk] for pk in messages], self.clock()
        mine = Delivery.objects.filter(pk__in=messages, claim=rows[0].claim)
        try:
            with transaction.atomic():
                unwanted = _find_unwanted(rows, messages)
                mine.exclude(pk__in=unwanted).filter(state=State.CLAIMED).update(
                    state=State.SENDING,
                    attempts=F("attempts") + 1,
                    claimed_at=now,
                    first_sent_at=Coalesce(F("first_sent_at"), now),
                )
            self.unsent |= unwanted
        except (OperationalError, InterfaceError):
            # The commit may or may not have happened: only the row, read again by our token, knows.
            connection.close()
        sending = mine.filter(state=State.SENDING).values_list("pk", flat=True)
        fenced = patiently(lambda: set(sending.all()), self.sleep)
        for pk in messages.keys() - fenced - self.unsent.keys():
            self.unsent[pk] = NotTried("", now + BACK_OFF[0])
        ours = [row for row in rows if row.pk in fenced]
        for row in ours:
            row.first_sent_at = row.first_sent_at or now
        return [(row, messages[row.pk]) for row in ours]

    def _hand_over(self, pairs: Sequence[tuple[Delivery, EmailMessage]], slots: Mapping[int, datetime]) -> Outcomes:
        outcomes: Outcomes = {}
        stopped = False
        for row, message in sorted(pairs, key=lambda pair: slots[pair[0].pk]):
            if stopped:
                outcomes[row.pk] = NotTried("", self.clock() + BACK_OFF[0])
                continue
            if self.is_over():
                outcomes[row.pk] = NotTried("", self.clock())
                continue
            if timedelta() < (wait := slots[row.pk] - self.clock()) <= pacing.HOLD:  # longer: the clock stepped back
                self.sleep(wait.total_seconds())
            row.attempts += 1
            reach("before_socket")
            outcome = self.channel.open(self.clock()) or self.channel.send(message)
            reach("after_accept")
            outcomes[row.pk] = outcome
            stopped = isinstance(outcome, Misconfigured) or bool(getattr(outcome, "retry_after", None))
        return outcomes


def _is_late(row: Delivery, now: datetime) -> bool:
    return row.digest is not None and now - row.digest.due_at > LATE_AFTER


def _find_unwanted(rows: Sequence[Delivery], messages: Messages) -> Outcomes:
    readers = Subscriber.objects.filter(pk__in={row.subscriber_id for row in rows}).order_by("pk")
    active = {reader.pk for reader in readers.select_for_update(no_key=True) if reader.is_active}
    hmacs = {row.pk: links.address_hmac(messages[row.pk].to[0]) for row in rows}
    found = Suppression.objects.filter(address_hmac__in=set(hmacs.values()))
    suppressed = set(found.values_list("address_hmac", flat=True))
    unwanted: Outcomes = {}
    for row in rows:
        if row.kind == Delivery.Kind.DIGEST and row.subscriber_id not in active:
            unwanted[row.pk] = Unwanted(gettext_noop("the reader left"))
        elif hmacs[row.pk] in suppressed:
            unwanted[row.pk] = Unwanted(gettext_noop("the address is on the suppression list"))
    return unwanted
