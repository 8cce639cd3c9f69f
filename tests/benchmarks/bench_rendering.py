"""How fast digests are made: `python -m tests.benchmarks.bench_rendering [papers]`. Needs no database.

One reader after the other, from rows in memory to the bytes an SMTP server gets: joined from pieces encoded once
(as they are sent), and rendered straight by Django, template by template. CPU seconds, the best of five rounds.
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import date

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

from django.core.mail import EmailMultiAlternatives  # noqa: E402

from subscriptions.issue import fill_digest  # noqa: E402
from tests.subscriptions.mails import (  # noqa: E402
    ADDRESSES,
    LONG,
    build_message,
    digest,
    interest,
    item,
    paper,
    raw,
)
from tests.subscriptions.plain import render_plainly  # noqa: E402

READERS = 40
ROUNDS = 5


def rows(papers: int):
    """A digest every reader gets, each with an interest of their own besides."""
    items = [
        item(
            paper(
                number,
                abstract=LONG * 6,
                organisation="Example Lab",
                published_on=date(2026, 8, 11),
                votes=number,
                code_url="https://code.example.org/x",
            )
        )
        for number in range(1, papers + 1)
    ]
    return [
        (digest(matched=papers, sources=2, sources_current=2), items, [interest("grokking"), interest(f"reader {n}")])
        for n in range(READERS)
    ]


def joined(reader) -> bytes:
    return raw(build_message(**fill_digest(*reader, ADDRESSES)._asdict()))


def plain(reader) -> bytes:
    subject, text, html = render_plainly(*reader, ADDRESSES)
    message = EmailMultiAlternatives(subject, text, "papers@example.org", ["reader@example.net"])
    message.attach_alternative(html, "text/html")
    return message.message().as_bytes(linesep="\r\n")


def seconds(make: Callable[..., bytes], readers: list) -> float:
    started = time.process_time()
    for reader in readers:
        make(reader)
    return (time.process_time() - started) / len(readers)


def main() -> None:
    papers = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    readers = rows(papers)
    joined(readers[0])
    best = {make: min(seconds(make, readers) for _ in range(ROUNDS)) for make in (joined, plain)}
    print(f"{papers} papers: joined {best[joined] * 1e3:.2f} ms, plain {best[plain] * 1e3:.2f} ms a digest")
    print(f"{best[plain] / best[joined]:.1f} times as fast, {1 / best[joined]:,.0f} a second on one core")


if __name__ == "__main__":
    main()
