"""No django_db mark: words are made from rows that come loaded."""

from datetime import UTC, date, datetime

import pytest

from papers.models import Reading
from subscriptions.explaining import explain, left_out, notices, why_empty
from subscriptions.matching import Choices
from subscriptions.models import Digest, Subscriber

Outcome = Reading.Outcome
READER = Subscriber(zone="Europe/Berlin")


def words(sentences):
    return [str(sentence) for sentence in sentences]


def readings(*rows):
    return [Reading(source=source, day=date(2026, 8, day), outcome=outcome) for source, day, outcome in rows]


@pytest.mark.parametrize(
    ("choices", "rows", "reason"),
    [
        (
            Choices(considered=0),
            [("arxiv", 9, Outcome.QUIET), ("huggingface", 9, Outcome.UNCHANGED)],
            "No new papers came in: nothing was announced since your last digest.",
        ),
        (
            Choices(considered=0),
            [("arxiv", 9, Outcome.QUIET), ("huggingface", 9, Outcome.NEW)],
            "No new papers came in since your last digest.",
        ),
        (
            Choices(considered=0),
            [],
            "No new papers came in: no source was read since your last digest.",
        ),
        (
            Choices(considered=0),
            [("huggingface", 9, Outcome.FAILED), ("arxiv", 9, Outcome.QUIET)],
            "No new papers came in: Hugging Face could not be read.",
        ),
        (
            Choices(considered=0),
            [("huggingface", 9, Outcome.FAILED), ("arxiv", 8, Outcome.FAILED), ("arxiv", 9, Outcome.FAILED)],
            "No new papers came in: arXiv and Hugging Face could not be read.",
        ),
        (
            Choices(considered=0),
            [("openarchive", 10, Outcome.STALE), ("arxiv", 9, Outcome.QUIET)],
            "No new papers came in since your last digest. openarchive had published nothing new yet.",
        ),
        (
            Choices(considered=1_240),
            [("huggingface", 9, Outcome.NEW)],
            "1,240 new papers came in, but none matches your interests.",
        ),
        (
            Choices(considered=1),
            [("huggingface", 9, Outcome.NEW), ("arxiv", 9, Outcome.STALE)],
            "One new paper came in, but it does not match your interests. arXiv had published nothing new yet.",
        ),
        (
            Choices(considered=3, unreadable={"(": "it is left open"}),
            [],
            "3 new papers came in, but none matches those of your interests that can be read.",
        ),
        (Choices(considered=3, trending=True), [], "3 new papers came in, but you muted them all."),
        (Choices(considered=1, trending=True), [], "One new paper came in, but you muted it."),
    ],
)
def test_why_empty(choices, rows, reason):
    assert " ".join(words(why_empty(choices, readings(*rows)))) == reason


def test_why_empty_fits_its_column():
    rows = [(f"source-with-a-long-name-{number}", 9, Outcome.STALE) for number in range(20)]

    digest = Digest()
    explain(digest, why_empty(Choices(), readings(*rows)))

    assert len(digest.reason) == 300


def test_notices_when_all_went_well():
    rows = readings(("arxiv", 9, Outcome.NEW), ("huggingface", 9, Outcome.STALE), ("huggingface", 8, Outcome.UNCHANGED))

    assert notices(READER, Choices(), rows) == []


def test_notices_name_failed_sources_and_days():
    rows = readings(
        ("huggingface", 9, Outcome.FAILED),
        *(("arxiv", day, Outcome.FAILED) for day in (8, 7)),
        *(("another", day, Outcome.FAILED) for day in (3, 4, 5, 6)),
    )

    assert words(notices(READER, Choices(), rows)) == [
        "another could not be read for 4 days from 3 August to 6 August: what it announced may be missing here.",
        "arXiv could not be read for 7 August and 8 August: what it announced may be missing here.",
        "Hugging Face could not be read for 9 August: what it announced may be missing here.",
    ]


def test_notices_name_interests_that_cannot_be_read():
    choices = Choices(unreadable={'"left open': "a quote is left open"})

    assert words(notices(READER, choices, [])) == [
        'Your interest “"left open” was skipped, because it can no longer be read: a quote is left open'
    ]


def test_notices_name_an_unknown_zone():
    assert words(notices(Subscriber(zone="Mars/Olympus"), Choices(), [])) == [
        "The time zone “Mars/Olympus” is not known here. Until you choose another, it is UTC."
    ]


def test_left_out_names_the_day():
    assert str(left_out(datetime(2026, 7, 1, 5, tzinfo=UTC))) == (
        "Papers that came before 1 July are left out: your last digest is too long ago."
    )
