"""Which papers are talked about now: votes and comments, weighed against age."""

import math
from datetime import date, timedelta

from papers.models import Paper

_WINDOW = timedelta(days=14)
_CANDIDATES = 500


def score(votes: int, comments: int, age: int) -> float:
    """Zero and up. A comment counts half a vote; `age` is in days since the paper was first listed.

    With age the weight falls to a half after about a day and to a tenth within a week.
    """
    return (votes + comments / 2) / math.pow(max(age, 0) + 2, 1.5)


def trending(today: date, limit: int) -> list[Paper]:
    """The visible papers of the last two weeks with the highest score, best first; two queries."""
    listed = Paper.objects.visible().filter(featured_on__gt=today - _WINDOW, featured_on__lte=today, votes__gt=0)
    candidates = listed.order_by("-votes", "-pk").values_list("pk", "votes", "comments", "featured_on")[:_CANDIDATES]
    scores = {pk: score(votes, comments, (today - day).days) for pk, votes, comments, day in candidates if day}
    best = sorted(scores, key=lambda pk: (-scores[pk], -pk))[:limit]
    papers = Paper.objects.in_bulk(best)
    return [papers[pk] for pk in best]
