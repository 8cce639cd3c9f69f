"""Read a source-day or a saved file into the database, and leave a Reading that says how it went.

The Reading is committed before the first byte is fetched, fetching and parsing happen outside any
transaction, and what one source does wrong ends in its own Reading: nothing here raises for it.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.db.models import Q

from papers import pacing
from papers.attempt import Clock, Outcome, Witness, open_reading
from papers.models import Category, Listing, Paper, Reading
from papers.sources import build_sources
from papers.sources.arxiv import Arxiv
from papers.sources.base import MAX_BYTES, Batch, FetchFailed, NotModified, Source
from papers.sources.http import Fetcher
from papers.sources.saved import parse_saved

logger = logging.getLogger(__name__)

Validators = Mapping[str, Mapping[str, str]]

FILE = "file"  # the source of a saved response that nothing recognises
QUERY = "-query"  # after a source's slug: papers described, nothing announced
ABANDONED_AFTER = timedelta(hours=1)
_GOOD = (Outcome.NEW, Outcome.UNCHANGED, Outcome.QUIET)
_USER_AGENT = "PaperRound/0.1 (+{contact})"
_DESCRIBE_FOR = timedelta(days=3)
_DESCRIBE = 100


class Web(Protocol):
    """What fetches: see papers.sources.http.Fetcher."""

    @property
    def received(self) -> Validators: ...
    def get(self, url: str) -> bytes: ...


Connect = Callable[[Validators], Web]


def real_web(validators: Validators, *, patience: timedelta = pacing.PATIENCE) -> Web:
    """The real one, paced, asking only for what changed since `validators`. Waits `patience` for its turn."""
    return Fetcher(
        _USER_AGENT.format(contact=settings.SOURCE_CONTACT),
        allow_private=settings.SOURCES_ALLOW_PRIVATE,
        gate=partial(pacing.turn, patience=patience),
        validators=validators,
    )


def configured_sources() -> dict[str, Source]:
    """Every source under the addresses of the settings, by slug."""
    return build_sources(settings.HUGGINGFACE_URL, settings.ARXIV_URL, settings.ARXIV_RSS_URL, settings.ARXIV_API_URL)


def plan(today: date, sources: Mapping[str, Source] | None = None) -> list[tuple[Source, date]]:
    """What is worth reading on `today` (UTC): each source's day and, where lists still grow, the day before.

    arXiv is left out when no category is to be read.
    """
    known = configured_sources() if sources is None else sources
    wanted = [source for source in known.values() if source.slug != Arxiv.slug or _codes()]
    return [(source, today - timedelta(days=back)) for source in wanted for back in ((0, 1) if source.grows else (0,))]


def read_all(
    now: datetime, *, sources: Mapping[str, Source] | None = None, connect: Connect = real_web
) -> list[Reading]:
    """Read what `plan` names. One source's failure costs the others nothing."""
    close_abandoned(now)
    clock = Clock(now)
    readings = []
    for source, day in plan(now.date(), sources):
        reading = read_source(source, day, now=clock(), connect=connect)
        logger.info("Reading %s: %s %s %s, %s new", reading.pk, source.slug, day, reading.outcome, reading.new)
        readings.append(reading)
    return readings


def read_source(
    source: Source,
    day: date,
    *,
    now: datetime,
    connect: Connect = real_web,
    dry_run: bool = False,
    witness: Witness | None = None,
) -> Reading:
    """Fetch, parse and ingest one source-day. Raises nothing a source can cause; a dry run keeps nothing.

    Asks conditionally with the validators of the last good reading of this source-day; those of this
    reading are stored with its outcome, so after the papers were committed and never after a failure.
    """
    with open_reading(source.slug, day, now, dry_run, witness=witness) as attempt:
        good = Reading.objects.filter(source=source.slug, day=day, outcome__in=_GOOD)
        previous = good.order_by("-started_at", "-pk").first()
        known = previous.validators if previous else {}
        web = connect(known)
        try:
            batch = source.read(day, web.get, categories=_codes())
        except NotModified:
            attempt.outcome = previous.outcome if previous and previous.outcome == Outcome.QUIET else Outcome.UNCHANGED
        else:
            expected = source.expects(day) and not batch.dropped
            if expected and _was_listed_before(source.slug, day, batch):
                attempt.refuse_as_stale(batch)
            else:
                # A site that still shows another day has nothing of the asked one: its batch is empty.
                attempt.store(batch, batch.day if batch.day and batch.records else day, expected=expected)
        attempt.reading.validators = {**known, **web.received}
    return attempt.reading


def read_file(path: Path, *, now: datetime, day: date | None = None, dry_run: bool = False) -> Reading:
    """Ingest a saved response of any known format. `day` is used where neither it nor its name says one."""
    with open_reading(FILE, day or now.date(), now, dry_run, where=f"{path}: ") as attempt:
        source, batch = parse_saved(_load(path), name=f"{path.name} {day or ''}".strip())
        attempt.reading.source = source
        attempt.store(batch, batch.day or day or now.date(), expected=False)
    return attempt.reading


def describe_new(now: datetime, arxiv: Arxiv, *, connect: Connect = real_web) -> Reading | None:
    """Ask arXiv for what the newest papers still lack: abstract, authors or categories.

    None when nothing is missing. A paper arXiv does not describe is asked for again for three days.
    """
    missing = Q(abstract="") | Q(authors=[]) | Q(categories=[])
    recent = Paper.objects.filter(missing, arxiv_id__isnull=False, first_seen_at__gte=now - _DESCRIBE_FOR)
    newest = recent.order_by("-first_seen_at", "-pk").values_list("arxiv_id", flat=True)
    ids = [arxiv_id for arxiv_id in newest[:_DESCRIBE] if arxiv_id]
    if not ids:
        return None
    # A slug of its own: a description that came is no sign that the day's announcements were read.
    with open_reading(arxiv.slug + QUERY, now.date(), now, dry_run=False) as attempt:
        attempt.store(arxiv.enrich(ids, connect({}).get), now.date(), expected=False)
    return attempt.reading


def close_abandoned(now: datetime) -> int:
    """Close readings whose process was killed; return how many."""
    running = Reading.objects.filter(outcome=Outcome.RUNNING, started_at__lt=now - ABANDONED_AFTER)
    return running.update(
        outcome=Outcome.FAILED, finished_at=now, error="The process that was reading ended before it was done."
    )


def _was_listed_before(source: str, day: date, batch: Batch) -> bool:
    """Whether it is an earlier day's list under today's date: a page or feed that was not rebuilt yet."""
    ids = {record.arxiv_id for record in batch.records if record.arxiv_id}
    if not ids or Listing.objects.filter(source=source, day=day).exists():
        return False
    earlier = Listing.objects.filter(source=source, day__lt=day, paper__arxiv_id__in=ids)
    return earlier.values("paper").distinct().count() == len(ids)


def _codes() -> Sequence[str]:
    return list(Category.objects.read().values_list("code", flat=True))


def _load(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise FetchFailed("it is a folder; name the files in it")
        if path.stat().st_size > MAX_BYTES:
            raise FetchFailed(f"{path.stat().st_size:,} bytes: no listing is longer than {MAX_BYTES:,}")
        body = path.read_bytes()
    except OSError as error:
        raise FetchFailed(f"it cannot be read: {error.strerror or error}") from error
    if not body.strip():
        raise FetchFailed("it is empty")
    return body
