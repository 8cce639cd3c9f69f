import pytest

from papers.related import related
from tests.factories import make_paper


def paper(number, title, **fields):
    return make_paper(number, title=title, **{"abstract": "", "keywords": []} | fields)


@pytest.mark.django_db
def test_the_closest_first():
    one = paper(1, "Sparse autoencoders for protein folding", keywords=["protein folding", "interpretability"])
    both = paper(2, "Protein folding with sparse autoencoders")
    keyword = paper(3, "A study", abstract="On interpretability.")
    paper(4, "Tidal locking of planets")
    paper(5, "Protein folding again", is_hidden=True)

    assert related(one, 5) == [both, keyword]
    assert related(one, 1) == [both]


@pytest.mark.django_db
def test_then_those_that_share_two_words():
    one = paper(1, "Tactile grasping for household robots")
    words = paper(2, "Clutter", abstract="A robot that is good at grasping.")
    paper(3, "Household income", abstract="Of twenty countries.")
    topic = paper(4, "On household robots")
    paper(5, "Robots and grasping", is_hidden=True)

    assert related(one, 5) == [topic, words]
    assert related(one, 1) == [topic]


@pytest.mark.django_db
def test_words_that_stand_in_every_title_relate_nothing():
    one = paper(1, "Towards an efficient and novel study: a benchmark")
    paper(2, "An efficient benchmark, a novel study")

    assert related(one, 5) == []


@pytest.mark.django_db
@pytest.mark.parametrize("title", ["", "???", "的", '"', "a" * 480, "語言模型 の 研究", "NOT (", "\\alpha"])
def test_any_title_and_keyword(title):
    one = paper(1, title, title_key="k1", keywords=[title, "(", "x" * 600])
    paper(2, f"{title} and more", title_key="k2")

    assert one not in related(one, 5)
