import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from papers.models import Category, Listing, Paper, Reading, Rejected
from papers.reading import close_abandoned, describe_new, plan, read_all, read_file, read_source
from papers.sources.arxiv import Arxiv
from papers.sources.base import Batch, FetchFailed, Get, NotModified, PaperRecord, Reject, UnexpectedShape
from tests.factories import make_paper

NOW = datetime(2026, 8, 12, 7, tzinfo=UTC)
DAY = NOW.date()
TAG = {"https://site.example/": {"etag": '"a"'}}


def record(number: int = 1, **fields: Any) -> PaperRecord:
    return PaperRecord(title=f"Grokking in circuit {number}", arxiv_id=f"2608.{number:05}", **fields)


def batch(*numbers: int, **fields: Any) -> Batch:
    return Batch(records=[record(number) for number in numbers], route="api", **fields)


class FakeSource:
    """Gives, or raises, what it was made with; publishes on weekdays."""

    name = "Fake"

    def __init__(
        self, answer: Batch | Exception | Callable[[Get], Batch], slug: str = "huggingface", grows: bool = False
    ):
        self.answer = answer
        self.slug = slug
        self.grows = grows
        self.asked: list[Any] = []

    def expects(self, day: date) -> bool:
        return day.weekday() < 5

    def read(self, day: date, get: Get, *, categories: Sequence[str] = ()) -> Batch:
        self.asked.append((day, tuple(categories)))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer if isinstance(self.answer, Batch) else self.answer(get)


class FakeWeb:
    """Every page is the same; notes which validators it was given."""

    def __init__(self, received: Mapping[str, Mapping[str, str]], page: bytes = b"") -> None:
        self.received = received
        self.page = page
        self.known: list[Any] = []

    def __call__(self, validators: Mapping[str, Mapping[str, str]]) -> "FakeWeb":
        self.known.append(dict(validators))
        return self

    def get(self, url: str) -> bytes:
        return self.page


def read(answer: Any, *, day: date = DAY, now: datetime = NOW, web: FakeWeb | None = None, **options: Any) -> Reading:
    source = answer if isinstance(answer, FakeSource) else FakeSource(answer)
    return read_source(source, day, now=now, connect=web or FakeWeb({}), **options)


def result(reading: Reading) -> tuple[Any, ...]:
    return (reading.outcome, reading.found, reading.new, reading.updated, reading.rejected, reading.error)


@pytest.mark.django_db
def test_read_source_new_papers():
    reading = read(batch(1, 2))

    assert result(reading) == ("new", 2, 2, 0, 0, "")
    assert (reading.source, reading.day, reading.route, reading.started_at) == ("huggingface", DAY, "api", NOW)
    assert reading.finished_at is not None
    assert reading.finished_at >= NOW
    assert list(Reading.objects.all()) == [reading]
    assert Listing.objects.filter(day=DAY).count() == 2


@pytest.mark.django_db
def test_read_source_twice():
    read(batch(1, 2))

    assert result(read(batch(1, 2))) == ("unchanged", 2, 0, 0, 0, "")


@pytest.mark.django_db
def test_read_source_known_papers_listed_for_the_first_time():
    read(FakeSource(batch(1, 2), slug="arxiv"), day=DAY - timedelta(days=2))

    assert result(read(batch(1, 2))) == ("new", 2, 0, 2, 0, "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "dropped", "outcome"),
    [(date(2026, 8, 12), 0, "stale"), (date(2026, 8, 12), 3, "quiet"), (date(2026, 8, 15), 0, "quiet")],
)
def test_read_source_nothing_listed(day, dropped, outcome):
    assert result(read(batch(dropped=dropped), day=day)) == (outcome, 0, 0, 0, 0, "")


@pytest.mark.django_db
def test_read_source_that_still_shows_another_day():
    reading = read(batch(day=DAY - timedelta(days=1), warnings=["feed: still of 2026-08-11"]))

    assert (reading.day, *result(reading)) == (DAY, "stale", 0, 0, 0, 0, "feed: still of 2026-08-11")


@pytest.mark.django_db
def test_read_source_yesterdays_list_under_todays_date():
    read(batch(1, 2), day=DAY - timedelta(days=1))

    reading = read(batch(2, 1))

    assert result(reading) == ("stale", 2, 0, 0, 0, "Everything it lists was listed on an earlier day.")
    assert not Listing.objects.filter(day=DAY).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("numbers", [(1, 2, 3), (3,)])
def test_read_source_with_something_new_is_not_stale(numbers):
    read(batch(1, 2), day=DAY - timedelta(days=1))

    assert read(batch(*numbers)).outcome == "new"


@pytest.mark.django_db
def test_read_source_old_papers_again_once_the_day_has_its_list():
    read(batch(1), day=DAY - timedelta(days=1))
    read(batch(2))

    assert read(batch(1)).outcome == "new"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FetchFailed("https://site.example/: 503"), "https://site.example/: 503"),
        (UnexpectedShape("api: 'paper'"), "api: 'paper'"),
        (KeyError("secret"), "unexpected KeyError; the log has the details."),
    ],
)
def test_read_source_that_fails(error, said, caplog):
    with caplog.at_level(logging.ERROR):
        reading = read(error)

    assert result(reading) == ("failed", 0, 0, 0, 0, said)
    assert len(caplog.records) == isinstance(error, KeyError)
    assert list(Reading.objects.values_list("outcome", "error")) == [("failed", said)]


@pytest.mark.django_db(transaction=True)
def test_read_source_commits_its_reading_before_it_fetches():
    seen: list[Any] = []

    def answer(get: Get) -> Batch:
        seen.append((connection.in_atomic_block, list(Reading.objects.values_list("outcome", "finished_at"))))
        return batch(1)

    read(answer)

    assert seen == [(False, [("running", None)])]


@pytest.mark.django_db
def test_read_source_too_many_rejected():
    rejects = [Reject(reason="title: missing", raw="{}"), Reject(reason="id: missing", raw="[]")]

    few = read(batch(*range(1, 40), rejects=rejects))
    many = read(batch(*range(1, 37), rejects=rejects))

    assert result(few) == ("new", 41, 39, 0, 2, "")
    assert result(many)[:5] == ("failed", 38, 0, 0, 2)
    assert many.error == (
        "2 of 38 records were refused, more than one in twenty: has the format changed? The others are in; see the "
        "rejected records for the reasons."
    )
    assert list(Rejected.objects.values_list("reading", flat=True)) == [few.pk, few.pk]


@pytest.mark.django_db
def test_read_source_asks_for_what_changed_since_the_last_good_reading():
    web = FakeWeb(TAG)

    read(batch(1), web=web)
    read(FetchFailed("down"), web=web, now=NOW + timedelta(minutes=30))
    reading = read(NotModified(), web=FakeWeb({}), now=NOW + timedelta(minutes=60))
    again = FakeWeb({})
    read(NotModified(), web=again, now=NOW + timedelta(minutes=90))

    assert web.known == [{}, TAG]
    assert result(reading) == ("unchanged", 0, 0, 0, 0, "")
    assert again.known == [TAG]


@pytest.mark.django_db
@pytest.mark.parametrize("answer", [UnexpectedShape("odd"), batch(), batch(rejects=2 * [Reject(reason="odd", raw="")])])
def test_read_source_does_not_trust_validators_of_a_bad_reading(answer):
    read(answer, web=FakeWeb(TAG))
    web = FakeWeb({})

    read(batch(1), web=web)

    assert web.known == [{}]


@pytest.mark.django_db
def test_read_source_quiet_day_stays_quiet():
    saturday = date(2026, 8, 15)
    read(batch(), day=saturday, web=FakeWeb(TAG))

    assert read(NotModified(), day=saturday).outcome == "quiet"


@pytest.mark.django_db
def test_read_source_dry_run_keeps_nothing():
    reading = read(batch(1, 2, rejects=[Reject(reason="odd", raw="{}")]), dry_run=True)

    assert result(reading) == ("new", 3, 2, 0, 1, "")
    assert [model.objects.count() for model in (Paper, Listing, Reading, Rejected)] == [0, 0, 0, 0]


@pytest.mark.django_db
def test_read_all_one_failure_costs_the_others_nothing():
    sources = {
        "huggingface": FakeSource(ValueError("bug"), grows=True),
        "arxiv": FakeSource(batch(1), slug="arxiv"),
    }

    readings = read_all(NOW, sources=sources, connect=FakeWeb({}))

    assert [(reading.source, reading.day, reading.outcome) for reading in readings] == [
        ("huggingface", DAY, "failed"),
        ("huggingface", DAY - timedelta(days=1), "failed"),
        ("arxiv", DAY, "new"),
    ]


@pytest.mark.django_db
def test_read_all_reads_the_categories_of_the_admin():
    Category.objects.exclude(code__in=["cs.AI", "stat.ML"]).update(is_read=False)
    source = FakeSource(batch(1), slug="arxiv")

    read_all(NOW, sources={"arxiv": source}, connect=FakeWeb({}))

    assert source.asked == [(DAY, ("cs.AI", "stat.ML"))]


@pytest.mark.django_db
def test_plan_of_the_real_sources():
    yesterday = DAY - timedelta(days=1)

    named = [(source.slug, day) for source, day in plan(DAY)]
    Category.objects.update(is_read=False)
    without_categories = [(source.slug, day) for source, day in plan(DAY)]

    assert named == [("huggingface", DAY), ("huggingface", yesterday), ("arxiv", DAY)]
    assert without_categories == [("huggingface", DAY), ("huggingface", yesterday)]


@pytest.mark.django_db
def test_default_categories():
    assert list(Category.objects.read().values_list("code", flat=True)) == [
        "cs.AI",
        "cs.CL",
        "cs.CV",
        "cs.LG",
        "cs.RO",
        "stat.ML",
    ]


@pytest.mark.django_db
def test_close_abandoned_after_an_hour():
    for minutes, outcome in ((61, "running"), (59, "running"), (61, "new")):
        Reading.objects.create(source="arxiv", day=DAY, started_at=NOW - timedelta(minutes=minutes), outcome=outcome)

    closed = close_abandoned(NOW)

    assert closed == 1
    assert list(Reading.objects.order_by("pk").values_list("outcome", "finished_at", "error")) == [
        ("failed", NOW, "The process that was reading ended before it was done."),
        ("running", None, ""),
        ("new", None, ""),
    ]


def item(number: int, **paper: Any) -> dict[str, Any]:
    """A paper as Hugging Face's API gives it."""
    return {
        "paper": {
            "id": f"2608.{number:05}",
            "title": f"Grokking in circuit {number}",
            "summary": "We study how grokking appears.",
            "authors": [{"name": "Ada Example", "hidden": False}],
            "publishedAt": "2026-08-10T00:00:00.000Z",
            "upvotes": 3,
            **paper,
        },
        "publishedAt": "2026-08-09T20:00:00.000Z",
        "title": f"Grokking in circuit {number}",
        "numComments": 1,
    }


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "2026-08-11.json"
    path.write_text(json.dumps([item(1), item(2)]))
    return path


@pytest.mark.django_db
def test_read_file(saved):
    reading = read_file(saved, now=NOW)

    assert (reading.source, reading.day, reading.route) == ("huggingface", date(2026, 8, 11), "api")
    assert result(reading) == ("new", 2, 2, 0, 0, "")


@pytest.mark.django_db
@pytest.mark.parametrize(("day", "expected"), [(date(2026, 8, 1), date(2026, 8, 1)), (None, DAY)])
def test_read_file_that_names_no_day(saved, day, expected):
    nameless = saved.rename(saved.with_name("page.json"))

    assert read_file(nameless, now=NOW, day=day).day == expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"Dear reader,", "is none of the known formats"),
        (b"[{", "huggingface api"),
        (b'{"a": 1}', "is none of the known formats"),
        (None, "it cannot be read: No such file or directory"),
    ],
)
def test_read_file_that_is_no_listing(tmp_path, content, said):
    path = tmp_path / "page.json"
    if content is not None:
        path.write_bytes(content)

    reading = read_file(path, now=NOW)

    assert reading.outcome == "failed"
    assert reading.error.startswith(f"{path}: ")
    assert said in reading.error


@pytest.mark.django_db
def test_read_file_folder(tmp_path):
    reading = read_file(tmp_path, now=NOW)

    assert (reading.source, *result(reading)) == (
        "file",
        "failed",
        0,
        0,
        0,
        0,
        f"{tmp_path}: it is a folder; name the files in it",
    )


@pytest.mark.django_db
def test_read_file_too_large(tmp_path):
    path = tmp_path / "page.html"
    with path.open("wb") as file:
        file.truncate(10 * 1024 * 1024 + 1)

    assert read_file(path, now=NOW).error == f"{path}: 10,485,761 bytes: no listing is longer than 10,485,760"


ENTRY = """
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">
  <id>http://arxiv.org/api/x</id>
  <title>arXiv Query: id_list</title>
  <opensearch:totalResults>1</opensearch:totalResults>
  <opensearch:startIndex>0</opensearch:startIndex>
  <opensearch:itemsPerPage>1</opensearch:itemsPerPage>
  <entry>
    <id>http://arxiv.org/abs/2608.00001v2</id>
    <title>Grokking in circuit 1</title>
    <published>2026-08-10T10:00:00Z</published>
    <updated>2026-08-11T10:00:00Z</updated>
    <summary>Grokking is late.</summary>
    <category term="cs.LG" scheme="http://arxiv.org/schemas/atom"/>
    <author><name>Ada Example</name></author>
  </entry>
</feed>""".strip()


@pytest.mark.django_db
def test_describe_new_fills_what_is_missing():
    make_paper(1, categories=[], abstract="", first_seen_at=NOW - timedelta(hours=1))
    make_paper(2, first_seen_at=NOW - timedelta(hours=1))
    make_paper(3, categories=[], first_seen_at=NOW - timedelta(days=4))
    make_paper(4, arxiv_id=None, categories=[], first_seen_at=NOW - timedelta(hours=1))

    reading = describe_new(NOW, Arxiv(), connect=FakeWeb({}, ENTRY.encode()))

    assert reading is not None
    assert (reading.source, *result(reading)) == ("arxiv-query", "unchanged", 1, 0, 1, 0, "")
    assert Paper.objects.values_list("abstract", "categories", "version").get(arxiv_id="2608.00001") == (
        "Grokking is late.",
        ["cs.LG"],
        2,
    )
    assert not Listing.objects.exists()


@pytest.mark.django_db
def test_describe_new_nothing_missing():
    make_paper(1, first_seen_at=NOW)

    assert describe_new(NOW, Arxiv(), connect=FakeWeb({})) is None
    assert not Reading.objects.exists()
