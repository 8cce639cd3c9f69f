"""Can the clock tell whose address is in the form? `python -m tests.benchmarks.bench_discretion [requests]`.

Signs up new, pending, active, former and suppressed addresses in turn, 200 of each, and compares the times
of each class with those of new addresses by the Mann-Whitney test (STANDARDS S06: p > 0.01).
On SQLite in a folder of its own, or on the database of DATABASE_URL, which must be empty.
"""

import os
import random
import statistics
import sys
import time
from math import erfc, sqrt

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

# ruff: noqa: E402 -- models need the settings
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from subscriptions import limiting, links
from subscriptions.models import Subscriber, Suppression
from tests.readers import sign_up_fields

STATUSES = {"pending": "pending", "active": "active", "former": "left"}


def prepare(count: int) -> list[tuple[str, str]]:
    """(class, address) for each request, in an order without pattern."""
    now = timezone.now()
    Subscriber.objects.bulk_create(
        Subscriber(email=email, email_key=email, status=status, created_at=now)
        for name, status in STATUSES.items()
        for email in addresses(name, count)
    )
    suppressed = addresses("suppressed", count)
    Suppression.objects.bulk_create(Suppression(address_hmac=links.address_hmac(email)) for email in suppressed)
    cases = [(name, email) for name in ("new", *STATUSES, "suppressed") for email in addresses(name, count)]
    random.Random(1).shuffle(cases)
    return cases


def addresses(name: str, count: int) -> list[str]:
    return [f"{name}{number}@{name}{number}.example.org" for number in range(count)]


def timed(email: str, number: int) -> float:
    client = Client(REMOTE_ADDR=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
    fields = sign_up_fields(email, timezone.now())
    start = time.perf_counter()
    response = client.post("/subscribe", fields)
    elapsed = time.perf_counter() - start
    assert response["Location"] == "/subscribe/thanks", response.content
    return elapsed * 1000


def mann_whitney(one: list[float], other: list[float]) -> float:
    """The two-sided p by the normal approximation, without ties."""
    ranks = {value: rank for rank, value in enumerate(sorted(one + other), 1)}
    n, m = len(one), len(other)
    u = sum(ranks[value] for value in one) - n * (n + 1) / 2
    return erfc(abs(u - n * m / 2) / sqrt(n * m * (n + m + 1) / 12) / sqrt(2))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    settings.ACCOUNT_MAILS_PER_HOUR = 100 * count
    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    times: dict[str, list[float]] = {}
    for number, (name, email) in enumerate([("warm", f"w{n}@w{n}.example.org") for n in range(50)] + prepare(count)):
        times.setdefault(name, []).append(timed(email, number))
    for name in ("new", *STATUSES, "suppressed"):
        p = mann_whitney(times["new"], times[name]) if name != "new" else 1.0
        print(f"{name:<11} median {statistics.median(times[name]):6.2f} ms   p against new {p:.3f}")
    print(f"limit for one client: {limiting.CLIENT.most} an hour; each request came from another")


if __name__ == "__main__":
    main()
