from bisect import bisect_right
from math import log
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from papers.search import Index, Ranked, Reason, parse, rank, search
from papers.search.document import Document, runs
from papers.search.expression import Phrase
from papers.search.likeness import Taste
from tests.papers.search.papers import Paper
from tests.papers.search.test_index import PREFIXES, TEXT, TYPED, phrases_of

FILLER = "We study many things at length and in detail, with care and with patience."


def ranked(interests: list[str], papers: list[Paper], feedback=None, limit=None) -> list[Ranked]:
    index = Index(papers)
    queries = [parse(interest) for interest in interests]
    return rank(index, {query: index.match(query) for query in queries}, feedback, limit=limit)


def order(interests: list[str], *papers: Paper, **options: object) -> list[int]:
    return [one.position for one in ranked(interests, list(papers), **options)]


def test_rank_title_before_keyword_before_abstract():
    papers = (
        Paper("Other", f"{FILLER} Diffusion models."),
        Paper("Diffusion models", FILLER),
        Paper("Other", FILLER, keywords=("diffusion models",)),
    )

    assert order(["diffusion models"], *papers) == [1, 2, 0]


def test_rank_more_occurrences_first():
    papers = (Paper("Other", f"{FILLER} robots"), Paper("Other", f"{FILLER} robots meet robots"))

    assert order(["robot"], *papers) == [1, 0]


def test_rank_rarer_interest_first():
    papers = [Paper("Common", "common"), Paper("Rare", "rare"), *[Paper("Common", "common")] * 5]

    assert order(["common", "rare"], *papers)[0] == 1


def test_rank_several_interests_first():
    papers = (Paper("A b"), Paper("A c"), Paper("B c a"))

    assert order(["a", "b", "c"], *papers)[0] == 2


def test_rank_several_interests_are_worth_more_than_their_sum():
    papers = [Paper("One", "one two"), Paper("Other")]

    alone = [ranked([interest], papers)[0].score for interest in ("one", "two")]
    together = ranked(["one", "two"], papers)[0].score

    assert together == pytest.approx(sum(alone) * 1.2, abs=0.02)


def test_rank_single_words_of_a_phrase_count_a_little():
    papers = (Paper("Other", "state space. state. space."), Paper("Other", "state space. word. thing."), Paper("x"))

    assert order(["state space"], *papers) == [0, 1]


def test_rank_votes_break_ties_then_position():
    papers = (
        Paper("Robots", votes=1),
        Paper("Robots", votes=None),
        Paper("Robots", votes=7),
        Paper("Robots", votes=1),
    )

    assert order(["robot"], *papers) == [2, 0, 3, 1]


def test_rank_facts_alone_by_rarity_then_votes():
    papers = (
        Paper("A", authors=("Jane Doe",), categories=("cs.LG",)),
        Paper("B", categories=("cs.LG",), votes=3),
        Paper("C", categories=("cs.LG", "cs.CL"), votes=9),
    )

    result = ranked(["author:Doe OR cat:cs.LG"], list(papers))

    assert [one.position for one in result] == [0, 2, 1]
    assert all(one.score > 0 for one in result)


def test_rank_says_why_in_the_readers_own_words():
    papers = [Paper("LLMs and Robots"), Paper("An LLM")]

    result = ranked([" robots", "LLM", "Robots AND llm"], papers)

    assert [(one.paper, one.reasons) for one in result] == [
        (
            papers[0],
            (
                Reason(" robots", ("Robots",)),
                Reason("LLM", ("LLMs",)),
                Reason("Robots AND llm", ("LLMs", "Robots")),
            ),
        ),
        (papers[1], (Reason("LLM", ("LLM",)),)),
    ]


def test_rank_negated_conditions_neither_score_nor_explain():
    papers = [Paper("Robots"), Paper("Robots and surveys")]

    plain, negated = ranked(["robot"], papers)[0], ranked(["robot NOT survey"], papers)[0]

    assert (negated.score, negated.reasons) == (plain.score, (Reason("robot NOT survey", ("Robots",)),))


def test_rank_feedback_moves_the_score_and_is_named():
    papers = [Paper("Robots"), Paper("Robots"), Paper("Robots"), Paper("Shirts")]
    feedback = Taste([("a liked one", 1, {1: 0.5, 3: 0.9}), ("a disliked one", -1, {0: 0.25})])

    result = ranked(["robot"], papers, feedback=feedback)

    plain = ranked(["robot"], papers)[0].score
    assert [(one.position, one.alike) for one in result] == [(1, "a liked one"), (2, None), (0, None)]
    assert [one.score for one in result] == pytest.approx([plain * 1.5, plain, plain * 0.75], abs=0.01)


def test_rank_at_most_the_limit():
    papers = [Paper("Robots", votes=votes) for votes in range(5)]

    assert (order(["robot"], *papers, limit=2), order(["robot"], *papers, limit=0)) == ([4, 3], [])


def test_rank_cut_short_explains_only_what_is_shown(monkeypatch):
    explained = []
    monkeypatch.setattr(Index, "terms", lambda self, expression, position: explained.append(position) or ("Robots",))

    ranked(["robot"], [Paper("Robots", votes=votes) for votes in range(9)], limit=2)

    assert explained == [8, 7]


def test_rank_is_the_same_every_time(monkeypatch):
    papers = [Paper("State space models", f"{FILLER} {number}", votes=number % 3) for number in range(20)]
    expected = ranked(["state space model", "detail", "space"], papers)

    monkeypatch.setattr("papers.search.scoring.MAX_REMEMBERED", 3)
    monkeypatch.setattr("papers.search.index.MAX_REMEMBERED", 3)

    assert ranked(["state space model", "detail", "space"], papers) == expected


def test_rank_nothing():
    assert (ranked([], [Paper("A")]), ranked(["b"], [Paper("A")]), ranked(["a"], [])) == ([], [], [])


def test_scores_do_not_depend_on_what_was_asked_before():
    papers = [Paper("State space models"), Paper("State of space"), Paper("Models")]
    first, second = Index(papers), Index(papers)
    queries = [parse(text) for text in ("state space model", "models", "space OR state")]

    forwards = [first.scorer.scores(query.expression, [0, 1, 2]) for query in queries]
    backwards = [
        second.scorer.scores(query.expression, [position])[0] for query in queries[::-1] for position in (2, 1, 0)
    ]

    assert [score for scores in forwards for score in scores] == backwards[::-1]
    assert [[score > 0 for score in scores] for scores in forwards] == [
        [True, False, False],
        [True, False, True],
        [True, True, False],
    ]


@given(
    st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=5),
    st.lists(st.tuples(PREFIXES | st.just("*"), TYPED), max_size=5),
)
@example([("Multi agent", "multiagent agents", "multi-agent")], [("", "multiagent"), ("title:", "multiagent")])
@pytest.mark.parametrize("readings", [99, 0])
def test_scores_are_those_of_the_plain_formula(readings, texts, interests):
    papers = [Paper(title, abstract, keywords=(keyword,)) for title, abstract, keyword in texts]
    everywhere = range(len(papers))

    for phrase in phrases_of(interests):
        expected = [plain_score(papers, phrase, position) for position in everywhere]
        with mock.patch("papers.search.index._READINGS", readings):
            assert Index(papers).scorer.scores(phrase, everywhere) == pytest.approx(expected)


def plain_score(papers: list[Paper], phrase: Phrase, position: int) -> float:
    """BM25 over fields as it is written down, for one phrase and one paper."""
    documents = [Document((paper.title, paper.abstract, *paper.keywords)) for paper in papers]
    average = sum(len(document.words) for document in documents) / len(documents) or 1

    def weighed(having: int, places: list[int]) -> float:
        document = documents[position]
        often = sum((2, 1, 1.5)[bisect_right(document.bounds, place)] for place in places)
        length = 0.5 + 0.5 * len(document.words) / max(average, 1)
        return log(1 + (len(papers) - having + 0.5) / (having + 0.5)) * often * 2.2 / (often + 1.2 * length)

    found = [runs(document, phrase) for document in documents]
    if not found[position]:
        return 0.0
    score = weighed(sum(map(bool, found)), [first for first, _ in found[position]])
    for word in set(phrase.words) if len(phrase.words) > 1 else ():
        places = [at for at, other in enumerate(documents[position].words) if other == word]
        score += 0.5 * weighed(sum(word in document.words for document in documents), places)
    return score


def test_search_takes_text_or_query():
    papers = [Paper("Robots"), Paper("Birds")]

    assert search("robot", papers) == search(parse("robot"), papers) == ranked(["robot"], papers)
