"""Digests by edition and state, and how readers and their providers took them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from digest_site.alarms import MAX_BOUNCE, MAX_COMPLAINT
from digest_site.glance.charts import Gauge, Stacks, gauge, stacks
from subscriptions import counting
from subscriptions.editions import Tally, tally
from subscriptions.models import Edition

DAYS = 14
# From the bottom up.
STATES = ("accepted", "skipped", "waiting", "unknown", "failed", "cancelled")
WANTED_COMPLAINT = 0.001  # what providers ask for; from MAX_COMPLAINT on they act
ENDS = {"bounce": 2 * MAX_BOUNCE, "complaint": 2 * MAX_COMPLAINT}


@dataclass(frozen=True)
class Day:
    """One edition. `closed`: its numbers are final."""

    day: date
    closed: bool
    tally: Tally

    @property
    def parts(self) -> list[tuple[str, int]]:
        waiting = self.tally.open + self.tally.uncomposed
        return [(state, waiting if state == "waiting" else getattr(self.tally, state)) for state in STATES]


@dataclass(frozen=True)
class Dispatch:
    days: list[Day]

    @property
    def states(self) -> list[tuple[str, str]]:
        """Each with its words."""
        words = (_("accepted"), _("skipped: nothing to send"), _("waiting"), _("unknown"), _("refused"), _("cancelled"))
        return list(zip(STATES, words, strict=True))

    @property
    def stacks(self) -> Stacks:
        return stacks([(f"{one.day:%m-%d}", one.parts) for one in self.days])


@dataclass(frozen=True)
class Reputation:
    """Of a week's accepted messages. Levels: "good", "near" a limit, "over" it."""

    rates: counting.Rates

    @property
    def complaints(self) -> Gauge:
        return gauge(self.rates.complaint, ENDS["complaint"], (WANTED_COMPLAINT, MAX_COMPLAINT))

    @property
    def bounces(self) -> Gauge:
        return gauge(self.rates.bounce, ENDS["bounce"], (MAX_BOUNCE,))

    @property
    def complaint_level(self) -> str:
        return _level(self.rates.complaint, WANTED_COMPLAINT, MAX_COMPLAINT)

    @property
    def bounce_level(self) -> str:
        return _level(self.rates.bounce, MAX_BOUNCE / 2, MAX_BOUNCE)

    @property
    def complaint_percent(self) -> float:
        return 100 * self.rates.complaint

    @property
    def bounce_percent(self) -> float:
        return 100 * self.rates.bounce


def dispatch(now: datetime) -> Dispatch:
    """The last editions; open ones are counted, closed ones say themselves what they came to."""
    rows = list(Edition.objects.filter(day__gt=now.date() - timedelta(days=DAYS)).order_by("day"))
    counted = tally([row.day for row in rows if row.closed_at is None], now)
    return Dispatch(
        [Day(row.day, row.closed_at is not None, counted.get(row.day) or Tally(**row.counts)) for row in rows]
    )


def reputation(now: datetime) -> Reputation:
    return Reputation(counting.rates(now))


def _level(share: float, near: float, over: float) -> str:
    return "over" if share >= over else "near" if share >= near else "good"
