"""Judge a history: what was due, what our ledger says became of it, and what the provider's own ledger says.

The rules are D01 to D06 of the delivery checklist. Pure: a history is a value, a verdict is another.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from tests.faults.ledger import Handed

ENDED = frozenset({"accepted", "failed", "cancelled", "unknown", "empty", "late"})
MUST_SAY_WHY = ENDED - {"accepted"}

Due = tuple[int, date]


@dataclass(frozen=True)
class Entry:
    """One digest in our ledger: its delivery's state, or, where nothing was to be mailed, its own outcome."""

    reader: int
    edition: date
    key: str
    state: str
    reason: str = ""


@dataclass(frozen=True)
class Departure:
    """A committed unsubscription, suppression or erasure. `sending`: keys our ledger had in SENDING just then."""

    recipient: str
    at: float
    sending: frozenset[str] = frozenset()
    erased: bool = False


@dataclass(frozen=True)
class History:
    """`deaths`: processes or connections that were struck; each may leave one `window` in doubt."""

    due: Collection[Due]
    entries: Sequence[Entry]
    handed: Sequence[Handed]
    departures: Sequence[Departure] = ()
    deaths: int = 0
    window: int = 10


@dataclass(frozen=True)
class Verdict:
    due: int
    accepted: int
    duplicates: int
    missing: int
    unknown: int
    violations: list[str] = field(default_factory=list)


def check(history: History) -> Verdict:
    """Count, and name every broken rule."""
    unknown = sum(entry.state == "unknown" for entry in history.entries)
    duplicates = list(_duplicates(history))
    missing = list(_missing(history))
    rules = (_untruthful, _groundless_doubt, _sent_after_departure, _changed_retries)
    violations = duplicates + missing + [words for rule in rules for words in rule(history)]
    accepted = sum(message.accepted for message in history.handed)
    return Verdict(len(history.due), accepted, len(duplicates), len(missing), unknown, violations)


def _copies(history: History) -> Counter[str]:
    return Counter(message.key for message in history.handed if message.accepted)


def _duplicates(history: History) -> Iterator[str]:
    """D01. Of one message, and of one edition to one reader, whatever keys they had."""
    copies = _copies(history)
    yield from (f"D01: {key} was accepted {count} times" for key, count in copies.items() if count > 1)
    editions: Counter[Due] = Counter()
    for entry in history.entries:
        editions[entry.reader, entry.edition] += min(copies[entry.key], 1)
    yield from (f"D01: reader {who} got edition {day} twice" for (who, day), count in editions.items() if count > 1)


def _missing(history: History) -> Iterator[str]:
    """D02. Everything due has an end with a name; nothing hangs; nothing comes that was not due."""
    found = {(entry.reader, entry.edition) for entry in history.entries}
    due = set(history.due)
    yield from (f"D02: reader {who} has no digest of {day}" for who, day in sorted(due - found))
    yield from (f"D02: reader {who} was not due on {day}" for who, day in sorted(found - due))
    for entry in history.entries:
        if entry.state not in ENDED:
            yield f"D02: {entry.key} stays {entry.state}"
        elif entry.state in MUST_SAY_WHY and not entry.reason:
            yield f"D02: {entry.key or entry.reader} is {entry.state} without a reason"


def _untruthful(history: History) -> Iterator[str]:
    """D03. Our ledger and the provider's agree, save where ours says that it does not know."""
    copies = _copies(history)
    for entry in history.entries:
        if entry.state == "accepted" and copies[entry.key] == 0:
            yield f"D03: {entry.key} is called accepted and was not"
        elif entry.state not in {"accepted", "unknown"} and copies[entry.key]:
            yield f"D03: {entry.key} is called {entry.state} and was accepted"
    known = {entry.key for entry in history.entries}
    erased = {departure.recipient for departure in history.departures if departure.erased}
    for message in history.handed:
        if message.key.startswith("digest-") and message.key not in known and message.recipient not in erased:
            yield f"D03: {message.key} was handed over and is in no ledger"


def _groundless_doubt(history: History) -> Iterator[str]:
    """D04. Unknown only where an answer did not come, or within the windows of processes that died."""
    unanswered = {message.key for message in history.handed if not message.answered}
    groundless = [entry.key for entry in history.entries if entry.state == "unknown" and entry.key not in unanswered]
    if len(groundless) > history.deaths * history.window:
        yield f"D04: {len(groundless)} unknown with {history.deaths} deaths: {', '.join(groundless)}"


def _sent_after_departure(history: History) -> Iterator[str]:
    """D05. Nothing is accepted after a committed departure that was not SENDING then."""
    for departure in history.departures:
        for message in history.handed:
            late = message.accepted and message.recipient == departure.recipient and message.at > departure.at
            if late and message.key not in departure.sending:
                yield f"D05: {message.key} was accepted after its reader had gone"


def _changed_retries(history: History) -> Iterator[str]:
    """D06. Every attempt at a message carries the same content, recipient and Message-ID."""
    shapes: defaultdict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for message in history.handed:
        shapes[message.key].add((message.message_id, message.content, message.recipient))
    yield from (f"D06: {key} changed between attempts" for key, seen in shapes.items() if len(seen) > 1)
