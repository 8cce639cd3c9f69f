"""What wants a hand of those who run this. Only looks; digest_site.alerts remembers and tells.

Each name has its section in RUNBOOK.md. What an alarm says goes into mails and logs: ids, counts, and a source's or
provider's own words, never readers.
"""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import F

from digest_site import health
from papers import dwindling
from papers.models import Reading
from papers.reading import plan
from papers.sources.base import Source
from subscriptions import blocklists, braking, continuity, counting, editions
from subscriptions.models import Allowance

# What it is about, where there may be several, and a sentence.
Found = Iterator[tuple[str, str]]

DAY = timedelta(days=1)
# A new installation is not blamed before it has tried for so long.
TRIED_FOR = timedelta(hours=2)
# Providers review a sender from 5 % bounces and 0.3 % complaints, and ask for less than 0.1 %.
MAX_BOUNCE, MAX_COMPLAINT = 0.05, 0.003
# Fewer prove nothing.
ENOUGH_BOUNCES, ENOUGH_COMPLAINTS = 10, 3
MAX_QUARANTINED = 0.05
MIN_FREE_SHARE, MIN_FREE_BYTES = 0.05, 2**30


def find_failed_sources(now: datetime) -> Found:
    for slug, last in health.check_sources(now)["last_good"].items():
        tried = Reading.objects.filter(source=slug)
        if last is None and tried.filter(started_at__lt=now - TRIED_FOR).exists():
            error = tried.order_by("-started_at").values_list("error", flat=True)[0]
            hours = health.MAX_READING_AGE / timedelta(hours=1)
            yield slug, f"{slug} was not read well for {hours:.0f} hours. Last time: {error or 'nothing was out'}"


def find_quarantine(now: datetime) -> Found:
    recent = Reading.objects.filter(started_at__gt=now - DAY, rejected__gt=MAX_QUARANTINED * F("found"))
    for reading in recent.order_by("source", "-started_at")[:20]:
        yield reading.source, f"{reading.rejected} of {reading.found} records of {reading.day} could not be taken in"


def find_few_papers(now: datetime) -> Found:
    for slug, source in _sources(now).items():
        if words := dwindling.too_few(source, now):
            yield slug, words


def find_empty_fields(now: datetime) -> Found:
    for slug, source in _sources(now).items():
        if words := "; ".join(dwindling.left_empty(source, now)):
            yield slug, words


def find_unknown(now: datetime) -> Found:
    if unknown := health.check_deliveries(now)["unknown"]:
        yield "", f"{unknown} messages may or may not have arrived, and are not sent again by themselves"


def find_waiting(now: datetime) -> Found:
    found = health.check_deliveries(now)
    if not found["ok"]:
        yield "", f"{found['waiting']} messages wait too long, {found['held']} are held by workers and never settled"


def find_stopped(now: datetime) -> Found:
    brake = braking.pulled()
    if brake and brake.reason != continuity.REASON:
        yield "", f"nothing is sent until somebody releases the brake: {brake.reason}"


def find_replaced(now: datetime) -> Found:
    brake = braking.pulled()
    if brake and brake.reason == continuity.REASON:
        yield "", f"nothing is sent until somebody says so: {brake.reason}"


def find_unclosed(now: datetime) -> Found:
    for day in editions.stuck(now):
        yield str(day), f"the edition of {day} should have closed a day ago"


def find_refused(now: datetime) -> Found:
    if blocklists.is_block_list_day(now):
        yield "", "most of today's messages are refused: are we on a block list?"


def find_bounces(now: datetime) -> Found:
    rates = counting.rates(now)
    if rates.bounced >= ENOUGH_BOUNCES and rates.bounce >= MAX_BOUNCE:
        yield "", f"{rates.bounce:.1%} of a week's {rates.accepted} messages bounced"


def find_complaints(now: datetime) -> Found:
    rates = counting.rates(now)
    if rates.complained >= ENOUGH_COMPLAINTS and rates.complaint >= MAX_COMPLAINT:
        yield "", f"{rates.complaint:.2%} of a week's {rates.accepted} messages were complained of"


def find_bombing(now: datetime) -> Found:
    most = settings.ACCOUNT_MAILS_PER_HOUR
    if Allowance.objects.filter(key__startswith="everybody:", used__gte=most, ends_at__gt=now).exists():
        yield "", f"strangers asked for more than {most} confirmations and links within an hour; more are held back"


def find_silence(now: datetime) -> Found:
    check = health.check_heartbeat(now)
    if not check["ok"] and (check["last"] or not _is_new(now)):
        last = f"since {check['last']:%Y-%m-%d %H:%M} UTC" if check["last"] else "yet"
        yield "", f"no tick was run {last}: beat, the broker or the workers stand still"


def find_full_disk(now: datetime) -> Found:
    disk = shutil.disk_usage(settings.DATA_DIR)
    if disk.free < MIN_FREE_BYTES or disk.free < MIN_FREE_SHARE * disk.total:
        yield "", f"{disk.free / 2**30:.1f} GiB of {disk.total / 2**30:.0f} are free where DATA_DIR lies"


ALARMS: dict[str, Callable[[datetime], Found]] = {
    "source_failed": find_failed_sources,
    "records_quarantined": find_quarantine,
    "papers_few": find_few_papers,
    "fields_empty": find_empty_fields,
    "delivery_unknown": find_unknown,
    "mail_waiting": find_waiting,
    "sending_stopped": find_stopped,
    "database_replaced": find_replaced,
    "edition_unclosed": find_unclosed,
    "mail_refused": find_refused,
    "bounces_high": find_bounces,
    "complaints_high": find_complaints,
    "account_mails_held": find_bombing,
    "beat_stopped": find_silence,
    "disk_low": find_full_disk,
}


def look(now: datetime) -> dict[tuple[str, str], str]:
    """What is wrong: a sentence by (name, about)."""
    return {(name, about[:64]): words for name, find in ALARMS.items() for about, words in find(now)}


def _is_new(now: datetime) -> bool:
    """Was the database made just now? Then web processes may be asked before the first tick."""
    return not MigrationRecorder.Migration.objects.filter(applied__lt=now - health.MAX_HEARTBEAT_AGE).exists()


def _sources(now: datetime) -> dict[str, Source]:
    """Those that are read at all."""
    return {source.slug: source for source, _day in plan(now.date())}
