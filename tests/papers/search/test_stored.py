"""Searching what is stored: the database's pre-selection loses nothing that the engine would find."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from papers.models import Paper, PaperWords
from papers.search import QueryError, parse, search
from papers.search.stored import FORM, preselect, remember, remember_missing, search_stored
from papers.search.words import POSTGRESQL, SQLITE, written
from tests.factories import make_paper
from tests.papers.search.test_variants import VARIANTS

# Written as words, phrases, operators, fields: what readers type and what trips a full-text query's own syntax.
WORDS = ["grokking", "multi-agent", "multi agent", "fine tuning", "RAG", "C++", "ro*", "robot*", "ﬁne-tuned", "模型"]
FIELDS = ["title:", "author:doe", "author:Doe*", "org:google", "cat:cs.LG", "cat:cs.*", "naïve", "state-of-the-art"]
SIGNS = ["AND", "OR", "NOT", "(", ")", '"', "'", ":", "*", "\\alpha", "$x_i$", "-", "+", "^", "\x00", "\ud800"]
OPERATORS = ["<->", "|", "&", "!", "NEAR(", "wgrokking", "' OR 1"]  # of databases
PIECES = st.sampled_from(WORDS + FIELDS + SIGNS + OPERATORS)
ABSTRACTS = (
    "Multi-agent systems and multiagent planning; fine-tuned with RAG in C++.",
    "A robotic arm is finetuned. 语言模型 and naive \\alpha grokking.",
    "The state of the art in fine tuning robots, without a multi agent.",
)


def make_papers() -> list[Paper]:
    return [
        make_paper(1, abstract=ABSTRACTS[0], authors=["Jane A. Doe"], categories=["cs.LG", "stat.ML"]),
        make_paper(2, abstract=ABSTRACTS[1], organisation="google", organisation_name="Google Research"),
        make_paper(3, abstract=ABSTRACTS[2], authors=["Doe, John"], keywords=["robot learning"]),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(("interest", "text"), VARIANTS)
def test_every_variant_is_pre_selected(interest, text):
    plain = interest.partition(":")[2] if interest.startswith("abstract:") else interest
    paper = make_paper(title=text if plain == interest else "Untitled", abstract=text)

    assert [one.paper.pk for one in search_stored(parse(interest)).ranked(0, 9)] == [paper.pk]


LONG = "we study how quickly some very large language model could learn that each small step may lead far ahead"


@pytest.mark.django_db
@pytest.mark.parametrize("at", range(1, len(LONG.split())))
@pytest.mark.parametrize("typed", [LONG, f"{LONG[:-2]}*"])
def test_long_phrase_is_found_wherever_the_text_joins_two_words(typed, at):
    words = LONG.split()
    paper = make_paper(1, abstract=f"Here {' '.join(words[:at])}{' '.join(words[at:])} again.")
    make_paper(2, abstract=f"{' '.join(words[:-1])} others.")
    query = parse(typed)

    assert [one.paper for one in search(query, Paper.objects.all())] == [paper]
    assert search_stored(query).papers == [paper]


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL])
@pytest.mark.parametrize("typed", ["1 2 3 4 5 " * 50, ".".join(["ab"] * 160), "in for a an to " * 33, "的" * 500])
def test_what_a_long_phrase_asks_of_the_database_is_bounded(dialect, typed):
    assert len(written(parse(typed[:500].strip()).expression, dialect)) < 20_000


class PreselectionTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.papers = make_papers()

    @given(st.lists(PIECES, min_size=1, max_size=7), st.sampled_from(["", " "]))
    def test_stored_papers_are_found_as_the_engine_finds_them(self, pieces, gap):
        try:
            query = parse(gap.join(pieces))
        except QueryError:
            return

        found = search_stored(query)

        assert {one.paper.pk for one in found.ranked(0, 9)} == {one.paper.pk for one in search(query, self.papers)}
        assert (found.complete, len(found)) == (True, len(search(query, self.papers)))

    @given(st.text(max_size=60))
    def test_any_text_is_searched_or_refused_in_a_sentence(self, text):
        try:
            query = parse(text)
        except QueryError:
            return

        assert [one.paper.pk for one in search_stored(query).ranked(0, 9, "date")] == [
            one.paper.pk for one in sorted(search(query, self.papers), key=lambda one: -one.paper.pk)
        ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("interest", "numbers"),
    [
        ("author:doe", [3, 1]),
        ('author:"J. Doe"', [3, 1]),
        ("author:Doe*", [3, 1]),
        ("org:google", [2]),
        ('org:"google research"', [2]),
        ("cat:stat.ML", [1]),
        ("cat:cs.*", [3, 2, 1]),
        ("cat:cs.LG AND NOT author:doe", [2]),
        ("title:robot", []),
        ("robot learning", [3]),
    ],
)
def test_fields(interest, numbers):
    papers = make_papers()

    named = preselect(parse(interest), 9)

    found = [one.paper for one in search_stored(parse(interest)).ranked(0, 9, "date")]
    assert found == [papers[number - 1] for number in numbers]
    assert {paper.pk for paper in found} <= set(named)


@pytest.mark.django_db
def test_orders_and_slices():
    a = make_paper(1, title="Grokking grokking grokking", votes=1, featured_on=date(2026, 8, 1))
    b = make_paper(2, title="On slow and very late grokking", votes=9, featured_on=date(2026, 8, 3))
    c = make_paper(3, title="Something else", votes=5, featured_on=None, published_on=date(2026, 8, 2))
    found = search_stored(parse("grokking"))

    assert [one.paper for one in found.ranked(0, 9)] == [a, b, c]
    assert [one.paper for one in found.ranked(1, 2)] == [b]
    assert [one.paper for one in found.ranked(0, 9, "date")] == [b, c, a]
    assert [one.paper for one in found.ranked(0, 2, "votes")] == [b, c]
    assert [one.reasons[0].terms for one in found.ranked(0, 2, "votes")] == [("grokking",), ("grokking",)]
    assert found.papers == [c, b, a]


@pytest.mark.django_db
def test_hidden_papers_are_not_found():
    make_paper(1, is_hidden=True)
    make_paper(2, is_withdrawn=True)

    assert (len(preselect(parse("grokking"), 9)), len(search_stored(parse("grokking")))) == (2, 0)


@pytest.mark.django_db
def test_only_the_newest_are_looked_at():
    papers = [make_paper(number) for number in range(1, 5)]

    some, all_of_them = search_stored(parse("grokking"), 3), search_stored(parse("grokking"), 4)

    assert (some.papers, some.complete) == ([papers[3], papers[2], papers[1]], False)
    assert (len(all_of_them), all_of_them.complete) == (4, True)


@pytest.mark.django_db
def test_paper_is_found_by_what_it_says_now():
    paper = make_paper()
    paper.title, paper.abstract = "Tidal locking", ""
    paper.save()

    assert (preselect(parse("grokking"), 9), preselect(parse("tidal locking"), 9)) == ([], [paper.pk])

    paper.delete()
    assert preselect(parse("tidal locking"), 9) == []


@pytest.mark.django_db
def test_papers_that_came_some_other_way_are_remembered():
    moment = datetime(2026, 8, 12, tzinfo=UTC)
    Paper.objects.bulk_create(
        Paper(arxiv_id=f"2608.{n:05}", title="Grokking", title_key=f"k{n}", first_seen_at=moment) for n in range(3)
    )

    assert [remember_missing(2), remember_missing(2), remember_missing(2)] == [2, 1, 0]
    assert len(search_stored(parse("grokking"))) == 3


@pytest.mark.django_db
def test_papers_in_an_older_form_are_remembered_again():
    paper = make_paper()
    PaperWords.objects.update(words="wold", form=FORM - 1)

    assert (preselect(parse("grokking"), 9), remember_missing(9)) == ([], 1)
    assert (preselect(parse("grokking"), 9), preselect(parse("old"), 9)) == ([paper.pk], [])


@pytest.mark.django_db
def test_remembering_twice_changes_nothing():
    paper = make_paper()
    before = PaperWords.objects.values_list().get()
    remember([paper])

    assert PaperWords.objects.values_list().get() == before


@pytest.mark.django_db
@pytest.mark.parametrize("stored", [1, 3])
def test_query_count(django_assert_num_queries, stored):
    for number in range(stored):
        make_paper(number)

    with django_assert_num_queries(2):
        search_stored(parse("grokking")).ranked(0, 25, "votes")
