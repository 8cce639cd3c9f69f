"""One attempt at reading something: its Reading, from before the first byte until it says how it went."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from django.db import transaction

from papers.ingest import Counts, ingest
from papers.models import Reading
from papers.sources.base import Batch, SourceError

logger = logging.getLogger(__name__)

Outcome = Reading.Outcome
Witness = Callable[[Counts], None]
"""Told what a batch came to, while its transaction is open."""


class Clock:
    """`now` moved on by the time that passed: what is first seen at the end of a slow reading was not seen before."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._started = time.monotonic()

    def __call__(self) -> datetime:
        return self._now + timedelta(seconds=time.monotonic() - self._started)


class Attempt:
    """A Reading while it runs."""

    def __init__(self, reading: Reading, dry_run: bool, witness: Witness | None) -> None:
        self.reading = reading
        self.outcome: str = Outcome.FAILED
        self.clock = Clock(reading.started_at)
        self._dry_run = dry_run
        self._witness = witness

    def store(self, batch: Batch, day: date, *, expected: bool) -> None:
        """Ingest a batch under `day` and judge what came of it."""
        self.reading.day, self.reading.route, self.reading.error = day, batch.route, "; ".join(batch.warnings)
        reading = None if self._dry_run else self.reading
        with transaction.atomic():
            counts = ingest(self.reading.source, day, batch, reading=reading, now=self.clock())
            if self._witness:
                self._witness(counts)
            transaction.set_rollback(self._dry_run)
        for name in ("found", "new", "updated", "rejected"):
            setattr(self.reading, name, getattr(counts, name))
        self.outcome = _judge(counts, expected=expected)
        if self.outcome == Outcome.FAILED:
            self.note(
                f"{counts.rejected} of {counts.found} records were refused, more than one in twenty: has the format "
                f"changed? The others are in; see the rejected records for the reasons."
            )

    def refuse_as_stale(self, batch: Batch) -> None:
        self.outcome = Outcome.STALE
        self.reading.route, self.reading.found = batch.route, len(batch.records)
        self.note("Everything it lists was listed on an earlier day.")

    def note(self, sentence: str) -> None:
        self.reading.error = f"{sentence} {self.reading.error}".strip()

    def close(self) -> None:
        self.reading.outcome, self.reading.finished_at = self.outcome, self.clock()
        if not self._dry_run:
            self.reading.save()


@contextmanager
def open_reading(
    source: str, day: date, now: datetime, dry_run: bool, *, where: str = "", witness: Witness | None = None
) -> Iterator[Attempt]:
    """Open a Reading, and close it whatever happens. `where` stands before what went wrong."""
    reading = Reading(source=source, day=day, started_at=now)
    if not dry_run:
        reading.save()
    attempt = Attempt(reading, dry_run, witness)
    try:
        yield attempt
    except SourceError as error:
        attempt.outcome = Outcome.FAILED
        attempt.note(f"{where}{error}")
    except Exception as error:
        logger.exception("Reading %s of %s broke off", reading.pk, reading.source)
        attempt.outcome = Outcome.FAILED
        attempt.note(f"{where}unexpected {type(error).__name__}; the log has the details.")
    attempt.close()


def _judge(counts: Counts, *, expected: bool) -> str:
    if counts.rejected > 1 and counts.rejected * 20 > counts.found:
        return Outcome.FAILED
    if counts.new or counts.listed:
        return Outcome.NEW
    if counts.found:
        return Outcome.UNCHANGED
    return Outcome.STALE if expected else Outcome.QUIET
