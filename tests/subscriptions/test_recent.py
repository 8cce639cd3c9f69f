import runpy
import threading
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from papers.models import Paper
from subscriptions import recent
from tests.environment import ROOT
from tests.factories import NOW, make_paper

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def seconds(monkeypatch) -> list[float]:
    """What the process's own clock shows."""
    shown = [1000.0]
    monkeypatch.setattr(recent, "monotonic", lambda: shown[0])
    return shown


def titles(found: recent.Recent | None) -> list[str]:
    assert found is not None
    return [paper.title for paper in found.window.papers]


def test_papers_of_thirty_days_oldest_first_without_hidden_ones():
    make_paper(1, title="today")
    make_paper(2, title="last month", first_seen_at=NOW - 29 * DAY)
    make_paper(3, title="long ago", first_seen_at=NOW - 31 * DAY)
    make_paper(4, title="hidden", is_hidden=True)
    make_paper(5, title="withdrawn", is_withdrawn=True)
    make_paper(6, title="may be incomplete yet", first_seen_at=NOW)

    assert titles(recent.recent(NOW)) == ["last month", "today"]


def test_newest_stay_where_there_are_too_many(settings):
    settings.PREVIEW_PAPERS = 2
    for number in range(1, 5):
        make_paper(number, title=f"{number} days ago", first_seen_at=NOW - number * DAY)

    found = recent.recent(NOW)

    assert titles(found) == ["2 days ago", "1 days ago"]
    assert (found.days, found.digest_days) == (2, 2)


def test_asking_again_at_once_costs_no_query(django_assert_num_queries):
    make_paper(1)
    first = recent.recent(NOW)

    with django_assert_num_queries(0):
        assert recent.recent(NOW) is first


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda: make_paper(2, title="new"), ["one", "new"]),
        (lambda: Paper.objects.update(is_hidden=True), []),
        (lambda: None, ["one"]),
    ],
)
def test_what_came_or_went_is_noticed_after_some_seconds(seconds, change, seen, django_assert_num_queries):
    make_paper(1, title="one")
    before = recent.recent(NOW)
    change()
    seconds[0] += 60

    after = recent.recent(NOW)

    assert titles(after) == seen
    assert (after is before) == (seen == ["one"])


def test_week_moves_on_while_no_papers_come(seconds):
    make_paper(1)
    before = recent.recent(NOW)
    seconds[0] += 60

    after = recent.recent(NOW + DAY)

    assert after.since == before.since + DAY
    assert after.window is before.window


def test_days_are_those_that_papers_reach_back():
    assert (recent.recent(NOW).days, recent.recent(NOW).digest_days) == (30, 7)
    recent.forget()
    make_paper(1, first_seen_at=NOW - timedelta(days=3, hours=5))

    found = recent.recent(NOW)

    assert (found.days, found.digest_days) == (4, 4)


def test_others_wait_for_the_first_reading_and_then_go_without(monkeypatch):
    monkeypatch.setattr(recent, "_PATIENCE_SECONDS", 0)
    answers = []
    with recent._shelf.lock:
        asking = threading.Thread(target=lambda: answers.append(recent.recent(NOW)))
        asking.start()
        asking.join(10)

    assert answers == [None]


def test_others_keep_what_there_is_while_one_reads_again(seconds):
    make_paper(1)
    known = recent.recent(NOW)
    seconds[0] += 60
    answers = []
    with recent._shelf.lock:
        asking = threading.Thread(target=lambda: answers.append(recent.recent(NOW)))
        asking.start()
        asking.join(10)

    assert answers == [known]


@pytest.mark.django_db(transaction=True)
def test_web_process_reads_them_when_it_starts(monkeypatch):
    make_paper(1, title="read ahead")
    start = runpy.run_path(str(ROOT / "gunicorn.conf.py"))["post_worker_init"]
    monkeypatch.setattr(timezone, "now", lambda: NOW)

    start(object())
    for thread in threading.enumerate():
        if thread.name == "warm":
            thread.join(30)

    assert recent.is_ready()
    assert titles(recent.recent(NOW)) == ["read ahead"]


@pytest.mark.django_db(transaction=True)
def test_database_that_is_away_is_left_to_the_first_who_asks(monkeypatch, caplog):
    def fail(now: datetime) -> None:
        raise OperationalError("no way to host db.example.org")

    with monkeypatch.context() as away:
        away.setattr(recent, "_refresh", fail)
        recent.warm(NOW)
    make_paper(1, title="read later")

    assert [line.getMessage() for line in caplog.records] == [
        "The newest papers could not be read ahead: OperationalError"
    ]
    assert titles(recent.recent(NOW)) == ["read later"]


def test_topics_are_those_of_the_week():
    for number in range(1, 4):
        make_paper(number, title=f"Protein folding {number}")
        make_paper(10 + number, title=f"Tidal locking {number}", first_seen_at=NOW - 20 * DAY)

    assert [topic.text for topic in recent.recent(NOW).topics] == ["protein folding"]
