"""Write what became of a window of messages, and let the brake and the pace learn from it."""

import logging
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from subscriptions import braking, pacing, transport
from subscriptions.models import Delivery, Digest, Subscriber
from subscriptions.providers import key_life
from subscriptions.transport import Misconfigured, NotAccepted, OutcomeUnknown, Receipt, Refused

logger = logging.getLogger(__name__)

State = Delivery.State

MAX_ATTEMPTS = 5
BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
MISCONFIGURED_PAUSE = timedelta(minutes=1)  # the brake decides whether anything is sent then
# Seconds between tries while the database is away: one that is restarted, or fails over, is back by then.
PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0, 15.0)
MAX_REASON = 300
# Replies that ask for fewer messages: https://www.rfc-editor.org/rfc/rfc5321#section-4.2.3
SLOW_DOWN = ("421 ", "450 ", "451 ")


@dataclass(frozen=True)
class Unwanted:
    """Not to be sent any more. `late`: its papers return to the reader's next digest."""

    reason: str
    late: bool = False


@dataclass(frozen=True)
class NotTried:
    """Given back untouched, to be looked at again at `at`."""

    reason: str
    at: datetime


_T = TypeVar("_T")

Sleep = Callable[[float], None]
Outcome = transport.Outcome | Unwanted | NotTried
Outcomes = dict[int, Outcome]


def settle(
    rows: Sequence[Delivery], outcomes: Mapping[int, Outcome], held: Delivery.State, now: datetime, sleep: Sleep
) -> None:
    """Bring the rows of one claim from state `held` to their ends, in one statement.

    Rows this worker no longer holds are left alone. Waits for a database that is away, since rows that stay
    SENDING would become UNKNOWN; the error of the last try is raised.
    """
    if not rows:
        return
    for row in rows:
        _apply(row, outcomes[row.pk], now)
    patiently(lambda: _write(rows, outcomes, held), sleep)


def patiently(action: Callable[[], _T], sleep: Sleep) -> _T:
    """Try `action` again on a new connection as long as the database is away, for half a minute."""
    for pause in PAUSES:
        try:
            return action()
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database is away (%s): trying again in %.0f s", type(error).__name__, pause)
            connection.close()
            sleep(pause)
    return action()


def learn(outcomes: Mapping[int, Outcome], domains: Mapping[int, str], now: datetime) -> None:
    """Tell the brake of refused credentials, and the pace of domains or a provider that want it slower."""
    for outcome in outcomes.values():
        if isinstance(outcome, Misconfigured):
            braking.count_refusal(outcome.reason, now)
    if any(isinstance(outcome, Receipt) for outcome in outcomes.values()):
        braking.count_success()
    refused = {pk: outcome for pk, outcome in outcomes.items() if isinstance(outcome, NotAccepted)}
    pacing.slow_down((domains[pk] for pk, no in refused.items() if no.reason.startswith(SLOW_DOWN)), now)
    if pauses := [no.retry_after for no in refused.values() if no.retry_after]:
        pacing.hold_all(now + timedelta(seconds=max(pauses)))


def may_repeat(row: Delivery, now: datetime) -> bool:
    """Whether a message in doubt may be handed over again: its provider still knows its key, or a person said so."""
    life = key_life(settings.ANYMAIL_PROVIDER)
    return row.first_sent_at is None or (life is not None and now < row.first_sent_at + life)


def _write(rows: Sequence[Delivery], outcomes: Mapping[int, Outcome], held: Delivery.State) -> None:
    late = [row for row in rows if isinstance(outcome := outcomes[row.pk], Unwanted) and outcome.late]
    fields = ["state", "not_before", "attempts", "settled_at", "provider_id", "reason", "in_doubt"]
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
            row.state, row.provider_id, row.in_doubt = State.ACCEPTED, provider_id, False
        case Refused():
            row.state = State.FAILED
        case Unwanted():
            row.state = State.CANCELLED
        case OutcomeUnknown():
            _doubt(row, outcome, now)
        case NotAccepted():
            _retry(row, outcome, now)
        case Misconfigured():
            row.attempts -= 1  # not the message's fault
            _requeue(row, now + MISCONFIGURED_PAUSE)
        case NotTried(_, at):
            _requeue(row, at)
    if row.in_doubt and row.state in (State.FAILED, State.CANCELLED):
        # This attempt came to nothing; an earlier one may not have.
        row.state = State.UNKNOWN


def _doubt(row: Delivery, outcome: OutcomeUnknown, now: datetime) -> None:
    again_at = now + BACK_OFF[0]
    if row.attempts < MAX_ATTEMPTS and may_repeat(row, again_at):
        row.in_doubt = True
        _requeue(row, again_at)
        return
    row.state = State.UNKNOWN
    logger.error("Delivery %s: outcome unknown: %s", row.key, outcome.reason)


def _retry(row: Delivery, outcome: NotAccepted, now: datetime) -> None:
    if outcome.retry_after is not None:
        row.attempts -= 1  # not the message's fault: after half a day it is too late anyway
    if row.attempts < MAX_ATTEMPTS:
        _requeue(row, now + max(_back_off(row), timedelta(seconds=outcome.retry_after or 0)))
        return
    row.state, row.reason = State.FAILED, f"not accepted {row.attempts} times: {outcome.reason}"[:MAX_REASON]


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
