"""No django_db mark and nothing saved: deciding for a reader never queries."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papers.models import Paper, Reading
from subscriptions import drafting
from subscriptions.drafting import Draft, window_start
from subscriptions.matching import Window
from subscriptions.models import Digest, DigestItem, Interest, Subscriber
from subscriptions.rescheduling import UNTIL_LIFTED, reschedule
from subscriptions.schedule import LATE_AFTER, edition_of, next_send_at
from subscriptions.windows import LOOKBACK, MARGIN, Span, Windows

DAY = timedelta(days=1)
DUE = datetime(2026, 8, 12, 7, tzinfo=UTC)  # a Wednesday
NOW = DUE + timedelta(seconds=30)
Frequency = Subscriber.Frequency


class LoadedWindows(Windows):
    """Windows over papers and readings that need no database."""

    def __init__(self, now, papers=(), readings=()):
        super().__init__(now)
        self._papers, self._readings = papers, list(readings)

    @property
    def end(self):
        return self.now - MARGIN

    def _load(self, start):
        return Span(Window(p for p in self._papers if start <= p.first_seen_at < self.end), self._readings)


def decide(reader, windows):
    return drafting.decide(reader, reader.wishes, windows)


def make_reader(*texts, **fields):
    values = {"pk": 1, "status": "active", "next_digest_at": DUE, "cutoff_at": DUE - DAY, "created_at": DUE - 9 * DAY}
    reader = Subscriber(**values | {"last_edition": date(2026, 8, 11), "last_due_at": DUE - DAY} | fields)
    reader.wishes = [Interest(text=text) for text in texts]
    return reader


def make_paper(number=1, seen_at=DUE - timedelta(hours=5), title="Grokking in circuits"):
    return Paper(pk=number, arxiv_id=f"2608.{number:05}", title=title, first_seen_at=seen_at)


def test_decide_freezes_the_choice_and_closes_the_window():
    reader = make_reader("grokking", zone="Europe/Berlin", hour=9)
    windows = LoadedWindows(NOW, [make_paper(1), make_paper(2, title="Something else")])

    draft = decide(reader, windows)

    digest, (item,) = draft.digest, draft.items
    assert (digest.outcome, digest.reason, digest.notices) == ("queued", "", [])
    assert (digest.edition, digest.due_at, digest.created_at) == (date(2026, 8, 12), DUE, NOW)
    assert (digest.window_start, digest.window_end) == (DUE - DAY, NOW - MARGIN)
    assert (digest.considered, digest.matched) == (2, 1)
    assert (item.digest, item.paper.pk, item.position, item.section) == (digest, 1, 1, DigestItem.Section.MATCHED)
    assert item.score > 0
    assert item.reasons == [{"interest": "grokking", "terms": ["Grokking"]}]
    assert (reader.next_digest_at, reader.cutoff_at) == (DUE + DAY, NOW - MARGIN)
    assert (reader.last_edition, reader.last_due_at) == (date(2026, 8, 12), DUE)
    assert (draft.outcome, draft.is_mailed) == ("queued", True)


def test_decide_without_interests_brings_what_is_trending():
    draft = decide(make_reader(max_papers=1), LoadedWindows(NOW, [make_paper(1), make_paper(2)]))

    assert [(item.paper.pk, item.section, item.reasons) for item in draft.items] == [(2, "trending", [])]
    assert (draft.digest.considered, draft.digest.matched) == (2, 2)


@pytest.mark.parametrize("wants_note", [True, False])
def test_decide_empty_says_why_and_is_mailed_only_on_request(wants_note):
    reader = make_reader("robots", wants_quiet_note=wants_note)

    draft = decide(reader, LoadedWindows(NOW, [make_paper(1)]))

    assert draft.digest.outcome == Digest.Outcome.EMPTY
    assert draft.digest.reason == "One new paper came in, but it does not match your interests."
    assert (draft.items, draft.is_mailed) == ([], wants_note)
    assert reader.cutoff_at == NOW - MARGIN


def test_decide_tells_of_failed_sources_on_a_full_digest_too():
    failed = Reading(source="arxiv", day=DUE.date(), outcome=Reading.Outcome.FAILED, started_at=NOW)

    draft = decide(make_reader("grokking"), LoadedWindows(NOW, [make_paper(1)], [failed]))

    assert draft.digest.outcome == Digest.Outcome.QUEUED
    assert draft.digest.notices == ["arXiv could not be read for 12 August: what it announced may be missing here."]


def test_decide_twelve_hours_late_still_sends():
    draft = decide(make_reader("grokking"), LoadedWindows(DUE + LATE_AFTER, [make_paper(1)]))

    assert (draft.outcome, len(draft.items)) == ("queued", 1)


def test_decide_later_skips_and_keeps_the_window_open():
    reader = make_reader("grokking", wants_quiet_note=True)
    now = DUE + LATE_AFTER + timedelta(minutes=1)

    draft = decide(reader, LoadedWindows(now, [make_paper(1)]))

    assert (draft.outcome, draft.items, draft.is_mailed) == ("late", [], False)
    assert draft.digest.reason == (
        "It could not be made within 12 hours of its time. Its papers come with your next digest."
    )
    assert (reader.cutoff_at, reader.last_edition) == (DUE - DAY, date(2026, 8, 12))
    assert reader.next_digest_at == DUE + DAY


def test_decide_late_first_digest_keeps_its_window_open():
    reader = make_reader("grokking", cutoff_at=None, last_edition=None, last_due_at=None)

    decide(reader, LoadedWindows(DUE + LATE_AFTER + DAY))

    assert reader.cutoff_at == DUE - DAY


def test_decide_after_three_days_of_outage_catches_up_with_one_digest():
    reader = make_reader("grokking")
    now = DUE + 3 * DAY + timedelta(hours=1)
    windows = LoadedWindows(now, [make_paper(number, DUE + (number - 1) * DAY) for number in range(4)])
    drafts = []

    while reader.next_digest_at <= now:
        drafts.append(decide(reader, windows))

    assert [(draft.outcome, draft.digest.edition.day, len(draft.items)) for draft in drafts] == [
        ("late", 12, 0),
        ("queued", 15, 4),
    ]
    assert reader.next_digest_at == DUE + 4 * DAY


@pytest.mark.parametrize(
    ("fields", "next_digest_at"),
    [
        ({"last_edition": date(2026, 8, 12)}, DUE + DAY),  # had it before, in another zone
        ({"paused_until": date(2026, 8, 20)}, DUE + 8 * DAY),
        ({"paused_until": UNTIL_LIFTED}, None),
        ({"frequency": Frequency.PAUSED}, None),
    ],
)
def test_decide_moves_on_without_a_digest(fields, next_digest_at):
    reader = make_reader("grokking", **fields)

    draft = decide(reader, LoadedWindows(NOW, [make_paper(1)]))

    assert (draft.outcome, draft.digest, draft.is_mailed) == ("skipped", None, False)
    assert (reader.next_digest_at, reader.cutoff_at, reader.last_due_at) == (next_digest_at, DUE - DAY, DUE - DAY)


def test_decide_gives_no_second_copy_after_moving_across_the_date_line():
    reader = make_reader("grokking", zone="Pacific/Kiritimati", hour=21)  # 07:00 UTC
    decide(reader, LoadedWindows(NOW, [make_paper(1)]))
    edition = reader.last_edition

    reader.zone = "Pacific/Pago_Pago"  # 20:00 the day before
    reader.next_digest_at = DUE + timedelta(hours=1)  # whatever set it
    draft = decide(reader, LoadedWindows(NOW + timedelta(hours=1), [make_paper(1)]))

    assert draft.outcome == "skipped"
    assert edition_of(reader.next_digest_at, "Pacific/Pago_Pago") == edition + DAY


def test_decide_in_an_unknown_zone_takes_utc_and_tells_reader_and_operator(caplog):
    reader = make_reader("grokking", zone="Mars/Olympus")

    draft = decide(reader, LoadedWindows(NOW, [make_paper(1)]))

    assert draft.digest.notices == [
        "The time zone “Mars/Olympus” is not known here. Until you choose another, it is UTC."
    ]
    assert reader.next_digest_at == DUE + DAY
    assert caplog.messages == ["Subscriber 1: the time zone is not known here, UTC is used"]


def test_decide_weekly_looks_back_a_week():
    reader = make_reader("grokking", frequency=Frequency.WEEKLY, weekday=2, cutoff_at=DUE - 7 * DAY)
    papers = [make_paper(number, DUE - number * DAY) for number in range(1, 9)]

    draft = decide(reader, LoadedWindows(NOW, papers))

    assert sorted(item.paper.pk for item in draft.items) == [1, 2, 3, 4, 5, 6, 7]
    assert reader.next_digest_at == DUE + 7 * DAY


def test_decide_leaves_out_what_no_window_reaches():
    reader = make_reader("grokking", cutoff_at=DUE - 90 * DAY)
    earliest = NOW - MARGIN - LOOKBACK

    draft = decide(reader, LoadedWindows(NOW, [make_paper(1, earliest), make_paper(2, earliest - DAY)]))

    assert [item.paper.pk for item in draft.items] == [1]
    assert draft.digest.window_start == earliest
    assert draft.digest.notices == ["Papers that came before 11 July are left out: your last digest is too long ago."]


def test_decide_never_moves_the_cutoff_back():
    reader = make_reader("grokking", cutoff_at=DUE + timedelta(hours=1))

    draft = decide(reader, LoadedWindows(NOW, [make_paper(1)]))

    assert (draft.outcome, reader.cutoff_at) == ("empty", DUE + timedelta(hours=1))


@pytest.mark.parametrize(
    ("fields", "start"),
    [
        ({}, DUE - DAY),
        ({"cutoff_at": None}, DUE - DAY),
        ({"cutoff_at": None, "frequency": Frequency.WEEKLY, "weekday": 2}, DUE - 7 * DAY),
        ({"cutoff_at": DUE - 3 * DAY}, DUE - 3 * DAY),
        # A pause that ended today: papers of the last day only.
        (
            {"cutoff_at": DUE - 30 * DAY, "last_edition": date(2026, 7, 13), "paused_until": date(2026, 8, 12)},
            DUE - DAY,
        ),
        # It ended three days ago, and the digests since were late: from the day before it ended.
        (
            {"cutoff_at": DUE - 30 * DAY, "last_edition": date(2026, 7, 13), "paused_until": date(2026, 8, 9)},
            DUE - 4 * DAY,
        ),
        # No edition fell into it: nothing is left out.
        (
            {"cutoff_at": DUE - DAY - MARGIN, "last_edition": date(2026, 8, 11), "paused_until": date(2026, 8, 12)},
            DUE - DAY - MARGIN,
        ),
        # It is long over.
        ({"cutoff_at": DUE - 3 * DAY, "paused_until": date(2026, 8, 1)}, DUE - 3 * DAY),
        # It has not ended.
        ({"cutoff_at": DUE - 3 * DAY, "paused_until": UNTIL_LIFTED}, DUE - 3 * DAY),
    ],
)
def test_window_start(fields, start):
    assert window_start(make_reader(**fields), DUE) == start


def test_failed_draft_says_so():
    assert Draft(make_reader(), DUE, failed=True).outcome == "failed"


HOURS = st.integers(0, 23)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/Nuuk", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
MINUTES = st.integers(0, 20 * 24 * 60)


@settings(max_examples=150, deadline=None)
@given(
    zone=ZONES,
    hour=HOURS,
    frequency=st.sampled_from([Frequency.DAILY, Frequency.WEEKDAYS, Frequency.WEEKLY]),
    moves=st.dictionaries(st.integers(0, 30), st.tuples(ZONES, HOURS), max_size=3),
    arrivals=st.lists(MINUTES, max_size=40),
    runs=st.lists(st.integers(1, 40 * 60), min_size=10, max_size=60),
)
def test_digests_bring_each_matching_paper_once_whatever_happens(zone, hour, frequency, moves, arrivals, runs):
    """R12: late runs, outages, changes of zone and hour; the union is what matches, and nothing comes twice."""
    start = datetime(2026, 3, 20, tzinfo=UTC)
    papers = [
        make_paper(number, start + timedelta(minutes=minute), "Grokking" if number % 3 else "Robots")
        for number, minute in enumerate(arrivals)
    ]
    reader = make_reader("grokking", zone=zone, hour=hour, frequency=frequency, max_papers=50, cutoff_at=start)
    reader.last_edition = reader.last_due_at = None
    reader.next_digest_at = next_send_at(zone, hour, reader.days, start)
    drafts, now = [], start

    for number, minutes in enumerate(runs):
        now = min(now + timedelta(minutes=minutes), start + timedelta(days=25))
        if number in moves:
            reader.zone, reader.hour = moves[number]
            reschedule(reader, now)
        while reader.next_digest_at <= now:
            drafts.append(decide(reader, LoadedWindows(now, papers)))

    made = [draft for draft in drafts if draft.digest]
    sent = [item.paper.pk for draft in made for item in draft.items]
    matching = {paper.pk for paper in papers if paper.pk % 3 and paper.first_seen_at < reader.cutoff_at}
    editions = [draft.digest.edition for draft in made]
    assert len(sent) == len(set(sent))
    assert set(sent) == matching
    assert editions == sorted(set(editions))


@pytest.mark.parametrize(("wants_trending", "expected"), [(True, ["matched", "trending"]), (False, ["matched"])])
def test_trending_papers_come_with_what_matches_where_they_are_wanted(wants_trending, expected):
    voted = make_paper(2, title="Something else")
    voted.votes = 3
    windows = LoadedWindows(NOW, [make_paper(1), voted])

    draft = decide(make_reader("grokking", wants_trending=wants_trending), windows)

    assert [(item.paper.pk, item.position, item.section) for item in draft.items] == [
        (number, number, section) for number, section in enumerate(expected, 1)
    ]
    assert draft.digest.matched == 1


def test_digest_knows_how_many_sources_it_stands_on():
    at = NOW - timedelta(hours=1)
    outcomes = [("arxiv", "new"), ("huggingface", "failed"), ("thirdsite", "stale")]
    readings = [Reading(source=source, day=DUE.date(), outcome=outcome, started_at=at) for source, outcome in outcomes]

    draft = decide(make_reader("grokking"), LoadedWindows(NOW, [make_paper()], readings))

    assert (draft.digest.sources, draft.digest.sources_current) == (3, 1)
