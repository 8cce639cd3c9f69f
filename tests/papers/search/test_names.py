import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.search.names import Name, is_same, parse_name


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Jane Doe", ("jane", "doe")),
        ("Doe, Jane A.", ("jane", "a", "doe")),
        ("DOE J", ("j", "doe")),
        ("J. A. Doe, Jr.", ("j", "a", "doe")),
        ("John Roe III", ("john", "roe")),
        ("Jean-Luc d'Exemple", ("jean", "luc", "dexemple")),
        ("José Müller", ("jose", "muller")),
        (r"Jos\'e M\"uller", ("jose", "muller")),
        ("张三", ("张", "三")),
        ("Plato", ("plato",)),
        ("III", ("iii",)),
        ("…", ()),
    ],
)
def test_parse_name(text, parts):
    assert parse_name(text) == Name(parts)


@pytest.mark.parametrize(
    ("asked", "printed"),
    [
        ("Doe", "Jane Doe"),
        ("Jane Doe", "Jane Doe"),
        ("Jane Doe", "J. Doe"),
        ("J. Doe", "Jane Doe"),
        ("Jane Doe", "Jane A. Doe"),
        ("Jane A. Doe", "Jane Doe"),
        ("Jane A. Doe", "Jane Anne Doe"),
        ("J A Doe", "Jane Anne Doe"),
        ("Doe, Jane", "Jane Doe"),
        ("Jane Doe", "Doe, Jane"),
        ("Doe J", "Jane Doe"),
        ("JANE DOE", "jane doe"),
        ("Jose Muller", "José Müller"),
        ("Jianlin Wu", "Jian-Lin Wu"),
        ("Jian Lin Wu", "Jianlin Wu"),
        ("van der Berg", "Jan van der Berg"),
        ("J. van der Berg", "Jan van der Berg"),
        ("Garcia Lopez", "Ana Garcia Lopez"),
        ("Ana Smith-Jones", "A. Smith-Jones"),
        ("O'Example", "Pat O’Example"),
        ("张三", "张三"),
        ("John Roe Jr.", "John Roe"),
    ],
)
def test_is_same(asked, printed):
    assert is_same(parse_name(asked), parse_name(printed))


@pytest.mark.parametrize(
    ("asked", "printed"),
    [
        ("Jane Doe", "John Doe"),
        ("Jane Doe", "Jane Roe"),
        ("Jane A. Doe", "Jane B. Doe"),
        ("J. Doe", "Mary Doe"),
        ("Jane Doe", "Doe"),
        ("Doe", "Jane Doeman"),
        ("Wu", "Wuyi Chen"),
        ("Berg", "Jan Bergson"),
        ("Jane Doe", "Doe Jane Roe"),
        ("张三", "张小三"),
    ],
)
def test_is_not_same(asked, printed):
    assert not is_same(parse_name(asked), parse_name(printed))


def test_is_same_with_a_prefix():
    asked = parse_name("Jane Schmi")._replace(prefix=True)

    assert [is_same(asked, parse_name(name)) for name in ("Jane Schmidt", "J. Schmitz", "Jane Smith", "Schmi")] == [
        True,
        True,
        False,
        False,
    ]


@given(st.text(max_size=30))
def test_every_name_is_itself(text):
    name = parse_name(text)

    assert not name.parts or is_same(name, name)
