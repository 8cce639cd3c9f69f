import pytest

from papers.search import Index
from papers.search.likeness import CLEAR, Taste
from tests.papers.search.papers import Paper

OTHERS = [
    Paper(
        "Grokking in parity", "Networks memorise first and generalise late.", ("Ada Example",), categories=("cs.LG",)
    ),
    Paper("Late generalisation", "Grokking networks generalise late; weight decay helps.", categories=("cs.LG",)),
    Paper("Robots fold laundry", "A gripper learns to fold shirts.", ("Ben Sample",), categories=("cs.RO",)),
    Paper("Protein folding", "Structures from sequences alone.", ("Cleo Muster",), categories=("q-bio.BM",)),
    Paper("Speech under noise", "Microphones and masks.", categories=("eess.AS",)),
]


def alike(paper: Paper, others: list[Paper] = OTHERS) -> dict[int, float]:
    return dict(Index(others).alike(paper))


def test_paper_is_most_like_itself_and_then_like_its_topic():
    found = alike(OTHERS[0])

    assert found[0] == pytest.approx(1.0)
    assert sorted(found, key=found.__getitem__, reverse=True)[:2] == [0, 1]
    assert CLEAR < found[1] < 1
    assert 4 not in found


def test_paper_from_elsewhere_is_compared_by_words_authors_and_categories():
    by_words = alike(Paper("When do networks grok?", "Grokking, late generalisation"))
    by_author = alike(Paper("Something else", authors=("Sample, B.", "Ben Sample")))
    by_category = alike(Paper("Something else", categories=("q-bio.BM",)))

    assert (max(by_words, key=by_words.__getitem__), set(by_author), set(by_category)) == (1, {2}, {3})


def test_likeness_is_the_same_both_ways():
    index = Index(OTHERS)

    assert index.alike(OTHERS[0])[1] == pytest.approx(index.alike(OTHERS[1])[0])


@pytest.mark.parametrize("paper", [Paper(), Paper("a an the"), Paper("Words that nobody else has")])
def test_paper_that_says_nothing_is_like_none(paper):
    assert alike(paper) == {}
    assert alike(paper, []) == {}


def test_factor_is_bounded_and_one_where_nothing_is_known():
    taste = Taste(
        [(str(n), 1, {0: 0.4, 1: 0.3}) for n in range(9)] + [(str(n), -1, {1: 0.9, 2: 0.2}) for n in range(9)]
    )

    assert [taste.factor(position) for position in range(4)] == [2.0, 0.5, 0.5, 1.0]


def test_factor_weighs_more_against_less():
    taste = Taste([("liked", 1, {0: 0.5, 1: 0.2}), ("disliked", -1, {0: 0.2, 1: 0.3})])

    assert [taste.factor(position) for position in (0, 1)] == pytest.approx([1.3, 0.9])


def test_closest_is_named_only_where_it_is_clear_and_lifts():
    taste = Taste(
        [
            ("first", 1, {0: 0.2, 1: 0.1, 2: 0.3, 3: 0.4}),
            ("second", 1, {0: 0.6, 3: 0.4}),
            ("disliked", -1, {2: 0.5}),
        ]
    )

    assert [taste.closest(position) for position in range(5)] == ["second", None, None, "first", None]


def test_taste_of_dislikes_alone_names_nothing():
    assert Taste([("disliked", -1, {0: 0.5})]).closest(0) is None
