import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.search import Index, QueryError, parse
from papers.search import document as document_module
from papers.search.document import Document, find, runs, scan
from papers.search.expression import Phrase
from papers.search.index import MAX_TERMS
from papers.search.postings import Postings, Texts
from tests.papers.search.papers import Paper, found, matched
from tests.papers.search.test_variants import VARIANTS

PAPERS = (
    Paper(
        "Grokking in small transformers",
        "We watch grokking, also called delayed generalisation, in LLMs.",
        ("Jane A. Doe", "Wei Chen"),
        "google",
        "Google DeepMind",
        ("cs.LG", "stat.ML"),
        ("mechanistic interpretability",),
    ),
    Paper(
        "A survey of diffusion models",
        "A survey.",
        ("J. Roe",),
        "utokyo-ai",
        "The University of Tokyo",
        ("cs.CV", "quant-ph"),
        ("Diffusion", "image synthesis"),
    ),
    Paper("Robots", "", ("Doe, John",), "", "", ("math.GT",), ()),
)


@pytest.mark.parametrize(
    ("interest", "expected"),
    [
        ("grokking", [0]),
        ("mechanistic interpretability", [0]),
        ("Chen", []),
        ("google", []),
        ("title:grokking", [0]),
        ("title:LLM", []),
        ("title:interpretability", []),
        ("abstract:LLM", [0]),
        ("abstract:transformers", []),
        ("abstract:diffusion", []),
        ("title:(grokking OR robots)", [0, 2]),
        ("author:Doe", [0, 2]),
        ('author:"Jane Doe"', [0]),
        ("author:J. Doe", [0, 2]),
        ("author:Jane", [0]),
        ("author:Roe*", [1]),
        ("author:grokking", []),
        ("org:google", [0]),
        ("org:deepmind", [0]),
        ("org:Google DeepMind", [0]),
        ('org:"University of Tokyo"', [1]),
        ("org:utokyo", [1]),
        ("org:UTOKYO-AI", [1]),
        ("org:univ*", [1]),
        ("org:goo", []),
        ("cat:cs.LG", [0]),
        ("cat:CS.lg", [0]),
        ("cat:cs.*", [0, 1]),
        ("cat:cs", [0, 1]),
        ("cat:quant-ph", [1]),
        ("cat:math", [2]),
        ("cat:q-bio", []),
        ("grokking OR robots", [0, 2]),
        ("grokking AND robots", []),
        ("grokking AND author:Doe", [0]),
        ("(grokking OR diffusion) AND NOT survey", [0]),
        ("author:Doe NOT cat:cs", [2]),
        ("(NOT cat:cs OR grokking) AND author:Doe", [0, 2]),
        ("robot*", [2]),
        ("transformers Grokking", []),
        ("synthesis", [1]),
        ("diffusion image", []),
        ("transformers we", []),
    ],
)
def test_match(interest, expected):
    assert found(interest, *PAPERS) == expected


@pytest.mark.parametrize(
    ("interest", "text", "terms"),
    [
        ("LLM", "LLMs and one LLM and LLMs", ("LLMs", "LLM")),
        ("multi-agent", "Multi  agent, multiagent; multi-agents", ("Multi  agent", "multiagent", "multi-agents")),
        ("Schrodinger equation", r"the {Schr\"odinger} equation", (r"Schr\"odinger} equation",)),
        ("foundation model", r"\textbf{foundation} \emph{models}", (r"foundation} \emph{models",)),
        ("Newton method", "Newton’s method", ("Newton’s method",)),
        ("语言模型", "大语言模型", ("语言模型",)),
        ("robot*", "robotic robots", ("robotic", "robots")),
        ("neural net*", "neural networks", ("neural networks",)),
        ("robots AND NOT b OR a", "a robot", ("robot", "a")),
        ("transform* NOT b", "trans-\nformer", ("trans-\nformer",)),
        ("C++", "in C++.", ("C++",)),
        ("model", "Model, model, MODELS, models", ("Model", "MODELS")),
    ],
)
def test_terms_are_quoted_as_they_stand(interest, text, terms):
    assert matched(interest, text) == {0: terms}


def test_terms_of_facts_are_as_printed():
    interest = "author:doe OR org:deepmind OR cat:cs OR title:grok*"

    assert matched(interest, *PAPERS) == {
        0: ("Jane A. Doe", "cs.LG", "Google DeepMind", "Grokking"),
        1: ("cs.CV",),
        2: ("Doe, John",),
    }


def test_terms_are_few():
    text = " ".join(f"robot{letter}" for letter in "abcdefgh")

    assert matched("robot*", text) == {0: tuple(text.split()[:MAX_TERMS])}


def test_matches_answer_like_a_mapping_and_can_be_narrowed():
    matches = Index(PAPERS).match(parse("author:Doe"))

    narrowed = matches.where(lambda position: position > 0)

    assert (list(matches), len(matches), 0 in matches, 1 in matches, "x" in matches) == ([0, 2], 2, True, False, False)
    assert dict(narrowed) == {2: ("Doe, John",)}
    assert repr(narrowed) == "Matches({2: ('Doe, John',)})"
    with pytest.raises(KeyError):
        matches[1]


def test_match_many_gives_each_normal_form_once():
    index = Index(PAPERS)
    texts = ["grokking", "Grokking", "robots", "robot", "nothing of this", "grokking OR robots"]

    answers = index.match_many(map(parse, texts))

    assert {normal: list(matches) for normal, matches in answers.items()} == {
        "grokking": [0],
        "robot": [2],
        "nothingof{this}": [],
        "(grokking | robot)": [0, 2],
    }


def test_match_many_looks_for_a_condition_once(monkeypatch):
    looked_for = []
    monkeypatch.setattr(
        "papers.search.index.find",
        lambda documents, phrases, find_one: (
            looked_for.extend(phrase.normal for phrase in phrases) or find(documents, phrases, find_one)
        ),
    )
    index = Index(PAPERS)

    for texts in (["grokking", "grokking AND robots"], ["robots OR grokking"], ["survey NOT grokking"]):
        index.match_many(map(parse, texts))

    assert looked_for == ["grokking", "robot", "survey"]


def test_an_index_forgets_answers_when_it_has_given_very_many(monkeypatch):
    monkeypatch.setattr("papers.search.index.MAX_REMEMBERED", 3)
    index = Index(PAPERS)
    texts = ["grokking", "robots OR survey", "author:Doe NOT robots", "cat:cs AND grokking", "diffusion", "grokking"]

    answers = [(list(index.match(parse(text))), index.remembered <= 5) for text in texts]

    assert answers == [([0], True), ([1, 2], True), ([0], True), ([0], True), ([1], True), ([0], True)]


def test_index_of_nothing():
    assert found("grokking") == []
    assert found("NOT a AND b") == []


def test_index_of_papers_without_text():
    assert [found(interest, Paper(), Paper("!?")) for interest in ("a", "author:a", "org:a", "cat:cs", "abc*")] == [
        []
    ] * 5


def test_index_takes_stored_papers_and_records():
    from papers.models import Paper as Stored
    from papers.sources.base import PaperRecord

    papers = [Stored(title="Grokking", authors=["Jane Doe"]), PaperRecord(title="Grokking", authors=("Jane Doe",))]

    assert dict(Index(papers).match(parse("grokking AND author:Doe"))) == {
        0: ("Jane Doe", "Grokking"),
        1: ("Jane Doe", "Grokking"),
    }


# Many phrases at once, and one by one -----------------------------------------------------------------

WORDS = ["a", "in", "to", "multi", "agent", "agents", "multiagent", "tune", "tuning", "tuned", "tuner", "fine", "try"]
WORDS += [
    "RAG",
    "rag",
    "US",
    "us",
    "state",
    "space",
    "study",
    "studied",
    "語",
    "モ",
    "C++",
    "x",
    "xs",
    "α",
    'Schr\\"odinger',
]
SEPARATORS = [" ", "-", ", ", ". ", "", " - ", "/", "- ", "\n"]
TEXT = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(SEPARATORS)), max_size=14).map(
    lambda pairs: "".join(word + separator for word, separator in pairs)
)
PREFIXES = st.sampled_from(["", "title:", "abstract:"])


def phrases_of(texts: list[tuple[str, str]]) -> list[Phrase]:
    known = {}
    for field, text in texts:
        try:
            expression = parse(f'{field}"{text}"' if field.endswith(":") else text + field).expression
        except QueryError:
            continue
        if isinstance(expression, Phrase):
            known[expression.normal] = expression
    return list(known.values())


@given(st.lists(st.tuples(TEXT, TEXT), max_size=4), st.lists(st.tuples(PREFIXES, TEXT), max_size=12))
def test_phrases_are_found_alike_at_once_and_one_by_one(texts, interests):
    documents = [Document((title, abstract, "")) for title, abstract in texts]
    phrases = phrases_of(interests)

    table = document_module._Table()
    rest = table.take(phrases)
    at_once = {normal: list(numbers) for normal, numbers in table.find(documents).items()}

    assert rest == []
    assert at_once == {normal: list(numbers) for normal, numbers in find(documents, phrases).items()}
    assert at_once == {
        phrase.normal: numbers
        for phrase in phrases
        if (numbers := [number for number, document in enumerate(documents) if runs(document, phrase)])
    }


ENDS = st.sampled_from(["", "", "*", "s", "ing", "ed", "er"])
TYPED = st.builds("{}{}".format, TEXT, ENDS) | st.builds("{}{}".format, st.sampled_from(WORDS), ENDS)


@given(
    st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=4), st.lists(st.tuples(PREFIXES | st.just("*"), TYPED), max_size=12)
)
def test_postings_answer_what_scanning_finds(texts, interests):
    documents = [Document(fields) for fields in texts]
    phrases = phrases_of(interests)

    postings = Postings(documents)

    assert [postings.find(phrase) for phrase in phrases] == [scan(documents, phrase) for phrase in phrases]
    assert postings.vocabulary == Texts(documents).vocabulary


def test_postings_answer_what_scanning_finds_for_every_variant():
    interests, texts = zip(*VARIANTS, ("tun*", "tuned"), ("RAG", "a rag"), ("image tun*", "image-tuning"), strict=True)
    documents = [Document(fields) for text in texts for fields in ((text, "", ""), ("", text, ""))]
    phrases = phrases_of([(field, text) for text in interests for field in ("", "title:")])

    postings = Postings(documents)

    for phrase in phrases:
        assert (phrase, postings.find(phrase)) == (phrase, scan(documents, phrase))


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=5), st.lists(TEXT, max_size=5))
def test_a_paper_matches_whatever_else_is_in_the_window(texts, interests):
    papers = [Paper(title, abstract) for title, abstract in texts]
    phrases = phrases_of([("", text) for text in interests])

    together = find([Document((paper.title, paper.abstract, "")) for paper in papers], phrases)

    for phrase in phrases:
        alone = [at for at, (title, abstract) in enumerate(texts) if find([Document((title, abstract, ""))], [phrase])]
        assert list(together.get(phrase.normal, [])) == alone


@given(st.sampled_from(SEPARATORS[:2]), st.lists(st.sampled_from(WORDS), min_size=1, max_size=6))
def test_a_phrase_is_found_in_itself(separator, words):
    text = separator.join(words)

    assert all(runs(Document((text, "", "")), phrase) for phrase in phrases_of([("", text)]))


def test_many_phrases_take_the_table(monkeypatch):
    monkeypatch.setattr(document_module, "_FEW", 2)
    texts = ["grokking", "robot*", "title:robot", "RAG", "diffusion, models", "small transformers", "xyz", "survey of"]

    answers = Index(PAPERS).match_many(map(parse, texts))

    assert [list(matches) for matches in answers.values()] == [[0], [2], [2], [], [1], [0], [], [1]]


@pytest.mark.parametrize("text", ["a " * 50_000, "a" * 100_000, "aa-" * 30_000, "語" * 50_000, "in a " * 20_000])
@pytest.mark.parametrize("interest", ["a", "a a a a a a", "aa", "aaa*", "語語語", "in a in a in a in", "aaaaaaaa"])
def test_long_repetitive_papers_are_matched(text, interest):
    found(interest, text)


def test_regular_expressions_are_literals():
    paper = "a" * 5_000 + " (a+)+$ .* [a-z] robots " + "a" * 5_000

    assert [found(interest, paper) for interest in ('"(a+)+$"', '".*robots"', '"[a-z]"', r"r\w+s")] == [
        [0],
        [0],
        [0],
        [],
    ]
