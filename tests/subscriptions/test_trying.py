from datetime import timedelta

import pytest

from subscriptions import keywords, trying
from subscriptions.composing import compose, compose_due
from subscriptions.models import DigestItem
from subscriptions.recent import recent
from subscriptions.trying import Idea, try_out
from tests.factories import NOW, make_interest, make_paper, make_subscriber

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def attempt(typed: str, max_papers: int = 10) -> trying.Trial:
    papers = recent(NOW)
    assert papers is not None
    return try_out(keywords.read(typed), papers, max_papers=max_papers)


def ideas(typed: str) -> list[tuple[str, int]]:
    return [(idea.text, idea.papers) for idea in attempt(typed).tried[0].ideas]


def test_trial_is_the_digest_a_weekly_reader_gets():
    for number in range(1, 15):
        words = "grokking" if number % 2 else "robots"
        seen_at = NOW - number * DAY / 2 - DAY / 8
        make_paper(number, title=f"{words} {number}", abstract="", votes=number, first_seen_at=seen_at)
    make_paper(20, title="grokking survey")
    reader = make_subscriber(frequency="weekly", weekday=NOW.weekday(), cutoff_at=NOW - 7 * DAY, max_papers=4)
    make_interest(reader, "grokking")
    make_interest(reader, "survey", is_muted=True)

    trial = attempt("grokking\n-survey", max_papers=4)
    compose_due(NOW)

    sent = DigestItem.objects.order_by("position")
    assert [(item.paper, item.reasons) for item in trial.draft.items] == [(item.paper, item.reasons) for item in sent]
    assert len(trial.draft.items) == 4
    assert (trial.papers, trial.considered, trial.days, trial.rate) == (7, 14, 7, "about 1 a day")
    assert list(compose(NOW)) == []


def test_each_keyword_is_counted_by_day():
    make_paper(1, title="grokking one")
    make_paper(2, title="grokking two", first_seen_at=NOW - 2 * DAY)
    make_paper(3, title="grokking three", first_seen_at=NOW - 2 * DAY)
    make_paper(4, title="grokking long ago", first_seen_at=NOW - 20 * DAY)

    (tried,) = attempt("grokking").tried

    assert (list(tried.daily), tried.week, tried.reach) == ([0, 0, 0, 0, 0, 2, 1], 3, 4)
    assert tried.rate == "3 in 7 days"
    assert [height for _x, _y, height in tried.bars] == [1, 1, 1, 1, 1, 20, 10]
    assert (tried.is_silent, tried.is_flood, tried.ideas) == (False, False, ())


def test_keyword_without_any_match_is_told_what_may_be_meant():
    for number in range(1, 4):
        make_paper(number, title=f"Diffusion models {number}", first_seen_at=NOW - 10 * number * DAY + DAY)

    assert attempt("difusion models").tried[0].is_silent
    assert ideas("difusion models") == [("diffusion models", 3)]
    assert ideas("models diffusion") == [("models AND diffusion", 3)]
    assert ideas("diffusion bridges") == []


def test_keyword_that_floods_is_told_how_to_narrow_it():
    for number in range(1, 200):
        field = "latent diffusion" if number % 5 == 0 else "diffusion"
        make_paper(number, title=f"On {field} {number}", first_seen_at=NOW - (number % 7) * DAY - DAY / 8)

    (tried,) = attempt("diffusion").tried

    assert tried.is_flood
    assert tried.rate == "about 28 a day"
    assert tried.ideas == [Idea("latent diffusion", 39)]


def test_muted_keyword_gets_no_advice_on_floods():
    for number in range(1, 200):
        make_paper(number, title=f"On latent diffusion {number}")

    assert [one.is_flood for one in attempt("-diffusion").tried] == [False]


def test_no_keywords_bring_what_is_trending():
    make_paper(1, title="loved", votes=9)
    make_paper(2, title="liked", votes=3)

    trial = attempt("")

    assert [item.paper.title for item in trial.draft.items] == ["loved", "liked"]
    assert (trial.tried, trial.draft.choices.trending) == ([], True)


def test_nothing_came_at_all():
    trial = attempt("grokking")

    assert (trial.considered, trial.draft.items) == (0, [])


def test_same_question_is_worked_out_once(monkeypatch):
    make_paper(1)
    first = attempt("grokking")
    monkeypatch.setattr(trying, "_try", lambda *args: pytest.fail("worked out again"))

    assert attempt("grokking") is first


def test_memory_of_strangers_questions_is_bounded(monkeypatch):
    monkeypatch.setattr(trying, "_TRIALS", 3)
    monkeypatch.setattr(trying, "_CONDITIONS", 10)
    make_paper(1)
    papers = recent(NOW)

    for number in range(40):
        attempt(f"grokking\nword{number} AND other{number}")

    assert len(trying._trials) == 3
    assert papers.window.index.remembered < 20
    assert attempt("grokking").papers == 1
