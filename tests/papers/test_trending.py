from datetime import date, timedelta

import pytest

from papers.trending import score, trending
from tests.factories import make_paper

TODAY = date(2026, 8, 12)


@pytest.mark.parametrize(
    ("better", "worse"),
    [((10, 0, 0), (9, 0, 0)), ((10, 4, 0), (11, 0, 0)), ((10, 0, 0), (20, 0, 3)), ((90, 0, 3), (20, 0, 0))],
)
def test_score_orders(better, worse):
    assert score(*better) > score(*worse)


def test_score_of_a_day_that_lies_ahead():
    assert score(10, 0, -1) == score(10, 0, 0)


@pytest.mark.django_db
def test_trending_best_first(django_assert_num_queries):
    for number, (votes, age) in enumerate([(50, 9), (40, 1), (900, 20), (0, 0), (40, 1), (5, -1)], start=1):
        make_paper(number, votes=votes, featured_on=TODAY - timedelta(days=age))
    make_paper(7, votes=900)

    with django_assert_num_queries(2):
        papers = trending(TODAY, limit=2)

    assert [paper.arxiv_id for paper in papers] == ["2608.00005", "2608.00002"]


@pytest.mark.django_db
def test_trending_nothing():
    assert trending(TODAY, limit=25) == []
