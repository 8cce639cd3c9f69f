import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.search.spelling import PLURALS, american, singular, stems

WORDS = st.text(alphabet="abcdefghiklmnoprstuvxyz", max_size=14)
ENDINGS = st.sampled_from(
    ["", "s", "es", "ies", "ses", "ics", "ise", "isation", "our", "ing", "ed", "er", "lled", "re"]
)


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("models", "model"),
        ("studies", "study"),
        ("classes", "class"),
        ("boxes", "box"),
        ("patches", "patch"),
        ("caches", "cache"),
        ("biases", "bias"),
        ("viruses", "virus"),
        ("causes", "cause"),
        ("analyses", "analysis"),
        ("hypotheses", "hypothesis"),
        ("phases", "phase"),
        ("bases", "base"),
        ("basis", "base"),
        ("axes", "axis"),
        ("matrices", "matrix"),
        ("polyhedra", "polyhedron"),
        ("corpora", "corpus"),
        ("phenomena", "phenomenon"),
        ("echoes", "echo"),
        ("shoes", "shoe"),
        ("topics", "topic"),
        ("quizzes", "quiz"),
        ("leaves", "leaf"),
        ("taxis", "taxi"),
        ("gpus", "gpu"),
        ("movies", "movie"),
        ("ties", "tie"),
        ("geese", "goose"),
    ],
)
def test_singular_of_plurals(plural, one):
    assert (singular(plural), singular(one)) == (one, one)


@pytest.mark.parametrize(
    "word",
    [
        *("physics", "mathematics", "ethics", "robotics", "dynamics", "series", "species", "news", "lens", "bias"),
        *("gas", "virus", "corpus", "status", "analysis", "axis", "hypothesis", "keras", "bayes", "gauss", "stokes"),
        *("class", "process", "mars", "sars", "chaos", "atlas", "this", "gps"),
    ],
)
def test_singular_leaves_words_that_end_in_s(word):
    assert singular(word) == word


@pytest.mark.parametrize(
    ("british", "us"),
    [
        ("colour", "color"),
        ("behavioural", "behavioral"),
        ("neighbourhood", "neighborhood"),
        ("optimise", "optimize"),
        ("tokeniser", "tokenizer"),
        ("generalisation", "generalization"),
        ("analyse", "analyze"),
        ("centre", "center"),
        ("fibre", "fiber"),
        ("modelling", "modeling"),
        ("labelled", "labeled"),
        ("dialogue", "dialog"),
        ("haemoglobin", "hemoglobin"),
        ("anaemia", "anemia"),
        ("diarrhoea", "diarrhea"),
        ("foetal", "fetal"),
        ("oestrogen", "estrogen"),
        ("sulphide", "sulfide"),
        ("manoeuvre", "maneuver"),
        ("defence", "defense"),
        ("ageing", "aging"),
    ],
)
def test_american_of_british(british, us):
    assert (american(british), american(us)) == (us, us)


@pytest.mark.parametrize(
    "word",
    [
        *("noise", "precise", "exercise", "supervised", "promising", "likewise", "revision", "rise", "wise", "raise"),
        *("hour", "four", "contour", "acre", "mediocre", "controlling", "rolling", "metric", "symmetric", "maestro"),
        *("phoenix", "poetry", "analysis"),
    ],
)
def test_american_leaves_words_that_only_look_british(word):
    assert american(word) == word


@pytest.mark.parametrize(
    "words",
    [
        ("tune", "tuned", "tuning", "tuner"),
        ("plan", "planned", "planning", "planner"),
        ("learn", "learned", "learning", "learner"),
        ("embed", "embedding", "embedded", "embedder"),
        ("cluster", "clustering", "clustered"),
        ("study", "studied", "studying"),
        ("process", "processing", "processed"),
        ("label", "labeled", "labeling", "labeler"),
        ("feed", "feeding", "feeder"),
    ],
)
def test_stems_in_common(words):
    assert [(one, other) for one in words for other in words if not {*stems(one)} & {*stems(other)}] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("plan", "plane"),
        ("loss", "lose"),
        ("ring", "red"),
        ("string", "stred"),
        ("engine", "engineering"),
        ("speed", "spe"),
        ("need", "ne"),
        ("state", "station"),
        ("universe", "university"),
    ],
)
def test_stems_apart(one, other):
    assert not {*stems(one)} & {*stems(other)}


@given(WORDS, ENDINGS)
def test_every_word_has_a_form(root, ending):
    word = root + ending

    assert (singular(american(word)) != "") == (word != "")
    assert all(stems(word)) or not word


def test_irregular_singulars_are_singular():
    assert {one: singular(one) for one in PLURALS.values()} == {one: one for one in PLURALS.values()}
