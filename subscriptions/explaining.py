"""Why a digest is empty, and what its reader should know besides. Pure: sentences for the reader, no queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from papers.models import Reading
from subscriptions.matching import Choices
from subscriptions.models import Digest, Subscriber
from subscriptions.schedule import is_zone
from subscriptions.telling import Sentence, in_english

Outcome = Reading.Outcome

_MAX_REASON = 300  # Digest.reason
LATE = Sentence("late")

# As the sites write themselves; a source that is not named here goes by its slug.
_NAMES = {"arxiv": "arXiv", "huggingface": "Hugging Face"}
_IDLE = frozenset({Outcome.QUIET, Outcome.UNCHANGED})


def explain(digest: Digest, reason: Sequence[Sentence] = (), notices: Sequence[Sentence] = ()) -> None:
    """Keep with a digest why it is empty and what is missing: as facts for its reader, in English for operators."""
    digest.reason = " ".join(map(in_english, reason))[:_MAX_REASON]
    digest.notices = list(map(in_english, notices))
    told = {"reason": reason, "notices": notices}
    digest.told = {part: [one.stored() for one in sentences] for part, sentences in told.items() if sentences}


def why_empty(choices: Choices, readings: Sequence[Reading]) -> list[Sentence]:
    """One or two sentences for a reader who gets nothing.

    `readings` are the last ones of each source and day since the reader's previous digest.
    """
    sentences = [none_chosen(choices) if choices.considered else _none_came(readings)]
    if pending := _sources(readings, Outcome.STALE):
        sentences.append(Sentence("pending", {"sources": list(map(name_of, pending))}))
    return sentences


def notices(subscriber: Subscriber, choices: Choices, readings: Sequence[Reading]) -> list[Sentence]:
    """What may be missing from this digest and why; empty when all went well."""
    failed = _sources(readings, Outcome.FAILED).items()
    sentences = [Sentence("unread", {"source": name_of(source), "days": days}) for source, days in failed]
    sentences += [Sentence("skipped", {"interest": text, "error": error}) for text, error in choices.unreadable.items()]
    if not is_zone(subscriber.zone):
        sentences.append(Sentence("zone", {"zone": subscriber.zone}))
    return sentences


def count_sources(readings: Sequence[Reading]) -> tuple[int, int]:
    """How many sources were read, and how many of them to the end: nothing failed, nothing still to come."""
    unfinished = _sources(readings, Outcome.FAILED).keys() | _sources(readings, Outcome.STALE).keys()
    read = {reading.source for reading in readings}
    return len(read), len(read - unfinished)


def left_out(start: datetime) -> Sentence:
    """The notice for a reader whose last digest is further back than any window reaches."""
    return Sentence("left_out", {"days": [start.date()]})


def name_of(source: str) -> str:
    return _NAMES.get(source, source)


def none_chosen(choices: Choices) -> Sentence:
    """That papers came, and why this reader gets none of them."""
    came = {"count": choices.considered}
    if choices.trending:
        return Sentence("muted", came)
    has_unreadable = not choices.matched and choices.unreadable
    return Sentence("unmatched_readable" if has_unreadable else "unmatched", came)


def _none_came(readings: Sequence[Reading]) -> Sentence:
    if failed := _sources(readings, Outcome.FAILED):
        return Sentence("none_failed", {"sources": list(map(name_of, failed))})
    if not readings:
        return Sentence("none_asked")
    is_idle = all(reading.outcome in _IDLE for reading in readings)
    return Sentence("none_announced" if is_idle else "none")


def _sources(readings: Iterable[Reading], outcome: str) -> Mapping[str, list[date]]:
    """Sources, by name, and the days for which their last reading ended so."""
    days: defaultdict[str, list[date]] = defaultdict(list)
    for reading in sorted(readings, key=lambda reading: (reading.source, reading.day)):
        if reading.outcome == outcome:
            days[reading.source].append(reading.day)
    return days
