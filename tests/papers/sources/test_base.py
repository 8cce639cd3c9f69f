import pytest
from pydantic import BaseModel

from papers.sources.base import FetchFailed, PaperRecord, Reject, UnexpectedShape, both, parse_each, why


def read(rank: int, title: str) -> PaperRecord:
    if title == "bad":
        raise ValueError("it says so itself")
    return PaperRecord(title=title, rank=rank)


def test_parse_each_keeps_the_good_and_names_the_bad():
    records, rejects = parse_each(["One", "bad", "Two"], read, str.upper, "here")

    assert [(record.title, record.rank) for record in records] == [("One", 1), ("Two", 3)]
    assert rejects == [Reject(reason="it says so itself", raw="BAD")]


def test_parse_each_keeps_a_paper_where_it_stood_first():
    records, _ = parse_each(["One", "ONE", "Two"], read, str, "here")

    assert [(record.title, record.rank) for record in records] == [("One", 1), ("Two", 3)]


def test_parse_each_takes_only_bad_records_for_another_format():
    with pytest.raises(UnexpectedShape, match=r"^here: none of 2 records could be read: it says so itself$"):
        parse_each(["bad", "bad"], read, str, "here")


def test_parse_each_refuses_more_records_than_any_answer_has():
    with pytest.raises(UnexpectedShape, match=r"^here: 10,001 records$"):
        parse_each(["One"] * 10_001, read, str, "here")


def test_parse_each_of_nothing_is_nothing():
    assert parse_each([], read, str, "here") == ([], [])


def test_why_names_the_place_of_every_fault():
    class Inner(BaseModel):
        count: int

    class Outer(BaseModel):
        inner: Inner
        other: Inner

    with pytest.raises(ValueError, match="Outer") as caught:
        Outer.model_validate({"inner": {}, "other": 3})

    assert why(caught.value) == "inner.count: Field required; other: an object expected"


@pytest.mark.parametrize("last", [FetchFailed("slow"), UnexpectedShape("odd")])
def test_both_keeps_the_kind_of_the_last(last: Exception):
    error = both(FetchFailed("gone"), last)

    assert (type(error), str(error)) == (type(last), f"gone; {last}")
