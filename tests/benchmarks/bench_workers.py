"""What a second worker process brings: `python -m tests.services python -m tests.benchmarks.bench_workers [readers]`.

One process and then two compose everybody's digests and send them to a mail server on loopback, which has a process
of its own. Each count begins with the same readers, ten papers that match each of them, and an empty ledger.
Processor time tells more than the clock where other programs run too.
"""

import multiprocessing
import os
import sys
import time
from datetime import timedelta
from multiprocessing.connection import Connection

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from subscriptions import links  # noqa: E402
from subscriptions.composing import compose_due  # noqa: E402
from subscriptions.delivery import send_queued  # noqa: E402
from subscriptions.models import Delivery, Digest, Interest, Subscriber, Token  # noqa: E402
from tests.benchmarks.bench_sending import mail_server  # noqa: E402
from tests.factories import NOW, make_paper  # noqa: E402

PROCESSES = (1, 2)


def make_readers(number: int) -> None:
    for paper in range(10):
        make_paper(paper)
    emails = [f"reader{n}@mail{n % 50}.example.org" for n in range(number)]
    values = {"status": "active", "next_digest_at": NOW, "cutoff_at": NOW - timedelta(days=1), "created_at": NOW}
    readers = Subscriber.objects.bulk_create(Subscriber(email=email, email_key=email, **values) for email in emails)
    Interest.objects.bulk_create(Interest(subscriber=each, text="grokking", normal="grokking") for each in readers)
    Token.objects.bulk_create(links.build(each, Token.Purpose.UNSUBSCRIBE, NOW) for each in readers)


def begin_again() -> None:
    Digest.objects.all().delete()
    Subscriber.objects.update(next_digest_at=NOW, cutoff_at=NOW - timedelta(days=1), last_edition=None)


def work(pipe: Connection, port: int) -> None:
    """One worker process: composes when told to, then sends when told to."""
    settings.EMAIL_BACKEND = "subscriptions.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    connection.ensure_connection()
    for job in (lambda: compose_due(NOW), lambda: send_queued(lambda: NOW)):
        pipe.send("ready")
        pipe.recv()
        before = time.process_time()
        job()
        pipe.send(time.process_time() - before)
    connection.close()


def measure(count: int, port: int) -> list[tuple[float, float]]:
    """Seconds that `count` processes took to compose everything, then to send it; and of processor time, together."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = zip(*(multiprocessing.Pipe() for _ in range(count)), strict=True)
    processes = [context.Process(target=work, args=(pipe, port)) for pipe in theirs]
    for process in processes:
        process.start()
    took = []
    for _ in ("compose", "send"):
        for pipe in ours:
            pipe.recv()
        started = time.perf_counter()
        for pipe in ours:
            pipe.send("go")
        busy = sum(pipe.recv() for pipe in ours)
        took.append((time.perf_counter() - started, busy))
    for process in processes:
        process.join()
    return took


def main(number: int) -> None:
    call_command("migrate", verbosity=0)
    make_readers(number)
    load, _, _ = os.getloadavg()
    print(f"{number:,} readers, ten papers each, {connection.vendor}, {os.cpu_count()} cores, load {load:.1f} before")
    with mail_server() as port:
        for count in PROCESSES:
            begin_again()
            found = measure(count, port)
            assert Delivery.objects.filter(state="accepted").count() == number
            for what, (seconds, busy) in zip(("readers composed", "messages sent"), found, strict=True):
                each = f"{number / seconds:>6,.0f} a second, {1000 * busy / number:.1f} ms of processor time each"
                print(f"{count} process(es), {what:<16}: {each}")
    connection.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
