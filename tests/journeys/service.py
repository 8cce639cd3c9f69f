"""A service that has run for a while, with invented papers and readers: for pictures of the admin."""

import random
from datetime import UTC, date, datetime, time, timedelta

from digest_site.demo.samples import DAYS, load_samples
from digest_site.glance import wishes
from digest_site.models import Alert
from papers.merging import title_key
from papers.models import Announcement, Listing, Paper, Reading, Rejected
from papers.search import parse
from papers.search.stored import remember
from subscriptions.models import Delivery, DeliveryEvent, Digest, Edition, Interest, Subscriber

WANTED = (
    ("state space models", 0.5), ("multi-agent", 0.4), ("diffusion models", 0.33), ("robot*", 0.28),
    ("retrieval", 0.25), ("grasping", 0.2), ("benchmark AND NOT survey", 0.16), ("org:lanternworks", 0.12),
    ("chain of thought", 0.1), ("conformal prediction", 0.07), ("quantun networks", 0.02), ("cat:math.GT", 0.03),
    ("perpetual motion", 0.01),
)  # fmt: skip


def fill(now: datetime, readers: int = 400) -> None:
    chance = random.Random(8)
    papers = _papers(now)
    _listings(papers, now, chance)
    _readings(now, chance)
    _readers(now, readers, chance)
    _editions(now, readers, chance)
    today = now.date()
    Announcement.objects.create(
        body="**New:** papers can be read as a feed. [How it works](https://example.org/feeds)",
        starts_on=today - timedelta(days=1),
        ends_on=today + timedelta(days=5),
    )
    wishes.refresh(now)


def _papers(now: datetime) -> list[Paper]:
    rows = [
        Paper(
            arxiv_id=sample.id,
            title=sample.one_line_title,
            title_key=title_key(sample.one_line_title),
            abstract=" ".join(sample.summary.split()),
            authors=list(sample.authors),
            author_count=len(sample.authors),
            organisation=sample.organisation,
            organisation_name=sample.organisation_name,
            categories=list(sample.categories),
            keywords=list(sample.keywords),
            votes=sample.huggingface.votes if sample.huggingface else 0,
            comments=sample.huggingface.comments if sample.huggingface else 0,
            featured_on=now.date() - timedelta(days=DAYS - sample.day),
            first_seen_at=now - timedelta(days=DAYS - sample.day, hours=5),
        )
        for sample in load_samples()
    ]
    Paper.objects.bulk_create(rows)
    remember(rows)
    first = rows[0]
    first.is_pinned, first.pick_note = True, "The clearest account of forgetting we have read this year."
    first.edit("title", "Ebb: Models That Forget on Schedule")
    first.save()
    return rows


def _listings(papers: list[Paper], now: datetime, chance: random.Random) -> None:
    rows = []
    for back in range(14):
        day = now.date() - timedelta(days=back)
        for source, most in (("arxiv", 0 if day.weekday() > 4 else 34), ("huggingface", 14)):
            chosen = chance.sample(papers, min(len(papers), int(most * chance.uniform(0.7, 1))))
            rows += [Listing(paper=paper, source=source, day=day, rank=n) for n, paper in enumerate(chosen, 1)]
    Listing.objects.bulk_create(rows)


def _readings(now: datetime, chance: random.Random) -> None:
    for back in range(14):
        at = now - timedelta(days=back, hours=2)
        for source in ("arxiv", "huggingface"):
            quiet = source == "arxiv" and at.weekday() > 4
            failed = (source, back) == ("huggingface", 3)
            Reading.objects.create(
                source=source,
                day=at.date(),
                route="" if failed else {"arxiv": "rss", "huggingface": "api"}[source],
                outcome="failed" if failed else "quiet" if quiet else "new",
                started_at=at,
                finished_at=at + timedelta(seconds=chance.uniform(2, 9)),
                found=0 if quiet or failed else 24,
                new=0 if quiet or failed else 21,
                rejected=int((source, back) == ("huggingface", 1)),
                error="HTTP 503 from the page; the API said: 503" if failed else "",
            )
    reading = Reading.objects.get(rejected=1)
    Rejected.objects.create(
        reading=reading,
        source="huggingface",
        day=reading.day,
        reason="paper.title: the title is empty",
        raw='{"paper": {"id": "2600.09999", "title": "", "summary": "An invented sample paper.", "authors": []}}',
        digest="0" * 64,
    )


def _readers(now: datetime, readers: int, chance: random.Random) -> None:
    rows = []
    for number in range(readers):
        age = 120 * chance.random() ** 0.6
        status = "active" if number % 12 else ("left" if number % 24 else "pending")
        rows.append(
            Subscriber(
                email=f"reader{number}@example.org",
                email_key=f"reader{number}@example.org",
                status=status,
                frequency="paused" if number % 31 == 1 else "daily",
                created_at=now - timedelta(days=age),
                confirmed_at=None if status == "pending" else now - timedelta(days=age),
                left_at=now - timedelta(days=age * chance.random()) if status == "left" else None,
            )
        )
    Subscriber.objects.bulk_create(rows)
    Interest.objects.bulk_create(
        Interest(subscriber=row, text=text, normal=parse(text).normal)
        for row in rows
        for text, share in WANTED
        if chance.random() < share
    )


def _editions(now: datetime, readers: int, chance: random.Random) -> None:
    active = list(Subscriber.objects.filter(status="active").order_by("pk"))
    for back in range(13, -1, -1):
        day = now.date() - timedelta(days=back)
        due = active[: int(len(active) * (0.75 + 0.25 * (13 - back) / 13))]
        if back > 1:
            skipped, failed, cancelled = chance.randrange(9, 30), chance.randrange(3), chance.randrange(4)
            counts = {"skipped": skipped, "failed": failed, "cancelled": cancelled, "unknown": int(back == 5)}
            counts |= {"due": len(due), "accepted": len(due) - sum(counts.values())}
            Edition.objects.create(day=day, closed_at=now - timedelta(days=back - 1), counts=counts)
        else:
            Edition.objects.create(day=day)
            _edition(day, due, back, now)
    accepted = list(Delivery.objects.filter(state="accepted"))
    for kind, delivery in zip(("bounced", "bounced", "complained"), chance.sample(accepted, 3), strict=True):
        DeliveryEvent.objects.create(
            fingerprint=f"{kind}{delivery.pk}", delivery=delivery, key=delivery.key, kind=kind, provider="sample",
            at=now - timedelta(hours=3), received_at=now - timedelta(hours=3),
        )  # fmt: skip
    unknown = Delivery.objects.filter(state="unknown").count()
    Alert.objects.create(
        name="delivery_unknown",
        words=f"{unknown} messages may or may not have arrived, and are not sent again by themselves",
        opened_at=now - timedelta(hours=7),
        seen_at=now,
    )


def _edition(day: date, due: list[Subscriber], back: int, now: datetime) -> None:
    at = datetime.combine(day, time(6), UTC)
    for number, reader in enumerate(due):
        empty = number % 17 == 3
        digest = Digest.objects.create(
            subscriber=reader, edition=day, due_at=at, window_start=at - timedelta(days=1), window_end=at,
            outcome="empty" if empty else "queued", created_at=at,
        )  # fmt: skip
        if not empty:
            state = "unknown" if number % 150 == 7 else "queued" if not back and number % 4 == 0 else "accepted"
            Delivery.objects.create(
                key=f"{day:%m%d}-{number}", kind="digest", subscriber=reader, digest=digest, state=state,
                not_before=at, created_at=at, settled_at=now - timedelta(hours=4) if state == "accepted" else None,
            )  # fmt: skip
