"""A source that brings clearly less than it used to is named; weekends, holidays and new installations are not."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from papers import dwindling
from papers.models import Listing
from papers.reading import configured_sources
from tests.factories import make_paper

pytestmark = pytest.mark.django_db

TUESDAY, SATURDAY, HOLIDAY = date(2026, 8, 11), date(2026, 8, 15), date(2026, 11, 26)
USUAL = [20, 30, 28, 20, 200]


@pytest.fixture
def arxiv():
    return configured_sources()["arxiv"]


def list_papers(day, count, source="arxiv", **fields):
    first = Listing.objects.count() + 1
    for number in range(first, first + count):
        Listing.objects.create(paper=make_paper(number, **fields), source=source, day=day)


def weeks_before(day, counts=USUAL, **fields):
    for weeks, count in enumerate(counts, 1):
        list_papers(day - timedelta(weeks=weeks), count, **fields)


def after(day, hour=12):
    return datetime.combine(day + timedelta(days=1), time(hour), UTC)


@pytest.mark.parametrize(("count", "is_few"), [(0, True), (8, True), (9, False), (300, False)])
def test_r06_day_with_few_papers_is_named(arxiv, count, is_few):
    weeks_before(TUESDAY)
    list_papers(TUESDAY, count)
    list_papers(TUESDAY, 40, source="huggingface")

    words = f"arxiv listed {count} papers on 2026-08-11; on that weekday it is mostly 28"
    assert dwindling.too_few(arxiv, after(TUESDAY)) == (words if is_few else "")


@pytest.mark.parametrize("day", [SATURDAY, HOLIDAY])
def test_r06_day_without_announcement_is_quiet(arxiv, day):
    weeks_before(day)

    assert dwindling.too_few(arxiv, after(day)) == ""


def test_r06_day_is_judged_when_it_is_whole_and_until_the_next(arxiv):
    weeks_before(TUESDAY)
    weeks_before(TUESDAY + timedelta(days=1))
    list_papers(TUESDAY + timedelta(days=1), 20)

    hours = [after(TUESDAY, 11), after(TUESDAY, 12), after(TUESDAY + timedelta(days=1), 11)]
    assert [bool(dwindling.too_few(arxiv, now)) for now in hours] == [False, True, True]
    assert dwindling.too_few(arxiv, after(TUESDAY + timedelta(days=1))) == ""


def test_r06_new_installation_is_not_blamed(arxiv):
    weeks_before(TUESDAY, USUAL[:3])

    assert dwindling.too_few(arxiv, after(TUESDAY)) == ""


@pytest.mark.parametrize(("empty", "is_named"), [(0, False), (1, False), (2, True), (20, True)])
def test_r07_field_that_papers_lack_is_named(arxiv, empty, is_named):
    weeks_before(TUESDAY)
    list_papers(TUESDAY, 20 - empty)
    list_papers(TUESDAY, empty, abstract="")

    share = f"{(20 - empty) / 20:.0%}"
    words = f"{share} of what arxiv listed on 2026-08-11 has abstract; in the weeks before 100%"
    assert list(dwindling.left_empty(arxiv, after(TUESDAY))) == ([words] if is_named else [])


def test_r07_field_that_papers_always_lacked_is_not(arxiv):
    weeks_before(TUESDAY, authors=[])
    list_papers(TUESDAY, 20, authors=[])

    assert list(dwindling.left_empty(arxiv, after(TUESDAY))) == []


def test_r07_few_papers_prove_nothing(arxiv):
    weeks_before(TUESDAY)
    list_papers(TUESDAY, 9, abstract="", authors=[])

    assert list(dwindling.left_empty(arxiv, after(TUESDAY))) == []
