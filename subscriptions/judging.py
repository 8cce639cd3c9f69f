"""What readers say about single papers: the last word on each counts, and it can be taken back."""

from datetime import datetime

from papers.models import Paper
from subscriptions.models import Feedback, Subscriber

Verdict = Feedback.Verdict


def paper_of(pk: int) -> Paper | None:
    """The paper a mailed link speaks of, as long as it is shown at all."""
    return Paper.objects.visible().filter(pk=pk).first()


def verdict_on(reader: Subscriber, paper: Paper) -> Verdict | None:
    verdict = Feedback.objects.filter(subscriber=reader, paper=paper).values_list("verdict", flat=True).first()
    return Verdict(verdict) if verdict else None


def judge(reader: Subscriber, paper: Paper, verdict: Verdict | None, now: datetime) -> None:
    """Keep one verdict for a reader and a paper, whatever was said before; None takes it back. Safe to run twice."""
    if verdict is None:
        Feedback.objects.filter(subscriber=reader, paper=paper).delete()
        return
    said = {"verdict": verdict, "at": now}
    Feedback.objects.update_or_create(subscriber=reader, paper=paper, defaults=said)
