from datetime import date, timedelta

import pytest

from papers.models import Reading
from subscriptions.windows import LOOKBACK, MARGIN, MAX_READING, SPANS, Windows
from tests.factories import NOW, make_paper

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
TODAY = NOW.date()
Outcome = Reading.Outcome


def make_reading(outcome, ago, *, source="arxiv", day=TODAY):
    return Reading.objects.create(source=source, day=day, outcome=outcome, started_at=NOW - ago)


def test_windows_end_before_ingests_that_have_not_committed():
    assert Windows(NOW).end == NOW - MARGIN


def test_windows_end_where_a_running_reading_began():
    make_reading(Outcome.RUNNING, timedelta(minutes=9))
    make_reading(Outcome.RUNNING, timedelta(minutes=4))
    make_reading(Outcome.NEW, timedelta(minutes=30))

    assert Windows(NOW).end == NOW - timedelta(minutes=9)


def test_windows_do_not_wait_for_a_reading_that_died_or_has_only_begun():
    make_reading(Outcome.RUNNING, MAX_READING)
    make_reading(Outcome.RUNNING, timedelta(seconds=5))

    assert Windows(NOW).end == NOW - MARGIN


def test_window_holds_visible_papers_of_its_half_open_span():
    end = Windows(NOW).end
    make_paper(1, first_seen_at=end - SPANS[0] - timedelta.resolution)
    make_paper(2, first_seen_at=end - SPANS[0])
    make_paper(3, first_seen_at=end - timedelta.resolution)
    make_paper(4, first_seen_at=end)
    make_paper(5, is_hidden=True)
    make_paper(6, is_withdrawn=True)

    window = Windows(NOW).covering(end - DAY).window

    assert [paper.arxiv_id for paper in window.papers] == ["2608.00002", "2608.00003"]


@pytest.mark.parametrize(
    ("back", "found"),
    [
        (timedelta(0), [1]),
        (SPANS[0], [1]),
        (SPANS[0] + timedelta.resolution, [1, 2]),
        (timedelta(days=7), [1, 2, 6]),
        (timedelta(days=9), [1, 2, 6, 20]),
        (timedelta(days=400), [1, 2, 6, 20]),
    ],
)
def test_windows_pick_the_smallest_span_that_reaches_back(back, found):
    for days in (1, 2, 6, 20, 40):
        make_paper(days, first_seen_at=NOW - days * DAY)
    windows = Windows(NOW)

    window = windows.covering(windows.end - back).window

    assert sorted(int(paper.arxiv_id[5:]) for paper in window.papers) == found


def test_windows_load_each_span_once(django_assert_num_queries):
    windows = Windows(NOW)
    starts = [windows.end - days * DAY for days in (1, 1, 6, 7, 1)]

    with django_assert_num_queries(4):  # papers and readings of two spans
        windows.load(starts)
        windows.load(starts)


def test_windows_reach_back_no_further_than_lookback():
    windows = Windows(NOW)

    assert windows.earliest == windows.end - LOOKBACK


def test_span_knows_the_last_reading_of_each_source_and_day():
    yesterday = TODAY - DAY
    make_reading(Outcome.FAILED, timedelta(hours=9))
    make_reading(Outcome.NEW, timedelta(hours=8))
    make_reading(Outcome.FAILED, timedelta(hours=7), day=yesterday)
    make_reading(Outcome.RUNNING, timedelta(seconds=1))
    make_reading(Outcome.QUIET, timedelta(hours=6), source="huggingface")
    windows = Windows(NOW)

    readings = windows.covering(windows.end - DAY).readings_since(windows.end - DAY)

    assert sorted((reading.source, reading.day, reading.outcome) for reading in readings) == [
        ("arxiv", yesterday, "failed"),
        ("arxiv", TODAY, "new"),
        ("huggingface", TODAY, "quiet"),
    ]


def test_span_leaves_out_readings_that_tell_nothing_of_the_readers_days():
    start = NOW - DAY
    make_reading(Outcome.FAILED, timedelta(hours=3), source="file")
    make_reading(Outcome.FAILED, timedelta(hours=3), source="arxiv-query")
    make_reading(Outcome.FAILED, timedelta(hours=3), day=date(2020, 1, 1))
    make_reading(Outcome.FAILED, timedelta(hours=25))

    assert Windows(NOW).covering(start).readings_since(start) == []
