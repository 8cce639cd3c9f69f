from datetime import date
from typing import Any

import pytest

from papers.merging import merge_listing, merge_paper, title_key
from papers.models import Listing, Paper
from papers.sources.base import PaperRecord

DAY = date(2026, 8, 12)


def record(**fields: Any) -> PaperRecord:
    return PaperRecord(**{"title": "Slow grokking", **fields})


def paper(*records: PaperRecord) -> Paper:
    found = Paper()
    for one in records:
        merge_paper(found, one, DAY)
    return found


def values(row: Paper | Listing) -> dict[str, Any]:
    skipped = {"_state", "first_seen_at", "updated_at"}
    return {name: value for name, value in vars(row).items() if name not in skipped}


EARLY = record(
    arxiv_id="2608.00001", abstract="Draft words.", votes=5, comments=1, rank=1, keywords=("grokking",), author_count=2
)
LATE = record(
    arxiv_id="2608.00001",
    title="Slow Grokking!",
    abstract="Better words.",
    votes=7,
    comments=3,
    rank=4,
    organisation="sampleu",
    published_on=date(2026, 8, 10),
)
FROM_ARXIV = record(
    arxiv_id="2608.00001",
    version=1,
    abstract="arXiv's words.",
    authors=("Ada Example", "Ben Sample"),
    categories=("cs.LG",),
    published_on=date(2026, 8, 9),
)
REVISED = FROM_ARXIV.model_copy(update={"version": 2, "title": "Fast grokking", "abstract": "Revised words."})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Multi-Agent  Éclat: the ﬁrst", "multi agent eclat THE FIRST"),
        ("Straße²", "strasse2"),
        ("零样本 学习", "零样本学习"),
    ],
)
def test_title_key_same_letters_and_digits(one, other):
    assert title_key(one) == title_key(other)


@pytest.mark.parametrize(("one", "other"), [("GPT-3", "GPT-4"), ("!!!", "???")])
def test_title_key_different_titles(one, other):
    assert title_key(one) != title_key(other)


def test_title_key_stays_within_its_column():
    assert len(title_key(500 * "ﷺ")) == 500


@pytest.mark.parametrize(
    "records", [[EARLY, LATE], [EARLY, FROM_ARXIV], [LATE, REVISED], [FROM_ARXIV, REVISED], [EARLY, LATE, REVISED]]
)
def test_merge_paper_in_any_order(records):
    assert values(paper(*records)) == values(paper(*reversed(records)))


@pytest.mark.parametrize("records", [[EARLY], [EARLY, LATE], [EARLY, FROM_ARXIV, REVISED]])
def test_merge_paper_last_record_again(records):
    found = paper(*records)

    assert merge_paper(found, records[-1], DAY) == set()


def edited(*records: PaperRecord) -> Paper:
    found = paper(*records)
    found.edit("title", "An editor's title")
    return found


def test_merge_paper_leaves_an_editors_words_alone():
    found = edited(EARLY)

    changed = merge_paper(found, REVISED, DAY)

    assert found.title == "An editor's title"
    assert found.abstract == "Revised words."
    assert found.source_words == {"title": "Fast grokking"}
    assert found.title_key == "fastgrokking"  # the sources go on finding it under their own title
    assert changed == {
        "abstract", "authors", "categories", "published_on", "source_words", "title_key", "version",
    }  # fmt: skip
    assert merge_paper(found, REVISED, DAY) == set()


def test_merge_paper_editors_words_undone():
    found = edited(EARLY)
    merge_paper(found, REVISED, DAY)

    found.edit("title", "Fast grokking")

    assert values(found) == values(paper(EARLY, REVISED))


def test_edit_twice_keeps_what_sources_said():
    found = edited(EARLY)

    found.edit("title", "Better still")

    assert (found.title, found.said("title"), found.said("abstract")) == ("Better still", EARLY.title, EARLY.abstract)


@pytest.mark.parametrize("older", [{"votes": 5, "comments": None}, {"votes": 7, "comments": 1}, {"votes": None}])
def test_merge_paper_older_snapshot_lowers_nothing(older):
    found = paper(LATE)

    changed = merge_paper(found, record(arxiv_id="2608.00001", abstract="Draft words.", organisation="x", **older), DAY)

    assert changed == set()


def test_merge_paper_newer_snapshot():
    found = paper(EARLY)

    changed = merge_paper(found, LATE, DAY)

    assert changed == {"title", "abstract", "votes", "comments", "organisation", "published_on"}
    assert (found.title, found.abstract, found.votes, found.comments) == ("Slow Grokking!", "Better words.", 7, 3)
    assert found.keywords == ["grokking"]


def test_merge_paper_older_version_fills_gaps_only():
    found = paper(REVISED.model_copy(update={"authors": ()}))

    changed = merge_paper(found, FROM_ARXIV, DAY)

    assert changed == {"authors"}
    assert (found.title, found.version) == ("Fast grokking", 2)


def test_merge_paper_unversioned_words_never_replace_arxivs():
    found = paper(FROM_ARXIV)

    merge_paper(found, LATE, DAY)

    assert (found.abstract, found.votes, found.organisation) == ("arXiv's words.", 7, "sampleu")


def test_merge_paper_new_title_renews_its_key():
    found = paper(FROM_ARXIV)

    merge_paper(found, REVISED, DAY)

    assert found.title_key == "fastgrokking"


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([{"version": 2, "withdrawn": True}], True),
        ([{"version": 2, "withdrawn": True}, {"version": 2}], True),
        ([{"version": 2, "withdrawn": True}, {}], True),
        ([{"version": 2, "withdrawn": True}, {"version": 3}], False),
        ([{"version": 3}, {"version": 2, "withdrawn": True}], False),
    ],
)
def test_merge_paper_withdrawn(records, expected):
    assert paper(*(record(**fields) for fields in records)).is_withdrawn is expected


def test_merge_paper_first_day_stays():
    found = paper(EARLY)

    later = merge_paper(found, EARLY, date(2026, 8, 19))
    described = merge_paper(found, EARLY, None)
    earlier = merge_paper(found, EARLY, date(2026, 8, 11))

    assert (later, described, earlier) == (set(), set(), {"featured_on"})
    assert found.featured_on == date(2026, 8, 11)


def test_merge_listing_in_any_order():
    forward, backward = Listing(), Listing()

    for one in (EARLY, LATE):
        merge_listing(forward, one)
    for one in (LATE, EARLY):
        merge_listing(backward, one)

    assert (forward.votes, forward.comments, forward.rank) == (7, 3, 4)
    assert values(forward) == values(backward)


def test_merge_listing_new_in_one_category_beats_a_cross_list():
    listing = Listing()

    for section in ("cross", "new", "cross", ""):
        merge_listing(listing, record(section=section))

    assert listing.section == "new"
