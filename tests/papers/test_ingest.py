import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from papers.ingest import Counts, ingest
from papers.models import Listing, Paper, Reading, Rejected
from papers.sources.base import Batch, PaperRecord, Reject

NOW = datetime(2026, 8, 12, 7, tzinfo=UTC)
DAY = NOW.date()
# A version no integer column of either database holds.
UNSTORABLE = {"version": 10**30}


def record(number: int = 1, **fields: Any) -> PaperRecord:
    values = {"title": f"Grokking in circuit {number}", "arxiv_id": f"2608.{number:05}", "rank": number, "votes": 10}
    return PaperRecord(**values | fields)


def batch(*records: PaperRecord, **fields: Any) -> Batch:
    return Batch(records=records, route="api", **fields)


def take(*records: PaperRecord, source: str = "huggingface", day: date = DAY, now: datetime = NOW) -> Counts:
    return ingest(source, day, batch(*records), now=now)


def tables() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Paper, Listing, Rejected)]


@pytest.fixture
def reading(db) -> Reading:
    return Reading.objects.create(source="huggingface", day=DAY, started_at=NOW)


@pytest.mark.django_db
def test_ingest_new_papers():
    counts = take(record(1, abstract="Late.", authors=("Ada Example",)), record(2))

    assert counts == Counts(found=2, new=2, listed=2)
    assert list(Paper.objects.order_by("pk").values_list("arxiv_id", "abstract", "authors", "first_seen_at")) == [
        ("2608.00001", "Late.", ["Ada Example"], NOW),
        ("2608.00002", "", [], NOW),
    ]
    assert list(Listing.objects.order_by("rank").values_list("paper__arxiv_id", "source", "day", "rank", "votes")) == [
        ("2608.00001", "huggingface", DAY, 1, 10),
        ("2608.00002", "huggingface", DAY, 2, 10),
    ]


@pytest.mark.django_db
def test_ingest_same_batch_twice():
    records = [record(1), record(2), record(3, arxiv_id=None)]
    take(*records)
    before = tables()

    counts = take(*records, now=NOW + timedelta(hours=1))

    assert counts == Counts(found=3)
    assert tables() == before


@pytest.mark.django_db
def test_ingest_changed_paper():
    take(record(1), record(2))
    later = NOW + timedelta(hours=1)

    counts = take(record(1, votes=12), record(2), now=later)

    assert counts == Counts(found=2, updated=1)
    assert list(Paper.objects.order_by("pk").values_list("votes", "updated_at")) == [(12, later), (10, NOW)]
    assert list(Listing.objects.order_by("pk").values_list("votes", flat=True)) == [12, 10]


@pytest.mark.django_db
def test_ingest_leaves_editors_marks_alone():
    take(record())
    Paper.objects.update(is_hidden=True, is_pinned=True)

    take(record(votes=99))

    assert list(Paper.objects.values_list("votes", "is_hidden", "is_pinned")) == [(99, True, True)]


@pytest.mark.django_db
@pytest.mark.parametrize("captures", [((1, 5), (13, 7)), ((13, 7), (1, 5))])
def test_ingest_two_captures_of_a_day_in_any_order(captures):
    for size, votes in captures:
        take(*(record(number, votes=votes) for number in range(1, size + 1)))

    assert set(Paper.objects.values_list("votes", flat=True)) == {7}
    assert Paper.objects.count() == Listing.objects.count() == 13


@pytest.mark.django_db
def test_ingest_paper_featured_twice():
    take(record())

    counts = take(record(votes=42), day=date(2026, 8, 18))

    assert counts == Counts(found=1, updated=1, listed=1)
    assert list(Paper.objects.values_list("featured_on", "votes", "first_seen_at")) == [(DAY, 42, NOW)]
    assert sorted(Listing.objects.values_list("day", "votes")) == [(DAY, 10), (date(2026, 8, 18), 42)]


@pytest.mark.django_db
def test_ingest_description_gets_no_listing():
    counts = ingest("arxiv", DAY, batch(record(), announces=False), now=NOW)

    assert counts == Counts(found=1, new=1)
    assert list(Paper.objects.values_list("featured_on", flat=True)) == [None]
    assert not Listing.objects.exists()


@pytest.mark.django_db
def test_ingest_title_adopts_its_id():
    take(record(title="Multi-agent  grokking", arxiv_id=None))
    paper = Paper.objects.get()

    counts = take(record(title="Multi-Agent Grokking"), source="arxiv")

    assert counts == Counts(found=1, updated=1, listed=1)
    assert list(Paper.objects.values_list("pk", "arxiv_id")) == [(paper.pk, "2608.00001")]


@pytest.mark.django_db
def test_ingest_title_joins_a_known_paper():
    take(record(title="Multi-Agent Grokking"), source="arxiv")

    counts = take(record(title="multi agent grokking", arxiv_id=None, votes=None))

    assert counts == Counts(found=1, updated=1, listed=1)
    assert list(Paper.objects.values_list("arxiv_id", "title")) == [("2608.00001", "Multi-Agent Grokking")]


@pytest.mark.django_db
@pytest.mark.parametrize("ids", [(None, "2608.00001"), ("2608.00001", None), (None, None), 2 * ("2608.00001",)])
def test_ingest_paper_twice_in_one_batch(ids):
    counts = take(*(record(arxiv_id=arxiv_id) for arxiv_id in ids))

    assert counts == Counts(found=2, new=1, listed=1)
    assert [paper.arxiv_id for paper in Paper.objects.all()] == [max(filter(None, ids), default=None)]


@pytest.mark.django_db
def test_ingest_two_papers_of_one_title():
    take(record(1, title="Introduction"), record(2, title="Introduction"))

    counts = take(record(3, title="Introduction", arxiv_id=None), day=date(2026, 8, 13))

    assert counts == Counts(found=1, updated=1, listed=1)
    assert Listing.objects.get(day=date(2026, 8, 13)).paper.arxiv_id == "2608.00001"


@pytest.mark.django_db
def test_ingest_record_the_database_refuses(reading):
    records = [*(record(number) for number in range(1, 8)), record(8, **UNSTORABLE), record(9)]

    first = ingest("huggingface", DAY, batch(*records), reading=reading, now=NOW)
    second = ingest("huggingface", DAY, batch(*records), reading=reading, now=NOW)

    assert (first, second) == (Counts(found=9, new=8, rejected=1, listed=8), Counts(found=9, rejected=1))
    assert Paper.objects.count() == 8
    rejected = Rejected.objects.get()
    assert rejected.reason.startswith("the database refuses it: ")
    assert (rejected.reading, rejected.raw) == (reading, records[7].model_dump_json())


@pytest.mark.django_db
def test_ingest_rejects_are_kept_once(reading):
    rejects = [Reject(reason="title: missing", raw='{"id": "\x00"}' + 30_000 * "x"), Reject(reason="odd", raw="\ud800")]

    for _ in range(2):
        counts = ingest("huggingface", DAY, batch(record(), rejects=rejects), reading=reading, now=NOW)

    assert counts == Counts(found=3, rejected=2)
    assert [(row.reason, len(row.raw), row.first_seen_at) for row in Rejected.objects.order_by("pk")] == [
        ("title: missing", 20_000, NOW),
        ("odd", 0, NOW),
    ]


@pytest.mark.django_db
def test_ingest_date_in_the_future():
    counts = take(record(1, published_on=date(2026, 8, 14)), record(2, published_on=date(2026, 8, 15)))

    assert counts == Counts(found=2, new=1, rejected=1, listed=1)
    assert [row.reason for row in Rejected.objects.all()] == ["published_on: 2026-08-15 lies in the future"]


@pytest.mark.django_db
def test_ingest_nothing():
    assert ingest("huggingface", DAY, batch(), now=NOW) == Counts()


def queries_of(size: int, votes: int, start: int) -> int:
    records = [record(start + number, votes=votes) for number in range(size)]
    with CaptureQueriesContext(
        connection,
    ) as captured:
        take(*records)
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in captured)


@pytest.mark.django_db
@pytest.mark.parametrize("size", [3, 30])
def test_ingest_query_count(size):
    turn = connection.vendor == "postgresql"

    new = queries_of(size, votes=1, start=size)
    again = queries_of(size, votes=1, start=size)
    changed = queries_of(size, votes=2, start=size)

    # New ones: looked for, written, made findable, listed.
    assert (new - turn, again - turn, changed - turn) == (5, 2, 4)


@pytest.mark.django_db(transaction=True)
def test_ingest_at_once_from_two_processes():
    """Each thread has a connection of its own, as two workers have."""
    records = [record(number) for number in range(1, 40)]
    start = threading.Barrier(4)
    counts: list[Counts] = []

    def work(source: str) -> None:
        start.wait()
        counts.append(take(*records, source=source))
        connection.close()

    threads = [threading.Thread(target=work, args=[source]) for source in 2 * ("arxiv", "huggingface")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(one.new for one in counts) == Paper.objects.count() == 39
    assert sum(one.listed for one in counts) == Listing.objects.count() == 78
