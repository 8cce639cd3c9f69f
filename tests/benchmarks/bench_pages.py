"""What a page costs after a year of 1,000 papers a day: `python -m tests.benchmarks.bench_pages [days] [papers]`.

Prints, for each page, the queries, their milliseconds and the whole request's, the median of several requests.
On SQLite in a folder of its own, or on the database of DATABASE_URL, which must be empty.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from papers.models import Listing, Paper, Reading  # noqa: E402

LAST = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
A_PAPER = f"{LAST:%y%m}.{LAST.day * 1000 + 1:05}"
ROUNDS = 7


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
    chance = random.Random(number)  # the same papers every time
    title = f"Circuit {number} of {moment:%j} and its slow grokking under weight decay"
    return Paper(
        arxiv_id=f"{moment:%y%m}.{moment.day * 1000 + number:05}",
        title=title,
        title_key=title.replace(" ", "").lower(),
        abstract=" ".join(chance.choices(["grokking", "appears", "late", "in", "the", "circuit", "studied"], k=190)),
        authors=["Ada Example", "Ben Sample", "Chi Invented", "Dee Madeup"],
        author_count=4,
        categories=["cs.LG", "cs.AI"],
        published_on=moment.date() - timedelta(days=1),
        featured_on=moment.date(),
        votes=chance.choice((0, 0, 0, 0, 1, 5, 40)),
        first_seen_at=moment,
        updated_at=moment,
    )


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


def main(days: int = 365, papers: int = 1000) -> None:
    call_command("migrate", verbosity=0)
    start = time.perf_counter()
    fill(days, papers)
    print(f"{days} days of {papers} papers on {connection.vendor}, written in {time.perf_counter() - start:.0f} s")
    reader, editor = Client(headers={"host": "localhost"}), Client(headers={"host": "localhost"})
    editor.force_login(User.objects.create_superuser("editor"))
    middle: date = LAST.date() - timedelta(days=days // 2)
    for path in ("/", f"/papers/date/{middle}", f"/papers/date/{middle}?page=40", f"/papers/{A_PAPER}"):
        measure(path, lambda path=path: reader.get(path))
    measure("/papers/trending", lambda: reader.get("/papers/trending"))
    for name in ("paper", "listing", "reading", "rejected"):
        measure(f"/admin/papers/{name}/", lambda name=name: editor.get(f"/admin/papers/{name}/"))
    measure("admin: search by id", lambda: editor.get(f"/admin/papers/paper/?q={A_PAPER}"))
    measure("admin: search by words", lambda: editor.get("/admin/papers/paper/?q=circuit+7+of+100"))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
