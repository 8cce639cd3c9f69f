"""F30 to F33: readers who move, clocks that jump, papers that come late. Driven from one due time to the next."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Min

from papers.models import Paper, Reading
from subscriptions import changing, links, moving
from subscriptions.composing import compose_due
from subscriptions.consent import Shown
from subscriptions.delivery import send_queued
from subscriptions.models import DigestItem, Subscriber, Token
from subscriptions.preferences import Preferences
from subscriptions.schedule import next_send_at
from tests.factories import make_paper
from tests.faults.provider import Act

SHOWN = Shown(form="preferences")
DAY = timedelta(days=1)
EVERY_DAY = frozenset(range(7))

# A zone and a day on which its clocks jump: at midnight, at one, at two, by half an hour, by two hours, by a day.
JUMPS = [
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("America/Havana", date(2026, 3, 8)),
    ("America/Santiago", date(2026, 9, 6)),
    ("America/Santiago", date(2026, 4, 5)),
    ("Europe/London", date(2026, 3, 29)),
    ("Europe/London", date(2026, 10, 25)),
    ("America/New_York", date(2026, 11, 1)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Antarctica/Troll", date(2026, 3, 29)),
    ("Antarctica/Troll", date(2026, 10, 25)),
    ("America/Nuuk", date(2026, 3, 28)),
    ("Asia/Kathmandu", date(2026, 3, 29)),
    ("Pacific/Apia", date(2011, 12, 30)),
]


def make_papers(start: datetime, end: datetime) -> None:
    """One every six hours, so that no edition is empty."""
    count = int((end - start) / timedelta(hours=6))
    for number in range(count):
        make_paper(number, first_seen_at=start + number * timedelta(hours=6))


def drive(site, end: datetime) -> None:
    """Half a minute after each due time until `end`: compose, and send."""
    while True:
        next_at = Subscriber.objects.aggregate(Min("next_digest_at"))["next_digest_at__min"]
        if next_at is None or next_at > end:
            return
        now = next_at + timedelta(seconds=30)
        site.clock.set(now)
        compose_due(now)
        send_queued(lambda now=now: now)


def noon(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(12), ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(("zone", "day"), JUMPS, ids=lambda value: str(value).rpartition("/")[2])
def test_f31_clocks_jump(site, zone, day):
    """One edition on each local date that exists, whatever the hour, from noon to noon around the jump."""
    start, end = noon(day - 2 * DAY, zone), noon(day + 2 * DAY, zone)
    site.clock.set(start)
    make_papers(start - 2 * DAY, end)
    for hour in (0, 1, 2, 3, 7, 23):
        (reader,) = site.make_readers(1, zone=zone, hour=hour, next_digest_at=None, cutoff_at=start - DAY)
        first = next_send_at(zone, hour, EVERY_DAY, start)
        Subscriber.objects.filter(pk=reader.pk).update(next_digest_at=first)
        dates = dates_between(start, end, zone)
        site.due |= {(reader.pk, date) for date in (dates[:-1] if hour > 12 else dates[1:])}

    drive(site, end)

    site.judge()


def dates_between(start: datetime, end: datetime, zone: str) -> list[date]:
    """Every date a calendar on the wall there showed, found by looking at it every half hour."""
    looks = int((end - start) / timedelta(minutes=30))
    return sorted({(start + n * timedelta(minutes=30)).astimezone(ZoneInfo(zone)).date() for n in range(looks + 1)})


def test_f30_reader_moves_across_the_date_line(site):
    """From the first place on earth to the last, an hour after the digest: the same date there is not sent again."""
    start = datetime(2026, 8, 11, 16, 59, tzinfo=UTC)  # the 12th, 6:59, on Kiritimati
    site.clock.set(start)
    make_papers(start - 2 * DAY, start + 4 * DAY)
    (reader,) = site.make_readers(1, zone="Pacific/Kiritimati", next_digest_at=start + timedelta(minutes=1))
    drive(site, start + timedelta(minutes=2))

    site.clock.advance(timedelta(minutes=10))
    changed = Preferences(keywords=Preferences.of(reader).keywords, zone="Pacific/Pago_Pago")
    changing.change(reader.pk, changed, site.clock.now(), SHOWN)
    drive(site, start + 3 * DAY)

    site.due = {(reader.pk, date(2026, 8, day)) for day in (12, 13)}
    site.judge()


def test_f30_reader_changes_the_hour_after_the_digest(site):
    """Every change of hour and zone there is, an hour after each digest: never two within twenty hours."""
    start = site.clock.now()
    make_papers(start - 2 * DAY, start + 24 * DAY)
    (reader,) = site.make_readers(1, next_digest_at=start)
    zones = ("UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Auckland", "Pacific/Pago_Pago")
    for number in range(14):
        drive(site, Subscriber.objects.get().next_digest_at)
        site.clock.advance(timedelta(hours=1))
        wanted = Preferences(hour=(number * 5) % 24, zone=zones[number % 5], keywords=Preferences.of(reader).keywords)
        changing.change(reader.pk, wanted, site.clock.now(), SHOWN)

    due_at = sorted(reader.digests.values_list("due_at", flat=True))
    site.due = set(reader.digests.values_list("subscriber", "edition"))
    assert len(due_at) == len(site.due) == 14
    assert min(b - a for a, b in itertools.pairwise(due_at)) >= timedelta(hours=20)
    site.judge()


def test_f30_reader_moves_to_another_address_after_the_digest(site):
    start = site.clock.now()
    make_papers(start - 2 * DAY, start + 2 * DAY)
    (reader,) = site.make_readers(1, next_digest_at=start)
    drive(site, start)
    token = links.issue(reader, Token.Purpose.EMAIL, site.clock.now(), {"email": "elsewhere@example.net"})

    moved = moving.move(token, site.clock.now(), SHOWN)
    drive(site, start + DAY)

    site.due |= {(reader.pk, (start + DAY).date())}
    assert moved
    assert site.ledger.copies() == {reader.email: 1, "elsewhere@example.net": 1}
    site.judge()


def test_f32_workers_skewed_and_clock_stepped_back(site):
    """One worker is ten minutes ahead, the other behind; in the middle of the run all clocks lose an hour."""
    site.make_readers(60)
    site.provider.rule = lambda _: Act(stall=0.02)
    for skew in ("600", "-600"):
        site.start_workers(1, FAULT_CLOCK_SKEW=skew)

    site.until_accepted(5)
    site.clock.advance(timedelta(hours=-1))
    site.finish()

    site.judge()


def test_f33_reading_ends_after_the_send_time(site):
    """What a reading that still runs will bring is left for the next issue, and nothing is lost between the two."""
    start = site.clock.now()
    readers = site.make_readers(6, next_digest_at=start)
    make_paper(10, first_seen_at=start - timedelta(hours=5))
    reading = Reading.objects.create(source="arxiv", day=start.date(), started_at=start - timedelta(minutes=10))
    drive(site, start)

    make_paper(11, first_seen_at=reading.started_at + timedelta(minutes=1))
    Reading.objects.update(outcome="new", finished_at=start + timedelta(minutes=10))
    drive(site, start + DAY)

    site.due |= {(reader.pk, (start + DAY).date()) for reader in readers}
    site.judge()
    for reader in readers:
        items = DigestItem.objects.filter(digest__subscriber=reader).order_by("digest__edition")
        got = list(items.values_list("paper__arxiv_id", flat=True))
        assert got[-1] == "2608.00011"
        assert sorted(got) == sorted(Paper.objects.values_list("arxiv_id", flat=True))
