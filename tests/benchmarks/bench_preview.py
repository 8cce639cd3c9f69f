"""What previews cost with many papers stored: `python -m tests.benchmarks.bench_preview [papers] [a day] [threads]`.

Readers try 1 to 8 keywords each, no two alike, through the whole request. Prints the first answer, which reads the
newest papers into memory, then requests a second and the 50th and 95th percentile; for answers worked out, for
answers known already, and for a stranger who sends the costliest keywords there are; and the processor time of each,
which a busy machine changes less. On SQLite in a folder of its
own, or on the database of DATABASE_URL, which must be empty.
"""

import logging
import os
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.test import Client  # noqa: E402

from papers.models import Paper  # noqa: E402
from subscriptions.rationing import ration  # noqa: E402
from tests.benchmarks.bench_search import Writer  # noqa: E402

REQUESTS = 40
TEXTS = 2_000


def fill(papers: int, a_day: int, writer: Writer) -> None:
    """So many papers by day, the newest first; their texts come round again after TEXTS."""
    now = datetime.now(UTC) - timedelta(minutes=5)
    texts = [(writer.text(11), writer.text(180)) for _ in range(TEXTS)]
    for first in range(0, papers, a_day):
        Paper.objects.bulk_create(
            paper(number, *texts[number % TEXTS], now - timedelta(days=first // a_day))
            for number in range(first, min(first + a_day, papers))
        )


def paper(number: int, title: str, abstract: str, moment: datetime) -> Paper:
    return Paper(
        arxiv_id=f"x/{number:07}",
        title=title,
        title_key=str(number),
        abstract=abstract,
        categories=["cs.LG"],
        authors=["Ada Example", "Ben Sample"],
        author_count=2,
        first_seen_at=moment,
        updated_at=moment,
    )


def ask(keywords: str) -> float:
    """Seconds for one preview."""
    ration.clear()
    start = time.perf_counter()
    answer = Client(headers={"host": "localhost"}).post("/subscribe/preview", {"keywords": keywords})
    connections.close_all()
    if answer.status_code != 200:
        raise SystemExit(f"answered {answer.status_code}")
    return time.perf_counter() - start


def measure(name: str, wanted: list[str], threads: int, do: Callable[[str], float] = ask) -> None:
    start, busy = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        times = list(pool.map(do, wanted))
    rate = len(wanted) / (time.perf_counter() - start)
    cpu = (time.process_time() - busy) / len(wanted)
    cuts = statistics.quantiles(times, n=20)
    p50, p95 = cuts[9] * 1000, cuts[18] * 1000
    print(f"{name:<44} {rate:7.1f}/s  p50 {p50:7.1f} ms  p95 {p95:7.1f} ms  CPU {cpu * 1000:6.1f} ms", flush=True)


def main(papers: int = 100_000, a_day: int = 1_000, threads: int = 4) -> None:
    logging.disable(logging.INFO)  # a line a request
    call_command("migrate", verbosity=0)
    writer, chance = Writer(1), random.Random(2)
    fill(papers, a_day, writer)
    wanted = ["\n".join(writer.phrases(chance.randint(1, 8))) for _ in range(REQUESTS)]
    print(f"{papers:,} papers, {a_day:,} a day, on {connection.vendor}, {threads} threads")
    print(f"{'first preview, which loads the papers':<44} {ask('grokking') * 1000:.0f} ms")
    measure("previews, no two alike", wanted, threads)
    measure("the same again", wanted, threads)
    costly = [
        "\n".join("(" + " OR ".join(chance.choices(writer.words[:40], k=9)) + ")" for _ in range(20)) for _ in range(5)
    ]
    measure("20 keywords of the commonest words", costly, 1)
    print(f"memory of the process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
