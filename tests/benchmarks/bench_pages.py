"""What a page costs with 100,000 papers stored: `python -m tests.benchmarks.bench_pages [days] [papers a day]`.

Prints, for each page, the queries, their milliseconds and the whole request's, the median of several requests;
then requests a second and the 95th percentile over many different days, searches and topics, one after the other.
On SQLite in a folder of its own, or on the database of DATABASE_URL, which must be empty.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from papers.models import Listing, Paper, Reading  # noqa: E402
from papers.search.stored import remember_missing  # noqa: E402
from tests.benchmarks.bench_search import Writer  # noqa: E402

LAST = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
A_PAPER = f"{LAST:%y%m}.{LAST.day * 1000 + 1:05}"
ROUNDS = 7
REQUESTS = 200
WRITER = Writer(1)


def fill(days: int, papers: int) -> None:
    for back in range(days):
        moment = LAST - timedelta(days=back)
        rows = Paper.objects.bulk_create(paper(moment, number) for number in range(papers))
        Listing.objects.bulk_create(
            Listing(paper=row, source="arxiv", day=moment.date(), rank=rank, votes=row.votes, first_seen_at=moment)
            for rank, row in enumerate(rows, start=1)
        )
        Reading.objects.bulk_create(
            Reading(source="arxiv", day=moment.date(), started_at=moment + half * timedelta(minutes=30), outcome="new")
            for half in range(48)
        )


def paper(moment: datetime, number: int) -> Paper:
    written = WRITER.paper()
    return Paper(
        arxiv_id=f"{moment:%y%m}.{moment.day * 1000 + number:05}",
        title=written.title,
        title_key=f"{moment:%j}{number}{written.title}".replace(" ", "").lower(),
        abstract=written.abstract,
        authors=[" ".join(WRITER.draw(2)).title() for _ in range(4)],
        author_count=4,
        categories=["cs.LG", "cs.AI"],
        published_on=moment.date() - timedelta(days=1),
        featured_on=moment.date(),
        votes=WRITER.random.choice((0, 0, 0, 0, 1, 5, 40)),
        first_seen_at=moment,
        updated_at=moment,
    )


def remember_all() -> None:
    while remember_missing(5_000):
        pass
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


class Watch:
    """Times every query of a block."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, execute: Callable[..., Any], *query: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(*query)
        finally:
            self.times.append(time.perf_counter() - start)


def measure(name: str, request: Callable[[], Any]) -> None:
    request()  # templates are compiled now
    totals, spent = [], []
    for _ in range(ROUNDS):
        watch = Watch()
        with connection.execute_wrapper(watch):
            start = time.perf_counter()
            status = request().status_code
            totals.append((time.perf_counter() - start) * 1000)
        spent.append(sum(watch.times) * 1000)
        count = len(watch.times)
    sql, whole = statistics.median(spent), statistics.median(totals)
    print(f"{name:<34} {status}  {count:>2} queries {sql:7.1f} ms  {whole:7.1f} ms")


def endure(name: str, paths: list[str], reader: Client) -> None:
    """One request after the other. On a busy machine the time of our own processor says more."""
    reader.get(paths[0])
    times, own = [], []
    for path in paths:
        start, used = time.perf_counter(), time.process_time()
        assert reader.get(path).status_code == 200, path
        times.append(time.perf_counter() - start)
        own.append(time.process_time() - used)
    p95, own95 = (statistics.quantiles(values, n=20)[-1] * 1000 for values in (times, own))
    rate, own_rate = (len(values) / sum(values) for values in (times, own))
    print(f"{name:<10} {rate:6.1f} requests/s, p95 {p95:6.1f} ms; of processor time {own_rate:6.1f}/s, {own95:6.1f} ms")


def questions(number: int) -> list[str]:
    """What readers ask: mostly two words that some paper has side by side, else one word, an author, a title."""
    chance = random.Random(2)
    keys = chance.sample(list(Paper.objects.values_list("pk", flat=True)), number)
    asked = []
    for found in Paper.objects.in_bulk(keys).values():
        words = [word.strip(".,") for word in found.abstract.split()]
        at = chance.randrange(len(words) - 3)
        asked.append(
            chance.choices(
                (
                    " ".join(words[at : at + 2]),
                    " ".join(words[at : at + 3]),
                    words[at],
                    f'author:"{found.authors[0]}"',
                    f"cat:cs.LG AND title:{words[at]} AND NOT {words[at + 1]}",
                ),
                (50, 15, 15, 10, 10),
            )[0]
        )
    return asked


def main(days: int = 100, papers: int = 1000) -> None:
    call_command("migrate", verbosity=0)
    start = time.perf_counter()
    fill(days, papers)
    print(f"{days} days of {papers} papers on {connection.vendor}, written in {time.perf_counter() - start:.0f} s")
    start = time.perf_counter()
    remember_all()
    print(f"their words for the search in {time.perf_counter() - start:.0f} s")
    reader = Client(headers={"host": "localhost"})
    middle = LAST - timedelta(days=days // 2)
    month, week = f"/papers/month/{middle:%Y-%m}", f"/papers/week/{middle:%G-W%V}"
    for path in (
        "/",
        f"/papers/date/{middle:%F}",
        f"/papers/date/{middle:%F}?page=40",
        week,
        month,
        f"{month}?page=400",
    ):
        measure(path, lambda path=path: reader.get(path))
    for path in (f"/papers/{A_PAPER}", "/papers/trending"):
        measure(path, lambda path=path: reader.get(path))
    asked = questions(REQUESTS)
    for query in (asked[0], max(WRITER.words[:1], key=len), "cat:cs.LG"):
        measure(f"/papers?q={query}", lambda query=query: reader.get("/papers", {"q": query}))
    topic = quote(asked[0], safe="")
    for path in (
        f"/api/daily_papers?date={middle:%F}&limit=100",
        f"/api/daily_papers?month={middle:%Y-%m}&limit=100&p=50",
        f"/api/papers/{A_PAPER}",
        f"/api/papers/search?q={topic}",
        f"/papers/{A_PAPER}.md",
        f"/papers/date/{middle:%F}/feed.atom",
        f"{month}/feed.json",
        f"/topics/{topic}/feed.atom",
    ):
        measure(path, lambda path=path: reader.get(path))
    listed = [f"/papers/date/{LAST - timedelta(days=back % days):%F}" for back in range(REQUESTS)]
    endure("listing", listed, reader)
    endure("search", [f"/papers?q={quote(query)}" for query in asked], reader)
    endure("topic", [f"/topics/{quote(query, safe='')}" for query in asked], reader)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
