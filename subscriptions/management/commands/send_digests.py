"""Do once what beat does every minute: compose what is due, then send what is queued."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from subscriptions import braking
from subscriptions.composing import ComposingStopped, compose
from subscriptions.delivery import send_queued
from subscriptions.drafting import Draft
from subscriptions.models import Delivery, Digest

State = Delivery.State
BAD_STATES = (State.FAILED, State.UNKNOWN)


class Command(BaseCommand):
    help = "Compose every digest that is due and send everything that is queued. Safe to run twice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--at",
            metavar="ISO",
            help="do as if it were this moment, such as 2026-05-04T07:00+02:00; later ones are sent now, for good",
        )
        parser.add_argument("--dry-run", action="store_true", help="write and send nothing, say what would be sent")

    def handle(self, *args: Any, at: str | None, dry_run: bool, **options: Any) -> None:
        now = timezone.now() if at is None else _moment(at)
        composed = self._compose(now, dry_run)
        waiting = Delivery.objects.due(now).count()
        stopped = _stopped()
        if dry_run:
            self.stdout.write(f"{_sum_up(composed)}; {waiting} waiting to be sent. Nothing was written.{stopped}")
            return
        if stopped:
            raise CommandError(f"{_sum_up(composed)}; {waiting} waiting to be sent.{stopped}")
        sent = self._send(now, fixed=at is not None) if waiting else Counter[str]()
        self.stdout.write(f"{_sum_up(composed)}; {_sum_up_sent(sent)}.")
        if composed["failed"] or any(sent[state] for state in BAD_STATES):
            raise CommandError("Not everything went well: see the lines above, the log and the admin.")

    def _compose(self, now: datetime, dry_run: bool) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        try:
            for draft in compose(now, dry_run=dry_run):
                outcomes[draft.outcome] += 1
                self.stdout.write(f"subscriber {draft.subscriber.pk}: {_describe(draft)}")
        except ComposingStopped as error:
            raise CommandError(f"Composing stopped: {error}") from error
        return outcomes

    def _send(self, now: datetime, *, fixed: bool) -> Counter[str]:
        """Until nothing is due, or nothing more comes through; then name what was settled."""
        states: Counter[str] = Counter()
        while batch := send_queued(lambda: now) if fixed else send_queued():
            states += batch
            if not batch.keys() - {State.QUEUED}:
                break
        settled = Delivery.objects.filter(settled_at__gte=now).exclude(state__in=[State.QUEUED, State.CLAIMED])
        for delivery in settled.order_by("settled_at", "pk").iterator():
            reason = f" ({delivery.reason})" if delivery.reason else ""
            self.stdout.write(
                f"subscriber {delivery.subscriber_id}: {delivery.get_kind_display()} {delivery.state}{reason}"
            )
        return states


def _stopped() -> str:
    brake = braking.pulled()
    return f" Sending is stopped: {brake.reason}. Release the brake in the admin." if brake else ""


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"--at {text!r} is no moment: write for example --at 2026-05-04T07:00+02:00.")
    return moment if moment.tzinfo else timezone.make_aware(moment)


def _describe(draft: Draft) -> str:
    digest = draft.digest
    if digest is None:
        return "could not be composed, put off by an hour" if draft.failed else "nothing due, moved on"
    if digest.outcome == Digest.Outcome.QUEUED:
        noun = "paper" if len(draft.items) == 1 else "papers"
        return f"{len(draft.items)} {noun} of {digest.matched} that match, edition {digest.edition}"
    note = ", with a note" if draft.is_mailed else ""
    return f"{digest.get_outcome_display()}{note}, edition {digest.edition}: {digest.reason}"


def _sum_up(outcomes: Counter[str]) -> str:
    if not outcomes:
        return "Nobody was due"
    return "Composed: " + ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items()))


def _sum_up_sent(states: Counter[str]) -> str:
    if not states:
        return "nothing was waiting to be sent"
    return "sent: " + ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
