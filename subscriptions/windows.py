"""The windows of papers one run of the composer looks at, each loaded and indexed once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import Min, Q

from papers.models import Paper, Reading
from subscriptions.matching import Window

# For ingests that have not committed yet: their papers carry a moment that is already past.
MARGIN = timedelta(minutes=2)
# A reading that runs holds the window back, so that what it brings is not missed; not one that died.
MAX_READING = timedelta(hours=1)
# Daily readers share the first, those with a weekend between the second, weekly ones the third.
SPANS = (timedelta(hours=30), timedelta(days=4), timedelta(days=8), timedelta(days=32))
LOOKBACK = SPANS[-1]
# Readings that announce nothing (papers.reading): a saved file given by hand, descriptions asked for later.
_NO_ANNOUNCEMENT = Q(source="file") | Q(source__endswith="-query")


@dataclass(frozen=True)
class Span:
    """Papers of a span of time, and the last reading of each source and day in it."""

    window: Window
    readings: list[Reading]

    def readings_since(self, start: datetime) -> list[Reading]:
        """Those begun since `start`, without days long past that somebody read by hand."""
        first = start.date() - timedelta(days=1)
        return [reading for reading in self.readings if reading.started_at >= start and reading.day >= first]


class Windows:
    """Spans that all end at the same moment, a little before `now`."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.judged: dict[int, Paper] = {}  # papers that readers judged, kept from chunk to chunk
        self._spans: dict[timedelta, Span] = {}

    @cached_property
    def end(self) -> datetime:
        """Papers first seen from here on wait for the next digest."""
        running = Reading.objects.filter(outcome=Reading.Outcome.RUNNING, started_at__gt=self.now - MAX_READING)
        started_at = running.aggregate(Min("started_at"))["started_at__min"]
        return min(self.now - MARGIN, started_at or self.now)

    @property
    def earliest(self) -> datetime:
        """No window reaches further back."""
        return self.end - LOOKBACK

    def load(self, starts: Iterable[datetime]) -> None:
        for start in starts:
            self.covering(start)

    def covering(self, start: datetime) -> Span:
        """The smallest span that reaches back to `start`, or the largest there is."""
        length = next((length for length in SPANS if self.end - length <= start), LOOKBACK)
        if length not in self._spans:
            self._spans[length] = self._load(self.end - length)
        return self._spans[length]

    def _load(self, start: datetime) -> Span:
        papers = Paper.objects.visible().seen_between(start, self.end).order_by("first_seen_at", "pk")
        readings = Reading.objects.filter(started_at__gte=start, started_at__lte=self.now)
        finished = readings.exclude(_NO_ANNOUNCEMENT | Q(outcome=Reading.Outcome.RUNNING))
        in_order = finished.only("source", "day", "outcome", "started_at").order_by("started_at", "pk")
        last = {(reading.source, reading.day): reading for reading in in_order.iterator()}
        return Span(Window(papers.iterator()), list(last.values()))
