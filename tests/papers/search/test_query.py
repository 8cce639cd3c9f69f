import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from papers.search.expression import Phrase
from papers.search.lexer import QueryError
from papers.search.query import MAX_DEPTH, MAX_LENGTH, MAX_NORMAL, Query, parse

# Pieces of the language, so that nearly every query comes close to meaning something.
PIECES = st.sampled_from(
    [
        *(
            "AND",
            "OR",
            "NOT",
            "(",
            ")",
            '"',
            "title:",
            "author:",
            "org:",
            "cat:",
            "foo:",
            "*",
            "robot*",
            "cs.LG",
            "cs.*",
        ),
        *(
            "RAG",
            "to",
            "in",
            ",",
            "-",
            "é",
            "ﬁ",
            "語",
            "C++",
            "α",
            "“",
            "（",
            " ",
            "state space",
            "\\",
            "\x1f",
            "\ud800",
        ),
    ]
)
LISTS = st.lists(PIECES, max_size=25)
QUERIES = st.one_of(st.text(max_size=60), LISTS.map(" ".join), LISTS.map("".join))

EMPTY = ("There is nothing to search for.", "Type a topic, such as: diffusion models")
NO_WORD = ("There is no letter or digit here to look for.", "Write a word, or take this out.")
ONLY_NOT = ("NOT alone would find nearly every paper.", "Say what to find as well: diffusion AND NOT survey")
STAR = (
    "A star can only end the last word of a phrase.",
    'Write robot* or mobile robot*; to find the sign itself, put the word in "…".',
)
CATEGORY = "Write one as arXiv does: cat:cs.LG, or cat:cs.* for all of cs."
LITERAL = 'To find the words themselves, put them in "…".'


def attempt(text: str) -> Query | QueryError:
    try:
        return parse(text)
    except QueryError as error:
        return error


def lacks(side: str, operator: str) -> tuple[str, str]:
    return (
        f"{operator} has nothing {side} it.",
        f'Write something there; for the word itself write "{operator}", with the quotation marks.',
    )


def same(*texts: str) -> bool:
    return len({parse(text).normal for text in texts}) == 1


@pytest.mark.parametrize(
    "texts",
    [
        ("diffusion models", "Diffusion  Model", '"diffusion models"', " diffusion-models ", "“diffusion models”"),
        ("multi-agent", "multi agent", "Multi-Agents"),
        ("multi agent system", "multiagent systems", "multi-agent-systems"),
        ("fine-tuning", "fine tuned", "Fine-Tuning"),
        ("colour", "colors"),
        ("text-to-image", "text to image"),
        ("a AND b", "b AND a", "(a) AND (b)", "a AND b AND a"),
        ("a OR (b OR c)", "c OR b OR a", "(a OR b) OR c"),
        ("NOT NOT a", "a", "NOT (NOT a)"),
        ("a NOT b", "a AND NOT b"),
        ("title:robot", "Title: robots", 'title:"robot"', "title:(robot)"),
        ("author:Jane Doe", 'author:"Jane Doe"', 'authors:"Doe, Jane"'),
        ("org:google", "organisation:Google", 'organization:"google"'),
        ("cat:cs", "cat:cs.*", "category:CS.*"),
        ("语言模型", "语言 模型*", "“语言模型”"),
        ("cat:cs.LG", "cat:cs.lg"),
        ("abs:robot", "abstract:robot"),
        ("US", "U.S."),
        ("Erdős–Rényi", "erdos renyi"),
        ("title:(a OR b)", "title:a OR title:b"),
    ],
)
def test_queries_with_equal_meaning_have_one_normal_form(texts):
    assert same(*texts)


@pytest.mark.parametrize(
    "texts",
    [
        ("RAG", "rag"),
        ("robot", "robot*", "title:robot", "abstract:robot", "author:robot", "org:robot"),
        ("a AND b OR c", "a AND (b OR c)"),
        ("a AND NOT b", "a AND b"),
        ("physics", "physical"),
        ("C", "C++", "C#"),
        ("fine-tuning", "finetuning"),
        ("inpainting", "in painting"),
        ("cat:cs.LG", "cat:cs.CL", "cat:cs"),
    ],
)
def test_queries_with_different_meaning_have_different_normal_forms(texts):
    assert len({parse(text).normal for text in texts}) == len(texts)


def test_query_keeps_what_was_typed():
    query = parse(" Diffusion  Models ")

    assert (query.text, query) == (" Diffusion  Models ", parse(" Diffusion  Models "))


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("a OR b AND c", "((b & c) | a)"),
        ("(a OR b) AND c", "((a | b) & c)"),
        ("NOT a AND b", "(!a & b)"),
        ("NOT (a OR b) AND c", "(!(a | b) & c)"),
        ("a (b OR c)", "((b | c) & a)"),
        ('"a" b', "(a & b)"),
        ("cat:cs.LG robots", "(cat:cs.lg & robot)"),
        ("author:Doe AND robot*", "(author:doe & robot*)"),
    ],
)
def test_operators_bind_as_usual(text, normal):
    assert parse(text).normal == normal


@pytest.mark.parametrize(
    "text",
    [
        *("search and rescue", "and", "Not invented here", "ORder", "ANDroid", '"AND"', '"NOT a"', "x-ray AND-gate"),
        *("a|b", "a && b", "+must", "-not", "SE(3)", "f(x)", "N:M sparsity", "12:30", "http://example.org", "R&D"),
        *("BERT: a survey", '"A*"', '"C*-algebra"', "[a-z]{1,9}", "a.b", r"\d+", "50%", "can't", "state_of_art"),
    ],
)
def test_everything_else_is_literal(text):
    assert isinstance(parse(text).expression, Phrase)


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 0, EMPTY),
        (" \t", 0, EMPTY),
        ('a "b', 2, ("This quotation mark is never closed.", 'Add " where the phrase ends, or leave both marks out.')),
        ("a AND (", 6, ("This parenthesis is never closed.", "Take it out, or add a group and ).")),
        ("a AND (b OR c", 6, ("This parenthesis is never closed.", "Add ) where the group ends.")),
        ("a OR b)", 6, ("This parenthesis closes nothing.", "Take it out, or add ( where the group begins.")),
        (")", 0, ("This parenthesis closes nothing.", "Take it out.")),
        ("a AND ()", 6, ("These parentheses are empty.", "Take them out.")),
        ("AND b", 0, lacks("before", "AND")),
        ("a OR", 2, lacks("after", "OR")),
        ("a AND OR b", 6, lacks("before", "OR")),
        ("(a OR) b", 3, lacks("after", "OR")),
        ("NOT", 0, lacks("after", "NOT")),
        ("NOT survey", 0, ONLY_NOT),
        ("a OR NOT b", 5, ONLY_NOT),
        ("(NOT a) AND NOT (b OR c)", 1, ONLY_NOT),
        ("title:", 0, ("The field title: is empty.", "Write what to look for, such as: title:jacobian")),
        ("a org: OR b", 2, ("The field org: is empty.", "Write what to look for, such as: org:google")),
        ("titel:robot", 0, ("There is no field “titel”.", f"Did you mean “title:”? {LITERAL}")),
        (
            "a arxiv:2401.01234",
            2,
            ("There is no field “arxiv”.", f"Fields are title:, abstract:, author:, org: and cat:. {LITERAL}"),
        ),
        ("cat:foo", 4, ("“foo” is not an arXiv category.", CATEGORY)),
        ("cat:cs*", 4, ("“cs*” is not an arXiv category.", CATEGORY)),
        ('cat:"cs.LG cs.CL"', 5, ("“cs.LG cs.CL” is not an arXiv category.", CATEGORY)),
        ("*robot", 0, STAR),
        ("ro*bot", 2, STAR),
        ("robot* arm", 5, STAR),
        ("robot**", 5, STAR),
        ("a *", 2, STAR),
        ("graph -*", 7, STAR),
        (
            '"neural net"*',
            12,
            ("A star cannot follow a quotation mark.", "Leave the marks out: neural net* is a phrase as well."),
        ),
        (
            "A*",
            1,
            (
                "A star needs at least 3 letters before it.",
                'Write more of the word; for the name itself write "A*" with the quotation marks.',
            ),
        ),
        ("a AND !?", 6, NO_WORD),
        ('""', 1, NO_WORD),
        ("author:…", 7, NO_WORD),
        (
            "x" * (MAX_LENGTH + 1),
            MAX_LENGTH,
            ("This is longer than 500 characters.", "Make several interests of it."),
        ),
        ("(" * 30 + "a", MAX_DEPTH, ("There are too many parentheses within each other.", "Use fewer.")),
    ],
)
def test_errors_say_where_and_what_instead(text, position, words):
    with pytest.raises(QueryError) as caught:
        parse(text)

    error = caught.value
    assert (error.position, (error.message, error.suggestion)) == (position, words)
    assert str(error) == " ".join(words)


def test_parentheses_may_be_as_deep_as_the_limit():
    assert same("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH, "a")


@pytest.mark.parametrize("text", ["υ" * MAX_LENGTH, "ω " * (MAX_LENGTH // 2), " OR ".join(map(str, range(80)))])
def test_normal_form_is_never_too_long(text):
    normal = parse(text).normal

    assert len(normal) <= MAX_NORMAL
    assert parse(text.upper() if text.islower() else f"{text} ").normal == normal


def test_long_normal_forms_differ():
    assert not same("υ" * 200 + "a", "υ" * 200 + "b")


@given(QUERIES)
@example("a\x00b")
@example("\\")
@example('\\"')
@example("title:title:")
@example("((((")
@example("a" * 600)
def test_parse_raises_nothing_but_query_errors(text):
    outcome = attempt(text)

    if isinstance(outcome, QueryError):
        assert (0 <= outcome.position <= len(text), outcome.message[-1], outcome.suggestion != "") == (True, ".", True)
    else:
        assert 0 < len(outcome.normal) <= MAX_NORMAL


WORD = st.sampled_from(["a", "b", "c", "title:d", "RAG"])
EXPRESSIONS = st.recursive(
    WORD,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR", "AND NOT"]), inner).map(" ".join), inner.map("({})".format)
    ),
    max_leaves=8,
)


@given(EXPRESSIONS, WORD)
def test_order_and_repetition_do_not_change_the_normal_form(text, word):
    assume(isinstance(attempt(text), Query))

    assert same(f"({text}) AND ({text})", text)
    assert same(f"{word} OR ({text})", f"({text}) OR {word}")


@pytest.mark.parametrize(
    "piece", ["(", '"', "NOT ", "a(", "aa:", "\\", "a OR ", "(a OR ", "*", "a*", "a,", "in ", "title:(", "é\u0301"]
)
def test_parse_survives_repetition(piece):
    text = (piece * MAX_LENGTH)[:MAX_LENGTH]

    assert isinstance(attempt(text), (Query, QueryError))
