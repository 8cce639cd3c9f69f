from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papers.sources.base import MAX_BYTES, SourceError, UnexpectedShape
from papers.sources.saved import named_day, parse_saved
from tests.papers.sources.golden import case_id, cases, expected, outcome

READABLE = [path for path in (*cases("huggingface"), *cases("arxiv")) if "records" in expected(path)]
BROKEN = [path for path in (*cases("huggingface"), *cases("arxiv")) if "records" not in expected(path)]


@pytest.mark.parametrize("path", READABLE, ids=case_id)
def test_every_format_is_recognised_by_its_content(path: Path):
    day = path.stem[-10:] if path.stem.startswith("saved_on") else ""

    source, batch = parse_saved(path.read_bytes(), name=day)

    assert source == path.parent.parent.name
    assert outcome(lambda: batch) == expected(path)


@pytest.mark.parametrize("path", BROKEN, ids=case_id)
def test_broken_response_is_an_error_and_nothing_else(path: Path):
    with pytest.raises(SourceError):
        parse_saved(path.read_bytes())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"<html><body>Hello</body></html>",
        b"<html><body>Get trending papers in your email inbox!</body></html>",
        b"Dear reader,\nno papers here.",
        b"PK\x03\x04\x00\x00",
        b"\xff\xfe<\x00",
        b"\x00" * 1000,
    ],
)
def test_unknown_format_is_named_with_the_known_ones(body: bytes):
    with pytest.raises(UnexpectedShape, match=r"^notes.txt is none of the known formats: a Hugging Face API array, "):
        parse_saved(body, name="notes.txt")


def test_response_longer_than_any_listing_is_refused_unread():
    with pytest.raises(UnexpectedShape, match="10,485,761 bytes"):
        parse_saved(b"[" + b" " * MAX_BYTES, name="long.json")


def test_day_in_the_name_stands_in_for_one_the_api_array_lacks():
    body = (READABLE[0].parents[1] / "api" / "year_2024.json").read_bytes()

    _, batch = parse_saved(body, name="2024-05-27__at_2024-05-28T0416Z.json")

    assert batch.day == date(2024, 5, 27)


def test_day_in_the_name_does_not_overrule_the_array():
    body = (READABLE[0].parents[1] / "api" / "full_and_bare.json").read_bytes()

    _, batch = parse_saved(body, name="2026-08-24.json")

    assert batch.day == date(2026, 8, 21)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.sampled_from([*READABLE, *BROKEN]), st.floats(0, 1), st.floats(0, 1), st.sampled_from(["cut", "double", "swap"])
)
def test_damaged_response_is_read_or_refused(path: Path, start: float, end: float, damage: str):
    body = path.read_bytes()
    at, to = sorted((int(start * len(body)), int(end * len(body))))
    piece = {"cut": b"", "double": body[at:to] * 2, "swap": body[at:to][::-1]}[damage]

    with suppress(SourceError):
        parse_saved(body[:at] + piece + body[to:])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.sampled_from([b"", b"[", b"<rss", b"<feed", b"<html", b"Get trending papers in your email inbox\n"]), st.binary()
)
def test_noise_is_refused(start: bytes, noise: bytes):
    with suppress(SourceError):
        parse_saved(start + noise)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2025-01-22__at_2025-01-23T0416Z.json", date(2025, 1, 22)),
        ("papers/2025-13-22/2025-01-22.json", date(2025, 1, 22)),
        ("12025-01-222.json", None),
        ("listing.txt", None),
        ("", None),
    ],
)
def test_named_day_is_the_first_date_in_a_name(name: str, day: date | None):
    assert named_day(name) == day
