import io
import json
import re
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from tests.factories import NOW, make_paper
from tests.papers.test_reading import item


def run(*arguments: object) -> str:
    out = io.StringIO()
    call_command("match", *map(str, arguments), stdout=out)
    return out.getvalue()


def lines(*arguments: object) -> list[dict[str, object]]:
    return [json.loads(line) for line in run(*arguments, "--json").splitlines()]


def ids(*arguments: object) -> list[object]:
    return [line["id"] for line in lines(*arguments)]


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "2026-08-11.json"
    path.write_text(json.dumps([item(1), item(2)]))
    return path


@pytest.mark.django_db
def test_match_prints_papers_best_first():
    make_paper(1, title="Robots", abstract="Nothing on grokking.")
    make_paper(2, title="Grokking robots", abstract="Grokked.")
    make_paper(3, title="Birds", abstract="")

    out = re.sub(r"[1-9]\.\d\d ", "#.## ", run("Grokking", "robot*"))

    assert out.splitlines() == [
        "    #.##  2608.00002    Grokking robots",
        "          Grokking: Grokking",
        "          robot*: robots",
        "    #.##  2608.00001    Robots",
        "          Grokking: grokking",
        "          robot*: Robots",
    ]


@pytest.mark.django_db
def test_match_json_is_a_line_for_each_paper():
    make_paper(1, title="Grokking in LLMs", abstract="")
    make_paper(2, arxiv_id=None, title="Un “LLM” né ici", abstract="")

    out = lines("LLM", "grokking")

    assert out == [
        {"id": "2608.00001", "title": "Grokking in LLMs", "score": out[0]["score"], "matched": ["LLMs", "Grokking"]},
        {"id": None, "title": "Un “LLM” né ici", "score": out[1]["score"], "matched": ["LLM"]},
    ]
    assert out[0]["score"] > out[1]["score"] > 0


@pytest.mark.django_db
def test_match_limit_and_interests_of_equal_meaning():
    for number in range(3):
        make_paper(number, votes=number)

    assert ids("grokking", "Grokking", "--limit", 2) == ["2608.00002", "2608.00001"]


@pytest.mark.django_db
def test_match_sees_what_readers_may_see():
    make_paper(1, is_hidden=True)
    make_paper(2, is_withdrawn=True)
    make_paper(3)

    assert ids("grokking") == ["2608.00003"]


@pytest.mark.django_db
def test_match_since_a_day():
    make_paper(1, featured_on=date(2026, 8, 11), published_on=date(2026, 8, 10))
    make_paper(2, featured_on=date(2026, 8, 10), published_on=date(2026, 8, 12))
    make_paper(3, published_on=date(2026, 8, 11))
    make_paper(4, published_on=date(2026, 8, 10))
    make_paper(5, first_seen_at=NOW.replace(day=11, hour=0, minute=0, second=0))
    make_paper(6, first_seen_at=NOW.replace(day=10, hour=23))

    assert ids("grokking", "--since", "2026-08-11") == ["2608.00001", "2608.00003", "2608.00005"]


@pytest.mark.django_db
def test_match_nothing():
    make_paper(1)

    assert run("absent") == "None of 1 papers matches.\n"
    assert run("absent", "--since", "2099-01-01") == (
        "No papers since 2099-01-01 are stored: read some with manage.py read_papers.\n"
    )
    assert run("absent", "--json") == ""


@pytest.mark.django_db
def test_match_before_anything_was_read():
    assert run("absent") == "No papers are stored: read some with manage.py read_papers.\n"


def test_match_saved_responses_without_the_database(saved, tmp_path):
    again = tmp_path / "2026-08-12.json"
    again.write_text(json.dumps([item(2, upvotes=99), item(3), item(4, title="Withdrawn", summary="")]))

    out = lines("title:grokking", "--file", saved, again)

    assert [(line["id"], line["title"], line["matched"]) for line in out] == [
        ("2608.00002", "Grokking in circuit 2", ["Grokking"]),
        ("2608.00001", "Grokking in circuit 1", ["Grokking"]),
        ("2608.00003", "Grokking in circuit 3", ["Grokking"]),
    ]


def test_match_saved_responses_since_a_day(saved):
    assert [len(ids("grokking", "--since", day, "--file", saved)) for day in ("2026-08-11", "2026-08-12")] == [2, 0]


@pytest.mark.parametrize(
    ("interest", "caret"),
    [
        ('diffusion "models', '\n  diffusion "models\n            ^\n'),
        ("语言 AND", "\n  语言 AND\n       ^\n"),
        ("a\tOR", "\n  a OR\n    ^\n"),
    ],
)
def test_match_bad_interest_shows_where(interest, caret):
    with pytest.raises(CommandError) as caught:
        run("fine", interest)

    assert caught.value.returncode == 2
    assert caret in str(caught.value)


def test_match_bad_interest_whole_message():
    with pytest.raises(CommandError) as caught:
        run("(a OR b")

    assert str(caught.value) == ("This parenthesis is never closed.\n  (a OR b\n  ^\nAdd ) where the group ends.")


def test_match_file_that_cannot_be_used(tmp_path):
    unknown = tmp_path / "notes.txt"
    unknown.write_text("Just some notes.")
    problems = []

    for path in (tmp_path / "missing.json", tmp_path, unknown):
        with pytest.raises(CommandError) as caught:
            run("a", "--file", path)
        problems.append((caught.value.returncode, str(caught.value).partition(f"{path}: ")[2][:40]))

    assert problems == [
        (1, "cannot be read: No such file or director"),
        (1, "cannot be read: Is a directory"),
        (1, "notes.txt is none of the known formats: "),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a", "--since", "yesterday"), "'yesterday' is not a day: write it like 2026-08-12"),
        (("a", "--limit", "0"), "'0' is not a number of papers: write 1 or more"),
        (("a", "--limit", "-3"), "'-3' is not a number of papers: write 1 or more"),
    ],
)
def test_match_bad_option(arguments, message):
    with pytest.raises(CommandError, match=message):
        run(*arguments)
