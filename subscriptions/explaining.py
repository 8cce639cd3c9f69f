"""Why a digest is empty, and what its reader should know besides. Pure: words for the reader, no queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from papers.models import Reading
from subscriptions.matching import Choices
from subscriptions.models import Subscriber
from subscriptions.schedule import is_zone

Outcome = Reading.Outcome

_MAX_REASON = 300  # Digest.reason
LATE = "It could not be made within 12 hours of its time. Its papers come with your next digest."

# As the sites write themselves; a source that is not named here goes by its slug.
_NAMES = {"arxiv": "arXiv", "huggingface": "Hugging Face"}
_IDLE = frozenset({Outcome.QUIET, Outcome.UNCHANGED})
_DAYS_NAMED = 3


def why_empty(choices: Choices, readings: Sequence[Reading]) -> str:
    """One or two sentences for a reader who gets nothing.

    `readings` are the last ones of each source and day since the reader's previous digest.
    """
    sentences = [none_chosen(choices) if choices.considered else _none_came(readings)]
    if pending := _sources(readings, Outcome.STALE):
        sentences.append(f"{_join(map(name_of, pending))} had published nothing new yet.")
    return " ".join(sentences)[:_MAX_REASON]


def notices(subscriber: Subscriber, choices: Choices, readings: Sequence[Reading]) -> list[str]:
    """What may be missing from this digest and why, a sentence each; empty when all went well."""
    failed = _sources(readings, Outcome.FAILED).items()
    sentences = [
        f"{name_of(source)} could not be read for {_days(days)}: what it announced may be missing here."
        for source, days in failed
    ]
    sentences += [
        f"Your interest “{text}” was skipped, because it can no longer be read: {error}"
        for text, error in choices.unreadable.items()
    ]
    if not is_zone(subscriber.zone):
        sentences.append(f"The time zone “{subscriber.zone}” is not known here. Until you choose another, it is UTC.")
    return sentences


def count_sources(readings: Sequence[Reading]) -> tuple[int, int]:
    """How many sources were read, and how many of them to the end: nothing failed, nothing still to come."""
    unfinished = _sources(readings, Outcome.FAILED).keys() | _sources(readings, Outcome.STALE).keys()
    read = {reading.source for reading in readings}
    return len(read), len(read - unfinished)


def left_out(start: datetime) -> str:
    """The notice for a reader whose last digest is further back than any window reaches."""
    return f"Papers that came before {_day(start.date())} are left out: your last digest is too long ago."


def name_of(source: str) -> str:
    return _NAMES.get(source, source)


def none_chosen(choices: Choices) -> str:
    """That papers came, and why this reader gets none of them."""
    one = choices.considered == 1
    came = "One new paper came in" if one else f"{choices.considered:,} new papers came in"
    if choices.trending:
        return f"{came}, but you muted {'it' if one else 'them all'}."
    if not choices.matched and choices.unreadable:
        return f"{came}, but {'it does not match' if one else 'none matches'} those of your interests that can be read."
    return f"{came}, but {'it does not match' if one else 'none matches'} your interests."


def _none_came(readings: Sequence[Reading]) -> str:
    if failed := _sources(readings, Outcome.FAILED):
        return f"No new papers came in: {_join(map(name_of, failed))} could not be read."
    if not readings:
        return "No new papers came in: no source was read since your last digest."
    if all(reading.outcome in _IDLE for reading in readings):
        return "No new papers came in: nothing was announced since your last digest."
    return "No new papers came in since your last digest."


def _sources(readings: Iterable[Reading], outcome: str) -> Mapping[str, list[date]]:
    """Sources, by name, and the days for which their last reading ended so."""
    days: defaultdict[str, list[date]] = defaultdict(list)
    for reading in sorted(readings, key=lambda reading: (reading.source, reading.day)):
        if reading.outcome == outcome:
            days[reading.source].append(reading.day)
    return days


def _days(days: Sequence[date]) -> str:
    if len(days) <= _DAYS_NAMED:
        return _join(map(_day, days))
    return f"{len(days)} days from {_day(days[0])} to {_day(days[-1])}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"


def _join(words: Iterable[str]) -> str:
    *head, last = words
    return f"{', '.join(head)} and {last}" if head else last
