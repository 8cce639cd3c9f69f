"""No django_db mark and nothing saved: a query would fail the test."""

from datetime import timedelta

import pytest

from papers.models import Paper
from papers.search.index import Index
from subscriptions import matching
from subscriptions.matching import Window, match
from subscriptions.models import Interest
from tests.factories import NOW

TITLES = (
    "Grokking in small transformers",
    "Diffusion models for protein design",
    "A survey of diffusion models",
    "Robot learning from demonstrations",
)


class CountingIndex(Index):
    """Counts how often each normal form is evaluated."""

    evaluated: list[str] = []

    def match_many(self, queries):
        queries = list(queries)
        self.evaluated.extend(query.normal for query in queries)
        return super().match_many(queries)


def paper(number, title, **fields):
    seen_at = NOW - timedelta(hours=24 - number)
    return Paper(pk=number, arxiv_id=f"2608.{number:05}", title=title, first_seen_at=seen_at, **fields)


def window(*papers):
    return Window(papers or [paper(number, title) for number, title in enumerate(TITLES, 1)])


def interests(*texts):
    """A text that begins with "-" is muted."""
    return [Interest(text=text.removeprefix("-"), is_muted=text.startswith("-")) for text in texts]


def chosen(choices):
    return [(ranked.paper.pk, [reason.interest for reason in ranked.reasons]) for ranked in choices.ranked]


def test_match_gives_papers_with_the_readers_own_words():
    choices = match(interests("Grokking", "robot"), window())

    assert sorted(chosen(choices)) == [(1, ["Grokking"]), (4, ["robot"])]
    assert (choices.considered, choices.matched, choices.trending, choices.unreadable) == (4, 2, False, {})


def test_match_several_interests_give_a_paper_once_with_each_reason():
    choices = match(interests("protein", "diffusion models"), window())

    assert sorted(chosen(choices)) == [(2, ["protein", "diffusion models"]), (3, ["diffusion models"])]
    assert choices.ranked[0].paper.pk == 2


def test_match_muted_interest_drops_its_papers():
    choices = match(interests("diffusion models", "-survey"), window())

    assert chosen(choices) == [(2, ["diffusion models"])]
    assert (choices.considered, choices.matched) == (4, 1)


def test_match_only_from_the_readers_own_cutoff_on():
    papers = window()

    by_cutoff = {
        hours: match(interests("diffusion"), papers, since=NOW - timedelta(hours=hours)) for hours in (22, 21, 20)
    }

    assert {hours: sorted(pk for pk, _ in chosen(choices)) for hours, choices in by_cutoff.items()} == {
        22: [2, 3],
        21: [3],
        20: [],
    }
    assert [choices.considered for choices in by_cutoff.values()] == [3, 2, 1]


def test_match_leaves_out_papers_sent_before():
    choices = match(interests("diffusion"), window(), sent={3, 99})

    assert chosen(choices) == [(2, ["diffusion"])]
    assert choices.considered == 3


def test_match_cuts_at_the_limit_and_counts_all():
    choices = match(interests("diffusion", "robot"), window(), limit=1)

    assert (len(choices.ranked), choices.matched) == (1, 3)


def test_match_without_interests_gives_what_is_trending():
    votes = window(
        paper(0, "Older", votes=99),
        paper(1, "Few", votes=3),
        paper(2, "Many", votes=30),
        paper(3, "None"),
        paper(4, "Also few", votes=3),
    )

    choices = match([], votes, since=NOW - timedelta(hours=23), limit=3)

    assert [(ranked.paper.title, ranked.score) for ranked in choices.ranked] == [
        ("Many", 30.0),
        ("Also few", 3.0),
        ("Few", 3.0),
    ]
    assert (choices.trending, choices.matched, choices.considered) == (True, 4, 4)


def test_match_with_muted_interests_only_gives_what_else_is_trending():
    choices = match(interests("-diffusion", "-robot"), window(), since=NOW - timedelta(hours=23))

    assert chosen(choices) == [(1, [])]
    assert choices.trending


def test_match_names_an_interest_that_cannot_be_read():
    choices = match(interests("grokking", '"left open', "-(also"), window())

    assert chosen(choices) == [(1, ["grokking"])]
    assert list(choices.unreadable) == ['"left open', "(also"]
    assert all(choices.unreadable.values())


def test_match_nothing_readable_is_not_trending():
    choices = match(interests('"left open'), window())

    assert (chosen(choices), choices.trending, choices.considered) == ([], False, 4)


def test_match_in_an_empty_window():
    choices = match(interests("grokking"), Window([]))

    assert (chosen(choices), choices.considered, choices.matched) == ([], 0, 0)


def test_window_evaluates_each_form_once_for_all_readers(monkeypatch):
    monkeypatch.setattr(matching, "Index", CountingIndex)
    monkeypatch.setattr(CountingIndex, "evaluated", [])
    papers = window()

    for _ in range(3):
        match(interests("Diffusion models", "robot"), papers)
    match(interests("diffusion  models"), papers)

    assert len(CountingIndex.evaluated) == len(set(CountingIndex.evaluated)) == 2


def test_window_forgets_answers_beyond_its_limit(monkeypatch):
    monkeypatch.setattr(matching, "MAX_ANSWERS", 2)
    papers = window()

    found = [chosen(match(interests(text), papers)) for text in ("grokking", "protein", "robot", "grokking")]

    assert found == [[(1, ["grokking"])], [(2, ["protein"])], [(4, ["robot"])], [(1, ["grokking"])]]
    assert len(papers._answers) == 2


def test_window_that_forgets_still_answers_what_is_asked_now(monkeypatch):
    monkeypatch.setattr(matching, "MAX_ANSWERS", 3)
    papers = window()
    match(interests("grokking", "protein"), papers)

    choices = match(interests("grokking", "robot", "survey"), papers)

    assert sorted(chosen(choices)) == [(1, ["grokking"]), (3, ["survey"]), (4, ["robot"])]


@pytest.mark.parametrize("order", [1, -1])
def test_match_does_not_depend_on_the_order_papers_came_in(order):
    papers = [paper(number, title) for number, title in enumerate(TITLES, 1)][::order]

    assert chosen(match(interests("diffusion models", "robot"), Window(papers))) == chosen(
        match(interests("diffusion models", "robot"), window())
    )


def test_trending_papers_stand_beside_what_matches():
    votes = {1: 2, 2: 9, 3: 9, 4: 0}
    papers = [paper(number, title, votes=votes[number]) for number, title in enumerate(TITLES, 1)]

    choices = match(interests("grokking", "-survey"), window(*papers), beside=3)
    limited = match(interests("robot"), window(*papers), sent=[2], beside=1)

    # The survey is muted, and nobody voted for the robots.
    assert ([r.paper.pk for r in choices.ranked], [r.paper.pk for r in choices.beside]) == ([1], [2])
    assert ([r.paper.pk for r in limited.ranked], [r.paper.pk for r in limited.beside]) == ([4], [3])


@pytest.mark.parametrize("asked", [["nothing of the kind"], [], ["-survey"]])
def test_nothing_stands_beside_nothing(asked):
    papers = [paper(number, title, votes=number) for number, title in enumerate(TITLES, 1)]

    assert match(interests(*asked), window(*papers), beside=3).beside == ()
