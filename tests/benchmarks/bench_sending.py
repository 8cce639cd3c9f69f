"""How fast digests leave, by window: `python -m tests.benchmarks.bench_sending [messages]`.

One process sends to a mail server on loopback, which has a process of its own. The same messages leave with
windows of 1, 10 and 50, in turns; the best of three rounds counts. On a SQLite file of its own, or on the
database of DATABASE_URL, which must be empty: `python -m tests.services python -m tests.benchmarks.bench_sending`.
"""

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

from django.conf import settings  # noqa: E402
from django.core.mail import get_connection  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from subscriptions import links  # noqa: E402
from subscriptions.composing import compose_due  # noqa: E402
from subscriptions.delivery import send_queued  # noqa: E402
from subscriptions.models import Delivery, Interest, Subscriber, Token  # noqa: E402
from subscriptions.rendering import render_many  # noqa: E402
from tests.factories import NOW, make_paper  # noqa: E402
from tests.faults.sink import open_sink  # noqa: E402

WINDOWS = (1, 10, 50)
ROUNDS = 3


def serve(pipe: Connection) -> None:
    """The mail server's process: tells its port, and ends when told to."""
    with open_sink() as sink:
        pipe.send(sink.port)
        pipe.recv()


@contextmanager
def mail_server() -> Iterator[int]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("end")
        process.join()


def make_digests(number: int) -> None:
    """Every reader gets the same ten papers, with reasons of their own."""
    for paper in range(1, 11):
        make_paper(paper, first_seen_at=NOW - timedelta(hours=paper))
    emails = [f"reader{n}@mail{n % 50}.example.org" for n in range(number)]
    values = {"status": "active", "next_digest_at": NOW, "cutoff_at": NOW - timedelta(days=1), "created_at": NOW}
    readers = Subscriber.objects.bulk_create(Subscriber(email=email, email_key=email, **values) for email in emails)
    Interest.objects.bulk_create(Interest(subscriber=each, text="grokking", normal="grokking") for each in readers)
    Token.objects.bulk_create(links.build(each, Token.Purpose.UNSUBSCRIBE, NOW) for each in readers)
    compose_due(NOW)


def send(window: int, number: int) -> tuple[float, float]:
    """Messages a second, and statements a message, when all of them wait in the queue."""
    settings.SEND_WINDOW = window
    Delivery.objects.update(state="queued", attempts=0, claim=None, not_before=NOW, settled_at=None)
    started = time.perf_counter()
    totals = send_queued(lambda: NOW)
    seconds = time.perf_counter() - started
    assert totals == {"accepted": number}
    Delivery.objects.filter(pk__in=Delivery.objects.values("pk")[:100]).update(state="queued")
    with CaptureQueriesContext(connection) as queries:
        sent = send_queued(lambda: NOW).total()
    return number / seconds, len(queries) / sent


def send_bare(number: int) -> float:
    """Messages a second without a ledger: rendered before, and handed over one after the other."""
    rows = Delivery.objects.select_related("subscriber", "digest", "token")
    messages = list(render_many(list(rows), now=NOW).values())
    started = time.perf_counter()
    assert get_connection().send_messages(messages) == number
    return number / (time.perf_counter() - started)


def main(number: int) -> None:
    call_command("migrate", verbosity=0)
    make_digests(number)
    with mail_server() as port:
        settings.EMAIL_BACKEND = "subscriptions.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        rounds = [{window: send(window, number) for window in WINDOWS} for _ in range(ROUNDS)]
        bare = max(send_bare(number) for _ in range(ROUNDS))
    best = {window: max(each[window] for each in rounds) for window in WINDOWS}

    print(f"{number:,} digests of ten papers, one process, {connection.vendor}")
    for window, (speed, statements) in best.items():
        ratio = speed / best[WINDOWS[0]][0]
        print(f"window {window:>3}: {speed:>6,.0f} messages/s, {statements:.1f} statements a message, {ratio:.2f} ×")
    print(f"no ledger : {bare:>6,.0f} messages/s, rendered before")
    connection.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 600)
