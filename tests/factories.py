"""Rows for tests, each with sensible values and only what matters named by the caller."""

from datetime import UTC, datetime, timedelta
from typing import Any

from papers.models import Paper
from subscriptions import links
from subscriptions.models import Delivery, Digest, DigestItem, Interest, Subscriber, Token

NOW = datetime(2026, 8, 12, 7, 0, 30, tzinfo=UTC)


def make_paper(number: int = 1, **fields: Any) -> Paper:
    values: dict[str, Any] = {
        "arxiv_id": f"2608.{number:05}",
        "title": f"Grokking in circuit {number}",
        "title_key": f"grokkingincircuit{number}",
        "abstract": f"We study how grokking appears in circuit {number}. It appears late.",
        "authors": ["Ada Example", "Ben Sample"],
        "author_count": 2,
        "categories": ["cs.LG"],
        "first_seen_at": NOW - timedelta(hours=6),
        "updated_at": NOW - timedelta(hours=6),
    }
    return Paper.objects.create(**values | fields)


def make_subscriber(number: int = 1, **fields: Any) -> Subscriber:
    values: dict[str, Any] = {
        "email": f"reader{number}@example.org",
        "status": Subscriber.Status.ACTIVE,
        "confirmed_at": NOW - timedelta(days=30),
        "cutoff_at": NOW - timedelta(days=1),
        "next_digest_at": NOW - timedelta(seconds=30),
        "created_at": NOW - timedelta(days=30),
    }
    subscriber = Subscriber.objects.create(**values | fields)
    if subscriber.status == Subscriber.Status.ACTIVE:
        links.issue(subscriber, Token.Purpose.UNSUBSCRIBE, NOW - timedelta(days=30))
    return subscriber


def make_interest(subscriber: Subscriber, text: str, **fields: Any) -> Interest:
    return Interest.objects.create(subscriber=subscriber, text=text, normal=text.lower(), **fields)


def make_digest(subscriber: Subscriber, papers: list[Paper], **fields: Any) -> Digest:
    values: dict[str, Any] = {
        "edition": NOW.date(),
        "due_at": NOW - timedelta(seconds=30),
        "window_start": NOW - timedelta(days=1),
        "window_end": NOW,
        "considered": 20,
        "matched": len(papers),
        "outcome": Digest.Outcome.QUEUED,
        "created_at": NOW,
    }
    digest = Digest.objects.create(subscriber=subscriber, **values | fields)
    DigestItem.objects.bulk_create(
        DigestItem(
            digest=digest,
            paper=paper,
            position=position,
            score=10.0 - position,
            reasons=[{"interest": "grokking", "terms": ["Grokking"]}],
        )
        for position, paper in enumerate(papers, 1)
    )
    return digest


def make_delivery(number: int = 1, papers: list[Paper] | None = None, **fields: Any) -> Delivery:
    """A queued digest of a reader of its own."""
    subscriber = fields.pop("subscriber", None) or make_subscriber(number)
    digest = make_digest(subscriber, papers or [Paper.objects.first() or make_paper()])
    values: dict[str, Any] = {
        "key": f"digest-{number:016}",
        "kind": Delivery.Kind.DIGEST,
        "token": links.issue(subscriber, Token.Purpose.MANAGE, NOW),
        "not_before": NOW,
        "created_at": NOW,
    }
    return Delivery.objects.create(subscriber=subscriber, digest=digest, **values | fields)
