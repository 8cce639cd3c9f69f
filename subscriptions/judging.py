"""What readers say about single papers: the last word on each counts, and it can be taken back."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from papers.models import Paper
from subscriptions.matching import Judged
from subscriptions.models import Feedback, Subscriber

Verdict = Feedback.Verdict

# What was said long ago, or long before much else, moves nothing any more.
COUNTS_FOR = timedelta(days=365)
MAX_COUNTED = 50
MAX_KEPT = 5_000


def paper_of(pk: int) -> Paper | None:
    """The paper a mailed link speaks of, as long as it is shown at all."""
    return Paper.objects.visible().filter(pk=pk).first()


def verdict_on(reader: Subscriber, paper: Paper) -> Verdict | None:
    verdict = Feedback.objects.filter(subscriber=reader, paper=paper).values_list("verdict", flat=True).first()
    return Verdict(verdict) if verdict else None


def said_by(reader: Subscriber) -> QuerySet[Feedback]:
    """All of a reader's words on papers that are shown, each with its paper, the newest first."""
    return Feedback.objects.filter(subscriber=reader, paper__in=Paper.objects.visible()).select_related("paper")


def judge(reader: Subscriber, paper: Paper, verdict: Verdict | None, now: datetime) -> None:
    """Keep one verdict for a reader and a paper, whatever was said before; None takes it back. Safe to run twice."""
    if verdict is None:
        Feedback.objects.filter(subscriber=reader, paper=paper).delete()
        return
    said = {"verdict": verdict, "at": now}
    with transaction.atomic():
        Subscriber.objects.select_for_update(no_key=True).get(pk=reader.pk)  # may be erased at this moment
        Feedback.objects.update_or_create(subscriber=reader, paper=paper, defaults=said)


def judged_by(readers: Iterable[Subscriber], now: datetime, kept: dict[int, Paper]) -> defaultdict[int, list[Judged]]:
    """By reader, their newest judgements. Two queries; `kept` holds the papers from one call to the next."""
    verdicts: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    rows = Feedback.objects.filter(subscriber__in=[reader.pk for reader in readers], at__gt=now - COUNTS_FOR)
    for reader_pk, paper_pk, verdict in rows.values_list("subscriber_id", "paper_id", "verdict"):
        if len(verdicts[reader_pk]) < MAX_COUNTED:
            verdicts[reader_pk].append((paper_pk, verdict))
    _load({paper_pk for said in verdicts.values() for paper_pk, _ in said}, kept)
    judged: defaultdict[int, list[Judged]] = defaultdict(list)
    for reader_pk, said in verdicts.items():
        judged[reader_pk] = [Judged(kept[paper_pk], verdict) for paper_pk, verdict in said if paper_pk in kept]
    return judged


def _load(pks: set[int], kept: dict[int, Paper]) -> None:
    if len(kept) > MAX_KEPT:
        kept.clear()
    if unknown := pks - kept.keys():
        papers = Paper.objects.visible().only("title", "abstract", "keywords", "authors", "categories")
        kept.update(papers.in_bulk(unknown))
