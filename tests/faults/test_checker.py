"""The judge of the fault suite: made-up histories, each breaking one rule."""

from dataclasses import replace
from datetime import date

import pytest

from tests.faults.checker import Departure, Entry, History, Verdict, check
from tests.faults.ledger import Handed

DAY = date(2026, 8, 12)
SENT = Handed("digest-1", "reader1@example.org", "<digest-1@example.org>", "a", accepted=True, answered=True, at=5.0)
TAKEN = Entry(1, DAY, "digest-1", "accepted")
GOOD = History(due={(1, DAY)}, entries=[TAKEN], handed=[SENT])

UNSENT = replace(SENT, accepted=False, at=0.0)
UNKNOWN = replace(TAKEN, state="unknown", reason="the worker stopped while sending")
EMPTY = Entry(1, DAY, "", "empty", "nothing matched")
GONE = Departure("reader1@example.org", at=4.0)


def violations(**changes):
    return check(replace(GOOD, **changes)).violations


def test_clean_history_breaks_no_rule():
    assert check(GOOD) == Verdict(due=1, accepted=1, duplicates=0, missing=0, unknown=0)


@pytest.mark.parametrize(
    "history",
    [
        pytest.param({"handed": [UNSENT, SENT]}, id="retried"),
        pytest.param({"entries": [EMPTY], "handed": []}, id="nothing to send"),
        pytest.param({"entries": [UNKNOWN], "handed": [replace(SENT, answered=False)]}, id="answer lost"),
        pytest.param({"entries": [UNKNOWN], "handed": [SENT], "deaths": 1}, id="process died"),
        pytest.param({"departures": [replace(GONE, at=6.0)]}, id="left afterwards"),
        pytest.param({"departures": [replace(GONE, sending=frozenset({"digest-1"}))]}, id="left on the wire"),
        pytest.param({"due": (), "entries": [], "departures": [replace(GONE, at=6.0, erased=True)]}, id="erased"),
        pytest.param({"handed": [SENT, replace(SENT, key="confirm-1", message_id="<c>")]}, id="another kind of mail"),
    ],
)
def test_history_that_is_allowed_breaks_no_rule(history):
    assert violations(**history) == []


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ({"handed": [SENT, SENT]}, "D01: digest-1 was accepted 2 times"),
        ({"entries": [], "handed": []}, "D02: reader 1 has no digest of 2026-08-12"),
        ({"due": ()}, "D02: reader 1 was not due on 2026-08-12"),
        ({"entries": [replace(TAKEN, state="sending")], "handed": [UNSENT]}, "D02: digest-1 stays sending"),
        ({"entries": [replace(TAKEN, state="queued")], "handed": []}, "D02: digest-1 stays queued"),
        (
            {"entries": [replace(TAKEN, state="cancelled")], "handed": []},
            "D02: digest-1 is cancelled without a reason",
        ),
        ({"handed": [UNSENT]}, "D03: digest-1 is called accepted and was not"),
        (
            {"entries": [replace(TAKEN, state="failed", reason="550")]},
            "D03: digest-1 is called failed and was accepted",
        ),
        (
            {"handed": [SENT, replace(SENT, key="digest-2", message_id="<digest-2@example.org>")]},
            "D03: digest-2 was handed over and is in no ledger",
        ),
        ({"entries": [UNKNOWN]}, "D04: 1 unknown with 0 deaths: digest-1"),
        ({"entries": [UNKNOWN], "deaths": 1, "window": 0}, "D04: 1 unknown with 1 deaths: digest-1"),
        ({"departures": [GONE]}, "D05: digest-1 was accepted after its reader had gone"),
        ({"handed": [replace(UNSENT, content="b"), SENT]}, "D06: digest-1 changed between attempts"),
        ({"handed": [replace(UNSENT, message_id="<other>"), SENT]}, "D06: digest-1 changed between attempts"),
    ],
)
def test_history_that_breaks_a_rule_is_named(history, words):
    assert violations(**history) == [words]


def test_two_messages_of_one_edition_are_a_duplicate():
    second = replace(SENT, key="digest-2", message_id="<digest-2@example.org>")
    entries = [TAKEN, replace(TAKEN, key="digest-2")]

    verdict = check(replace(GOOD, entries=entries, handed=[SENT, second]))

    assert verdict == Verdict(1, 2, 1, 0, 0, ["D01: reader 1 got edition 2026-08-12 twice"])
