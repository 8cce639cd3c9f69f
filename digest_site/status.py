"""The public word on how things go: what each source brought, what comes next, and whether digests leave."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from papers.models import Reading
from papers.reading import plan
from papers.sources.base import Source
from subscriptions import braking
from subscriptions.models import Delivery, Digest

Outcome = Reading.Outcome
READ = (Outcome.NEW, Outcome.UNCHANGED)
# Longer than any run of days without announcement.
AHEAD = 14
# Anybody may ask; the ledger is counted once a minute.
KEPT = 60
_SATURDAY = 5
_TONES = {Outcome.FAILED: "is-bad", Outcome.STALE: "is-warn"}


@dataclass(frozen=True)
class SourceStatus:
    """One source: how its newest day was read last, in words, and for which day a list comes next."""

    name: str
    reading: Reading | None
    said: str
    tone: str
    papers_on: date | None
    next_day: date | None


@dataclass(frozen=True)
class Digests:
    """Of an edition so far: sent, on their way, and those with nothing in them."""

    sent: int
    waiting: int
    empty: int


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    context = {
        "now": now,
        "today": now.date(),
        "sources": _sources(now),
        "digests": cache.get_or_set(f"status-digests-{now.date()}", lambda: digests(now.date()), KEPT),
        "is_stopped": braking.is_pulled(),
        "minutes": settings.READ_MINUTES,
    }
    return render(request, "site/status.html", context)


def _sources(now: datetime) -> list[SourceStatus]:
    planned = {source.slug: source for source, _day in plan(now.date())}
    return [source_status(source, now.date()) for source in planned.values()]


def source_status(source: Source, today: date) -> SourceStatus:
    """Three queries at most."""
    readings = Reading.objects.filter(source=source.slug)
    newest = readings.exclude(outcome=Outcome.RUNNING).order_by("-day", "-started_at", "-pk").first()
    brought = readings.filter(outcome=Outcome.NEW).order_by("-day").values_list("day", flat=True).first()
    is_in = readings.filter(day=today, outcome__in=READ).exists()
    days = (today + timedelta(days=ahead) for ahead in range(int(is_in), AHEAD))
    return SourceStatus(
        name=source.name,
        reading=newest,
        said=in_words(newest, source) if newest else _("Not read yet."),
        tone=_TONES.get(Outcome(newest.outcome), "is-good") if newest else "",
        papers_on=brought,
        next_day=next(filter(source.expects, days), None),
    )


def in_words(reading: Reading, source: Source) -> str:
    """What a reading came to, for somebody who waits for papers. Errors themselves are the operator's."""
    match reading.outcome:
        case Outcome.NEW:
            count = ngettext("%(count)d new paper.", "%(count)d new papers.", reading.new)
            return count % {"count": reading.new} if reading.new else _("Papers came that were known already.")
        case Outcome.UNCHANGED:
            return _("Read before; nothing was added since.")
        case Outcome.STALE:
            return _("Not out yet.")
        case Outcome.FAILED:
            return _("It could not be read; we go on trying.")
    if reading.day.weekday() >= _SATURDAY:
        return _("Quiet, as on every weekend: %(source)s has no list for it.") % {"source": source.name}
    return _("Quiet, as expected: %(source)s announces nothing for a holiday.") % {"source": source.name}


def digests(day: date) -> Digests:
    """Count an edition: one query."""
    State = Delivery.State  # noqa: N806 -- as it is called elsewhere
    sent = Q(delivery__state=State.ACCEPTED)
    waiting = Q(delivery__state__in=(State.QUEUED, State.CLAIMED, State.SENDING))
    counted = Digest.objects.filter(edition=day).aggregate(
        sent=Count("pk", filter=sent),
        waiting=Count("pk", filter=waiting),
        empty=Count("pk", filter=Q(outcome=Digest.Outcome.EMPTY)),
    )
    return Digests(**counted)
