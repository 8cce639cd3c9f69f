"""How fast digests are composed, and in how much memory: `python -m tests.benchmarks.bench_compose [readers [judged]]`.

10,000 readers with 8 interests each, 500 papers, on a SQLite file of its own, everything written. With `judged`,
each of them has asked for more or less like that many papers of the last weeks.
"""

import os
import random
import resource
import sys
import time
from collections import Counter
from datetime import timedelta
from itertools import islice

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

# ruff: noqa: E402 -- models need the settings
from django.core.management import call_command
from django.db import connection

from papers.models import Paper
from papers.search.query import parse
from subscriptions import links
from subscriptions.composing import compose
from subscriptions.models import Delivery, DigestItem, Feedback, Interest, Subscriber, Token
from tests.factories import NOW

PAPERS, INTERESTS, WORDS, POPULAR = 500, 8, 3_000, 100
OLD_PAPERS = 2_000  # those that were judged


def make_vocabulary(rng):
    syllables = [consonant + vowel for consonant in "bdfgklmnprstv" for vowel in "aeiou"]
    return sorted({"".join(rng.choices(syllables, k=4)) for _ in range(WORDS)})


def write_text(rng, vocabulary, words):
    return " ".join(rng.choices(vocabulary, k=words)).capitalize() + "."


def make_papers(rng, vocabulary):
    Paper.objects.bulk_create(
        Paper(
            arxiv_id=f"2608.{number:05}",
            title=write_text(rng, vocabulary, 9),
            title_key=f"paper{number}",
            abstract=" ".join(write_text(rng, vocabulary, 20) for _ in range(8)),
            authors=["Ada Example", "Ben Sample"],
            categories=["cs.LG"],
            votes=rng.randrange(50),
            first_seen_at=NOW - timedelta(minutes=rng.randrange(5, 1_400)),
        )
        for number in range(PAPERS)
    )


def make_topic(rng, vocabulary):
    """A word or two. Every other one is among popular ones, the rest are a reader's own."""
    words = vocabulary[:POPULAR] if rng.random() < 0.5 else vocabulary
    return " ".join(rng.sample(words, rng.choice((1, 2, 2))))


def make_readers(rng, vocabulary, number):
    readers = [
        Subscriber(
            email=f"reader{n}@example.org",
            email_key=f"reader{n}@example.org",
            status=Subscriber.Status.ACTIVE,
            zone=rng.choice(["UTC", "Europe/Berlin", "Asia/Tokyo"]),
            hour=7,
            frequency=rng.choices(["daily", "weekdays", "weekly"], [8, 1, 1])[0],
            next_digest_at=NOW - timedelta(seconds=30),
            cutoff_at=NOW - timedelta(days=1),
        )
        for n in range(number)
    ]
    Subscriber.objects.bulk_create(readers, batch_size=1_000)
    Token.objects.bulk_create(links.build(reader, Token.Purpose.UNSUBSCRIBE, NOW) for reader in readers)
    texts = ((reader, {make_topic(rng, vocabulary) for _ in range(INTERESTS)}) for reader in readers)
    rows = (
        Interest(subscriber=reader, text=text, normal=parse(text).normal, position=position)
        for reader, wanted in texts
        for position, text in enumerate(sorted(wanted))
    )
    while batch := list(islice(rows, 2_000)):
        Interest.objects.bulk_create(batch, ignore_conflicts=True)


def make_feedback(rng, vocabulary, judged):
    old = Paper.objects.bulk_create(
        Paper(
            title=write_text(rng, vocabulary, 9),
            title_key=f"old{number}",
            abstract=" ".join(write_text(rng, vocabulary, 20) for _ in range(8)),
            authors=["Ada Example"],
            categories=["cs.LG"],
            first_seen_at=NOW - timedelta(days=20),
        )
        for number in range(OLD_PAPERS)
    )
    rows = (
        Feedback(subscriber_id=reader, paper=paper, verdict=rng.choice((1, -1)), at=NOW - timedelta(days=1))
        for reader in Subscriber.objects.values_list("pk", flat=True)
        for paper in rng.sample(old, judged)
    )
    while batch := list(islice(rows, 2_000)):
        Feedback.objects.bulk_create(batch)


def peak_mebibytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(number=10_000, judged=0):
    rng = random.Random(number)
    call_command("migrate", verbosity=0)
    vocabulary = make_vocabulary(rng)
    make_papers(rng, vocabulary)
    make_readers(rng, vocabulary, number)
    if judged:
        make_feedback(rng, vocabulary, judged)
    distinct = Interest.objects.values("normal").distinct().count()
    print(f"{number:,} readers, {Interest.objects.count():,} interests ({distinct:,} distinct), {PAPERS} papers")

    # As early as possible in a process of its own, so that the peak is the composer's.
    before, outcomes, first = peak_mebibytes(), Counter(), 0.0
    started, cpu = time.perf_counter(), time.process_time()
    for made, draft in enumerate(compose(NOW), 1):
        outcomes[draft.outcome] += 1
        if made == number // 10:
            first = peak_mebibytes()
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu

    print(f"{dict(outcomes)}; {DigestItem.objects.count():,} items, {Delivery.objects.count():,} deliveries")
    print(f"{seconds:.1f} s ({cpu:.1f} s of processor time), {number / seconds:,.0f} readers/s")
    print(f"peak memory {before:.0f} MiB before, {first:.0f} after a tenth, {peak_mebibytes():.0f} at the end")
    connection.close()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
