"""What readers ask for most, and what finds nothing. Counted by a task, for it takes long with 100,000 readers;
the home shows what was counted last."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Count, Min

from papers.models import Paper
from papers.search import QueryError, parse
from papers.search.stored import preselect
from subscriptions.models import Interest, Subscriber

DAYS = 30
MOST_WANTED = 12
SHOWN_SILENT = 12
LOOKED_AT = 20_000
AFRESH = timedelta(hours=6)
_KEY = "glance-wishes-1"  # to be counted up with the shape of Wishes


@dataclass(frozen=True)
class Wish:
    """Interests of one form: as one reader typed it, and how many readers have it."""

    text: str
    normal: str
    readers: int


@dataclass(frozen=True)
class Wishes:
    """`silent` found nothing in thirty days; `silent_total` counts those that are not shown as well."""

    counted_at: datetime
    wanted: list[Wish]
    silent: list[Wish]
    silent_total: int

    @property
    def top(self) -> int:
        return max((wish.readers for wish in self.wanted), default=1)

    @property
    def bars(self) -> list[tuple[Wish, str]]:
        """Each with the length of its bar in percent."""
        return [(wish, f"{100 * wish.readers / self.top:.1f}") for wish in self.wanted]


def last_counted() -> Wishes | None:
    found: Wishes | None = cache.get(_KEY)
    return found


def refresh(now: datetime) -> bool:
    """Count again, unless that was done lately; True when it was done."""
    known = last_counted()
    if known and now - known.counted_at < AFRESH:
        return False
    cache.set(_KEY, count(now), timeout=None)
    return True


def count(now: datetime) -> Wishes:
    silent: list[Wish] = []
    wanted: list[Wish] = []
    total = 0
    first = Paper.objects.filter(first_seen_at__gte=now - timedelta(days=DAYS)).aggregate(pk=Min("pk"))["pk"]
    for wish in _wishes():
        if len(wanted) < MOST_WANTED:
            wanted.append(wish)
        if _finds_nothing(wish.text, first):
            total += 1
            if len(silent) < SHOWN_SILENT:
                silent.append(wish)
    return Wishes(now, wanted, silent, total)


def _wishes() -> Iterator[Wish]:
    """Distinct interests of active readers, those of most readers first; LOOKED_AT of them at most."""
    active = Interest.objects.filter(is_muted=False, subscriber__status=Subscriber.Status.ACTIVE)
    rows = active.order_by().values("normal").annotate(readers=Count("pk"), text=Min("text"))
    for row in rows.order_by("-readers", "normal")[:LOOKED_AT].iterator(chunk_size=2_000):
        yield Wish(row["text"], row["normal"], row["readers"])


def _finds_nothing(text: str, first: int | None) -> bool:
    """Whether the newest paper it may find is older than `first`. The database's word is enough here."""
    try:
        newest = preselect(parse(text), 1)
    except QueryError:
        return True
    return first is None or not newest or newest[0] < first
