"""What the back office costs with many readers: `python -m tests.benchmarks.bench_readers [readers] [rows] [editions]`.

Prints, for each list, for a reader's page and for the pages that tell how it is going, the queries, the median
milliseconds of several requests and the processor time they took here and in the database, which is what they take
on an idle machine; then, for an import of `rows` rows, processor time and memory as it goes on. On SQLite in a folder
of its own, or on DATABASE_URL, which must be empty.
"""

import logging
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

from django.contrib import admin  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from digest_site import health  # noqa: E402
from papers.models import Paper  # noqa: E402
from subscriptions import importing  # noqa: E402
from subscriptions.models import Delivery, DeliveryEvent, Digest, Import, Interest, Subscriber, Token  # noqa: E402
from subscriptions.models.subscriber import ConsentEvent  # noqa: E402
from tests.benchmarks.working import worked  # noqa: E402
from tests.operators import enter, make_operator  # noqa: E402

NOW = datetime.now(UTC).replace(microsecond=0)
ROUNDS = 5
CHUNK = 10_000
HEAD = b"email,keywords,hour,zone\n"


def fill(count: int, editions: int) -> None:
    """Readers with two interests, consent, a link and an event each, and in every edition a digest and its delivery."""
    Paper.objects.bulk_create(
        Paper(arxiv_id=f"2608.{n:05}", title=f"Circuit {n}", title_key=f"circuit{n}", abstract="Grokking comes late.",
              authors=["Ada Example"], author_count=1, categories=["cs.LG"], first_seen_at=NOW, updated_at=NOW)
        for n in range(100)
    )  # fmt: skip
    for first in range(0, count, CHUNK):
        numbers = range(first, min(first + CHUNK, count))
        readers = Subscriber.objects.bulk_create(
            Subscriber(email=f"reader{n}@example.org", email_key=f"reader{n}@example.org", confirmed_at=NOW,
                       status="left" if n % 10 == 0 else "active", created_at=NOW - timedelta(minutes=n))
            for n in numbers
        )  # fmt: skip
        Interest.objects.bulk_create(
            Interest(subscriber=reader, text=text, normal=text, position=position)
            for reader in readers for position, text in enumerate(("grokking", "circuit"))
        )  # fmt: skip
        ConsentEvent.objects.bulk_create(
            ConsentEvent(subscriber=reader, kind="confirmed", at=NOW, form="bench") for reader in readers
        )
        Token.objects.bulk_create(
            Token(subscriber=reader, purpose="unsubscribe", digest=f"{reader.pk}", nonce="0" * 32, created_at=NOW)
            for reader in readers
        )
        for back in range(editions):
            day = (NOW - timedelta(days=back)).date()
            digests = Digest.objects.bulk_create(
                Digest(
                    subscriber=reader,
                    edition=day,
                    due_at=NOW - timedelta(hours=1),
                    window_start=NOW,
                    window_end=NOW,
                    outcome="queued",
                )
                for reader in readers
            )
            # Sent from fifty minutes ago on, a hundred a second, in windows of ten.
            Delivery.objects.bulk_create(
                Delivery(key=f"digest-{digest.pk}", kind="digest", subscriber_id=digest.subscriber_id, digest=digest,
                         state="accepted", not_before=NOW, created_at=NOW - timedelta(days=back),
                         settled_at=NOW - timedelta(seconds=3_000 - at // 10 / 10))
                for at, digest in enumerate(digests)
            )  # fmt: skip
        DeliveryEvent.objects.bulk_create(
            DeliveryEvent(fingerprint=f"{reader.pk}", kind="delivered", provider="x", at=NOW, key=f"{reader.pk}")
            for reader in readers
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def measure(name: str, request: Callable[[], object]) -> None:
    request()
    times, work = [], []
    for _ in range(ROUNDS):
        with CaptureQueriesContext(connection) as queries:
            start, cpu = time.perf_counter(), worked()
            request()
            work.append(1000 * (worked() - cpu))
            times.append(1000 * (time.perf_counter() - start))
    slowest = max(queries.captured_queries, key=lambda query: float(query["time"]))
    wall, cpu = statistics.median(times), statistics.median(work)
    spent = f"{name:40} {len(queries):3} queries {wall:7.0f} ms, of them worked {cpu:5.0f}"
    print(f"{spent}   {slowest['time']} {slowest['sql'][:90]}")


def pages(client: Client) -> None:
    def get(address: str) -> Callable[[], object]:
        def request() -> None:
            response = client.get(address)
            assert response.status_code in {200, 503}, (address, response.status_code)  # nothing was read

        return request

    for model in admin.site._registry:
        if model._meta.app_label in {"subscriptions", "admin", "auth"}:
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            measure(model._meta.model_name or "", get(address))
    readers = reverse("admin:subscriptions_subscriber_changelist")
    measure("readers: by address", get(f"{readers}?q=reader4711@example.org"))
    measure("readers: by how it begins", get(f"{readers}?q=reader47"))
    measure("readers: who left", get(f"{readers}?status__exact=left"))
    measure("readers: last page", get(f"{readers}?p={Subscriber.objects.count() // 100}"))
    for name in ("digest", "delivery", "token", "interest"):
        address = reverse(f"admin:subscriptions_{name}_changelist")
        measure(f"{name}: by address", get(f"{address}?q=reader4711@example.org"))
    health.beat(timezone.now())
    for address in ("/status", "/readyz", "/metrics"):
        measure(address, get(address))
    measure(
        "a reader", get(reverse("admin:subscriptions_subscriber_change", args=[Subscriber.objects.latest("pk").pk]))
    )


def lines(count: int) -> Iterator[bytes]:
    yield HEAD
    for number in range(count):
        yield b"new%d@example.org,grokking,9,Europe/Berlin\n" % number


def run_import(count: int) -> None:
    with tempfile.TemporaryFile() as file:
        rows = lines(count)
        while part := b"".join(islice(rows, 10_000)):
            file.write(part)
        file.seek(0)
        job = importing.receive(file, timezone.now(), name="bench.csv", source="bench", evidence="bench")
    importing.begin_check(job, {"0": "email", "1": "keywords", "2": "hour", "3": "zone"})
    run_pass("checked", job)
    assert importing.begin_import(job)
    run_pass("brought in", job)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"import of {count:,} rows: {job.joined:,} joined; at most {peak:.0f} MB in memory")


def run_pass(name: str, job: Import) -> None:
    watch = Watch()
    start, cpu = time.perf_counter(), worked()
    while Import.objects.get(pk=job.pk).is_at_work:
        importing.work(watch)
    job.refresh_from_db()
    found = watch.resident
    memory = ", ".join(f"{found[at]:.0f}" for at in (0, len(found) // 2, -1))
    spent = f"worked {worked() - cpu:.0f} s of {time.perf_counter() - start:.0f} s"
    print(f"{name}: {spent}; first, half-way and last {memory} MB in memory")


class Watch:
    """The time, for a pass that asks for it at every batch; and what was in memory each time, in MB."""

    def __init__(self) -> None:
        self.resident: list[float] = []

    def __call__(self) -> datetime:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        self.resident.append(pages * resource.getpagesize() / 2**20)
        return timezone.now()


def main(count: int, rows: int, editions: int = 1) -> None:
    logging.disable(logging.ERROR)
    connection.creation.create_test_db(verbosity=0)
    if count:
        fill(count, editions)
        pages(enter(Client(SERVER_NAME="localhost"), make_operator()))
    if rows:
        run_import(rows)
    connection.creation.destroy_test_db("", verbosity=0)


if __name__ == "__main__":
    main(*(int(argument) for argument in (sys.argv[1:] or ("100000", "100000"))))
