from datetime import timedelta

import pytest

from papers.models import Paper
from subscriptions.composing import compose_due
from subscriptions.judging import COUNTS_FOR, MAX_COUNTED, Verdict, judge, judged_by
from subscriptions.models import DigestItem, Subscriber
from tests.factories import NOW, make_interest, make_paper, make_subscriber

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
ROBOT_HANDS = {"title": "Robots fold shirts", "abstract": "A gripper of rubber learns to fold shirts and towels."}
ROBOT_LEGS = {"title": "Robots climb stairs", "abstract": "A walking machine with four legs climbs wet stairs."}


@pytest.fixture
def old() -> Paper:
    """Seen long ago: like ROBOT_HANDS, unlike ROBOT_LEGS."""
    fields = ROBOT_HANDS | {"title": "Robots that fold towels"}
    return make_paper(9, first_seen_at=NOW - timedelta(days=40), **fields)


@pytest.fixture
def papers() -> list[Paper]:
    return [make_paper(1, votes=5, **ROBOT_LEGS), make_paper(2, **ROBOT_HANDS), make_paper(3)]


def ask_for_robots(number: int = 1, **fields) -> Subscriber:
    reader = make_subscriber(number, **fields)
    make_interest(reader, "robot")
    return reader


def digest_of(reader: Subscriber) -> list[tuple[str, str | None]]:
    items = DigestItem.objects.filter(digest__subscriber=reader).order_by("position")
    return [(item.paper.title, item.alike and item.alike.title) for item in items]


def test_feedback_moves_the_order_and_tells_why_for_that_reader_alone(old, papers):
    fond, averse, silent = (ask_for_robots(number) for number in (1, 2, 3))
    judge(fond, old, Verdict.MORE, NOW)
    judge(averse, old, Verdict.LESS, NOW)

    compose_due(NOW)

    hands, legs = "Robots fold shirts", "Robots climb stairs"
    assert digest_of(fond) == [(hands, "Robots that fold towels"), (legs, None)]
    assert digest_of(averse) == [(legs, None), (hands, None)]
    assert digest_of(silent) == [(legs, None), (hands, None)]


def test_feedback_decides_what_a_short_digest_holds(old, papers):
    reader = ask_for_robots(max_papers=1)
    judge(reader, old, Verdict.MORE, NOW)

    compose_due(NOW)

    assert [title for title, _ in digest_of(reader)] == ["Robots fold shirts"]


def test_feedback_brings_nothing_in_that_no_interest_finds(papers):
    reader = ask_for_robots()
    judge(reader, papers[2], Verdict.MORE, NOW)

    compose_due(NOW)

    assert {title for title, _ in digest_of(reader)} == {"Robots fold shirts", "Robots climb stairs"}


def test_feedback_orders_trending_papers_of_a_reader_without_interests(old):
    make_paper(1, votes=11, **ROBOT_LEGS), make_paper(2, votes=10, **ROBOT_HANDS)
    reader = make_subscriber()
    judge(reader, old, Verdict.MORE, NOW)

    compose_due(NOW)

    assert [title for title, _ in digest_of(reader)] == ["Robots fold shirts", "Robots climb stairs"]


def test_last_word_counts_and_can_be_taken_back(old, papers):
    reader = ask_for_robots()
    for verdict in (Verdict.MORE, Verdict.LESS, Verdict.MORE, None):
        judge(reader, old, verdict, NOW)

    compose_due(NOW)

    assert [title for title, _ in digest_of(reader)] == ["Robots climb stairs", "Robots fold shirts"]


def test_only_the_newest_judgements_count():
    reader = make_subscriber()
    papers = [make_paper(number) for number in range(MAX_COUNTED + 3)]
    for age, paper in enumerate(papers):
        judge(reader, paper, Verdict.MORE, NOW - timedelta(hours=age))

    assert [one.paper for one in judged_by([reader], NOW, {})[reader.pk]] == papers[:MAX_COUNTED]


def test_what_was_said_a_year_ago_counts_no_more(old):
    reader = make_subscriber()
    judge(reader, old, Verdict.MORE, NOW)

    counted = [len(judged_by([reader], NOW + age, {})[reader.pk]) for age in (COUNTS_FOR - DAY, COUNTS_FOR)]

    assert counted == [1, 0]


@pytest.mark.parametrize("readers", [1, 3])
def test_queries_do_not_grow_with_readers(readers, old, django_assert_num_queries):
    asking = [ask_for_robots(number) for number in range(readers)]
    for reader in asking:
        judge(reader, old, Verdict.MORE, NOW)
    kept: dict[int, Paper] = {}

    with django_assert_num_queries(2):
        judged_by(asking, NOW, kept)
    with django_assert_num_queries(1):
        again = judged_by(asking, NOW, kept)

    assert {reader: [one.verdict for one in said] for reader, said in again.items()} == {one.pk: [1] for one in asking}


def test_hidden_paper_moves_nothing(old, papers):
    reader = ask_for_robots()
    judge(reader, old, Verdict.MORE, NOW)
    Paper.objects.filter(pk=old.pk).update(is_hidden=True)

    compose_due(NOW)

    assert digest_of(reader) == [("Robots climb stairs", None), ("Robots fold shirts", None)]


def test_erased_paper_leaves_the_digest_that_named_it(old, papers):
    reader = ask_for_robots()
    judge(reader, old, Verdict.MORE, NOW)
    compose_due(NOW)

    old.delete()

    assert digest_of(reader)[0] == ("Robots fold shirts", None)
