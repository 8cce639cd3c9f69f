"""What the back office costs with 100,000 readers and a year of papers: `python -m tests.benchmarks.bench_admin
[days] [papers a day] [readers] [editions]`.

Prints, for each page, the queries, their milliseconds, the whole request's and the processor time it took here and
in the database, which is what it takes on an idle machine: medians of several requests.
On SQLite in a folder of its own, or on the database of DATABASE_URL; one that holds papers already is not filled
again.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.benchmarks.bench_pages import A_PAPER, LAST, Watch, fill  # sets Django up

from django.core.cache import cache  # isort: skip
from django.core.management import call_command  # isort: skip
from django.db import connection  # isort: skip
from django.test import Client  # isort: skip
from django.utils import timezone  # isort: skip

from digest_site.glance import page, wishes  # isort: skip
from papers.models import Paper  # isort: skip
from papers.search.stored import remember  # isort: skip
from subscriptions.models import Delivery, Digest, Edition, Interest, Subscriber  # isort: skip
from tests.benchmarks.working import worked  # isort: skip
from tests.operators import enter, make_operator  # isort: skip

WORDS = ("grokking", "circuit", "decay", "weight", "state space", "diffusion", "agents", "robot", "bayes", "kernel")
ROUNDS = 7
LISTS = ("paper", "listing", "reading", "rejected", "announcement", "category")
QUERIES = (
    ("day of a year ago", "paper/?day={old}"),
    ("day and source", "paper/?day={old}&source=arxiv"),
    ("source", "paper/?source=arxiv"),
    ("source with few", "paper/?source=editors"),
    ("organisation", "paper/?organisation=google"),
    ("picks", "paper/?is_pinned__exact=1"),
    ("hidden", "paper/?is_hidden__exact=1"),
    ("withdrawn", "paper/?is_withdrawn__exact=1"),
    ("edited", "paper/?is_edited__exact=1"),
    ("without id", "paper/?has_id=no"),
    ("last page", "paper/?p=100"),
    ("search by id", "paper/?q={one}"),
    ("search: common word", "paper/?q=grokking"),
    ("search: rare phrase", "paper/?q=title:%22circuit+7+of+100%22"),
    ("search: common word on a day", "paper/?q=grokking&day={old}"),
    ("listings of a day", "listing/?day={old}"),
    ("listings of a source", "listing/?source=arxiv"),
    ("listings of a source with few", "listing/?source=editors"),
    ("listing search", "listing/?q={one}"),
    ("readings of a source", "reading/?source=arxiv"),
    ("failed readings", "reading/?outcome__exact=failed"),
    ("reading search", "reading/?q=503"),
)


def fill_readers(readers: int, editions: int) -> None:
    chance = random.Random(1)
    rows = [
        Subscriber(
            email=f"reader{number}@example.org",
            email_key=f"reader{number}@example.org",
            status=chance.choices(("active", "pending", "left"), (90, 4, 6))[0],
            frequency=chance.choices(("daily", "weekdays", "weekly", "paused"), (70, 15, 12, 3))[0],
            confirmed_at=LAST - timedelta(days=chance.random() * 400),
            next_digest_at=LAST + timedelta(days=2),
        )
        for number in range(readers)
    ]
    for row in rows:
        row.left_at = LAST - timedelta(days=chance.random() * 90) if row.status == "left" else None
    Subscriber.objects.bulk_create(rows, batch_size=5_000)
    pks = list(Subscriber.objects.filter(status="active").values_list("pk", flat=True))
    Interest.objects.bulk_create(
        (
            Interest(subscriber_id=pk, text=text, normal=text)
            for pk in pks
            for text in {f"{chance.choice(WORDS)} {int(chance.paretovariate(0.6)) % 50_000}" for _ in range(5)}
        ),
        batch_size=5_000,
    )
    for back in range(editions):
        _fill_edition(pks, back)


def _fill_edition(pks: list[int], back: int) -> None:
    at = LAST - timedelta(days=back, hours=2)
    times = {"due_at": at, "window_start": at - timedelta(days=1), "window_end": at, "created_at": at}
    digests = Digest.objects.bulk_create(
        (Digest(subscriber_id=pk, edition=at.date(), outcome="queued", **times) for pk in pks), batch_size=5_000
    )
    Delivery.objects.bulk_create(
        (
            Delivery(
                key=f"{at:%j}-{digest.subscriber_id}",
                kind="digest",
                subscriber_id=digest.subscriber_id,
                digest_id=digest.pk,
                state="accepted",
                not_before=at,
                created_at=at,
                settled_at=at + timedelta(minutes=5),
            )
            for digest in digests
        ),
        batch_size=5_000,
    )
    # As in life: the newest two are still open somewhere on earth.
    closed = {"closed_at": at, "counts": {"due": len(pks), "accepted": len(pks)}} if back > 1 else {}
    Edition.objects.create(day=at.date(), created_at=at, **closed)


def measure(name: str, request: Callable[[], Any]) -> None:
    request()  # templates are compiled now
    rounds = []
    for _ in range(ROUNDS):
        watch = Watch()
        with connection.execute_wrapper(watch):
            start, cpu = time.perf_counter(), worked()
            status = request().status_code
            rounds.append((sum(watch.times), time.perf_counter() - start, worked() - cpu))
    sql, whole, cpu = (1000 * statistics.median(column) for column in zip(*rounds, strict=True))
    print(
        f"{name:<34} {status}  {len(watch.times):>2} queries {sql:7.1f} ms  {whole:7.1f} ms  CPU {cpu:6.1f} ms",
        flush=True,
    )


def timed(name: str, act: Callable[[], Any]) -> None:
    start, cpu = time.perf_counter(), worked()
    act()
    whole, used = time.perf_counter() - start, worked() - cpu
    print(f"{name:<34} {1000 * whole:7.1f} ms  CPU {1000 * used:7.1f} ms", flush=True)


def measure_home(editor: Client) -> None:
    now = timezone.now()
    for name, count in page.COUNTED.items():
        timed(f"home: {name}, counted", lambda count=count: count(now))
    timed("wishes, counted by a worker", lambda: wishes.refresh(now))

    def afresh() -> Any:
        cache.delete("glance-figures-1")
        return editor.get("/admin/")

    measure("home: once a minute", afresh)
    measure("home: otherwise", lambda: editor.get("/admin/"))


def main(days: int = 365, papers: int = 1000, readers: int = 100_000, editions: int = 7) -> None:
    call_command("migrate", verbosity=0)
    if not Paper.objects.exists():
        timed("papers written", lambda: fill(days, papers))
        timed("readers written", lambda: fill_readers(readers, editions))
        timed("words written", lambda: remember(Paper.objects.iterator(chunk_size=2_000)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    editor = enter(Client(headers={"host": "localhost"}), make_operator(f"editor{time.time_ns()}"))
    known = {"old": (LAST - timedelta(days=days - 1)).date(), "one": A_PAPER}
    for name in LISTS:
        measure(f"/admin/papers/{name}/", lambda name=name: editor.get(f"/admin/papers/{name}/"))
    for name, address in QUERIES:
        measure(name, lambda address=address: editor.get("/admin/papers/" + address.format(**known)))
    measure_home(editor)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
