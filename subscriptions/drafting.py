"""Decide what one reader gets, and when they are due again. Nothing is saved; only windows of papers are loaded."""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from papers.models import Paper
from subscriptions import explaining
from subscriptions.matching import Asked, Choices, Judged, Window, match
from subscriptions.models import Digest, DigestItem, Subscriber
from subscriptions.rescheduling import reschedule
from subscriptions.schedule import LATE_AFTER, edition_of, is_zone, next_send_at, period
from subscriptions.windows import Windows

logger = logging.getLogger(__name__)

MAX_BESIDE = 3
_DAY = timedelta(days=1)

Outcome = Digest.Outcome
Section = DigestItem.Section


class Entry(NamedTuple):
    """One chosen paper; the fields are DigestItem's."""

    paper: Paper
    position: int
    section: str
    score: float
    reasons: list[dict[str, Any]]
    alike: Paper | None


@dataclass(eq=False)
class Draft:
    """What was decided for one reader who was due at `due_at`.

    `digest` is None for a reader who pauses or had that edition before, and for one who `failed`.
    """

    subscriber: Subscriber
    due_at: datetime
    digest: Digest | None = None
    choices: Choices = field(default_factory=Choices)
    failed: bool = False

    @cached_property
    def items(self) -> list[DigestItem]:
        """The chosen papers as rows of the digest, not saved."""
        return [DigestItem(digest=self.digest, **entry._asdict()) for entry in self.entries()]

    def entries(self) -> Iterator[Entry]:
        own = Section.TRENDING if self.choices.trending else Section.MATCHED
        chosen = [(own, one) for one in self.choices.ranked] + [(Section.TRENDING, one) for one in self.choices.beside]
        for position, (section, one) in enumerate(chosen, start=1):
            reasons = [{"interest": reason.interest, "terms": list(reason.terms)} for reason in one.reasons]
            yield Entry(one.paper, position, section.value, one.score, reasons, one.alike)

    @property
    def outcome(self) -> str:
        """A Digest.Outcome, "skipped" or "failed"."""
        if self.digest is not None:
            return str(self.digest.outcome)
        return "failed" if self.failed else "skipped"

    @property
    def is_mailed(self) -> bool:
        wants_note = self.subscriber.wants_quiet_note and self.outcome == Outcome.EMPTY
        return self.outcome == Outcome.QUEUED or wants_note


def prepare(asked: Iterable[tuple[Subscriber, Sequence[Asked]]], windows: Windows) -> None:
    """Evaluate at once what all these readers ask for; `decide` then finds the answers ready."""
    by_window: defaultdict[Window, list[Asked]] = defaultdict(list)
    for reader, interests in asked:
        by_window[windows.covering(window_start(reader, due_moment(reader))).window] += interests
    for window, all_interests in by_window.items():
        window.prepare(all_interests)


def decide(
    reader: Subscriber,
    interests: Sequence[Asked],
    windows: Windows,
    sent: Collection[int] = (),
    judged: Sequence[Judged] = (),
) -> Draft:
    """Decide for one reader who is due, and set on them, unsaved, when they are due again.

    `sent` are papers (primary keys) they had before.
    """
    due_at = due_moment(reader)
    draft = Draft(reader, due_at)
    edition = edition_of(due_at, reader.zone)
    if not is_zone(reader.zone):
        logger.warning("Subscriber %s: the time zone is not known here, UTC is used", reader.pk)
    if not reader.days or _is_closed(reader, edition):
        reschedule(reader, windows.now)
        return draft
    late = windows.now - due_at > LATE_AFTER
    draft = _too_late(draft, windows) if late else choose(draft, interests, windows, sent, judged)
    reader.last_edition, reader.last_due_at = edition, due_at
    # After days of outage this finds today's edition, unless that is too late as well.
    after = max(due_at, windows.now - LATE_AFTER)
    reader.next_digest_at = next_send_at(
        reader.zone, reader.hour, reader.days, after, last_edition=edition, last_due_at=due_at
    )
    return draft


def due_moment(reader: Subscriber) -> datetime:
    assert reader.next_digest_at is not None  # noqa: S101 -- SubscriberQuerySet.due
    return reader.next_digest_at


def window_start(reader: Subscriber, due_at: datetime) -> datetime:
    """Where the reader's last digest ended; for a first one, one period back.

    What came during a pause is left out: the first digest after it begins one period before it is due.
    """
    edition = edition_of(due_at, reader.zone)
    if reader.cutoff_at is None:
        return due_at - period(reader.days, edition)
    pause = reader.paused_until
    if pause is None or not edition_of(reader.cutoff_at, reader.zone) < pause <= edition:
        return reader.cutoff_at
    return max(reader.cutoff_at, _resumed_window(reader, reader.cutoff_at, pause))


def _resumed_window(reader: Subscriber, cutoff_at: datetime, pause: date) -> datetime:
    resumed_at = next_send_at(reader.zone, reader.hour, reader.days, cutoff_at, last_edition=pause - _DAY)
    if resumed_at is None:
        return cutoff_at
    edition = edition_of(resumed_at, reader.zone)
    length = period(reader.days, edition)
    missed = reader.last_edition is None or reader.last_edition < edition - length
    return resumed_at - length if missed else cutoff_at


def _is_closed(reader: Subscriber, edition: date) -> bool:
    """Whether the reader had this edition already, or pauses."""
    had = reader.last_edition is not None and edition <= reader.last_edition
    return had or (reader.paused_until is not None and edition < reader.paused_until)


def _too_late(draft: Draft, windows: Windows) -> Draft:
    """D34: skipped, with its reason; the window stays open, so its papers roll into the next digest."""
    start = window_start(draft.subscriber, draft.due_at)
    draft.digest = _digest(draft, start, windows)
    draft.digest.outcome = Outcome.LATE
    explaining.explain(draft.digest, [explaining.LATE])
    draft.subscriber.cutoff_at = start
    return draft


def choose(
    draft: Draft, interests: Sequence[Asked], windows: Windows, sent: Collection[int], judged: Sequence[Judged] = ()
) -> Draft:
    """Fill the draft with the reader's choice from their window, and close the window."""
    reader = draft.subscriber
    wanted = window_start(reader, draft.due_at)
    start = max(wanted, windows.earliest)
    span = windows.covering(start)
    readings = span.readings_since(start)
    beside = MAX_BESIDE if reader.wants_trending else 0
    choices = match(
        interests, span.window, since=start, sent=sent, limit=reader.max_papers, beside=beside, judged=judged
    )
    digest = draft.digest = _digest(draft, start, windows)
    draft.choices = choices
    fill(digest, choices)
    digest.sources, digest.sources_current = explaining.count_sources(readings)
    notices = explaining.notices(reader, choices, readings)
    if reader.cutoff_at and wanted < start:
        notices.append(explaining.left_out(start))
    explaining.explain(digest, [] if choices.ranked else explaining.why_empty(choices, readings), notices)
    reader.cutoff_at = digest.window_end
    return draft


def _digest(draft: Draft, start: datetime, windows: Windows) -> Digest:
    return Digest(
        subscriber=draft.subscriber,
        edition=edition_of(draft.due_at, draft.subscriber.zone),
        due_at=draft.due_at,
        window_start=start,
        window_end=max(start, windows.end),
        created_at=windows.now,
    )


def fill(digest: Digest, choices: Choices) -> None:
    digest.considered, digest.matched = choices.considered, choices.matched
    digest.outcome = Outcome.QUEUED if choices.ranked else Outcome.EMPTY
