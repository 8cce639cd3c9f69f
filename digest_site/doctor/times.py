"""Whether our clock and our time zones can be trusted: digests leave by both."""

import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path

import requests
from django.conf import settings
from django.db import connection
from django.utils import timezone

from digest_site.doctor.findings import Finding, failed, not_checked, ok, warning
from subscriptions.models import Subscriber

# Seconds between two clocks.
ODD, WRONG = 5.0, 60.0
# HTTP tells whole seconds, from somewhere else.
ODD_FAR = 10.0
HINT = "let chrony or systemd-timesyncd set the clock on every machine"
OLD_YEARS = 2

FetchDate = Callable[[str], str]


def fetch_date(url: str) -> str:
    """The Date header of an answer, or ""."""
    return requests.head(url, timeout=5).headers.get("Date", "")


def examine_clock(now: datetime, fetch: FetchDate = fetch_date) -> Iterator[Finding]:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            yield _compare("clock", "the database's", cursor.fetchone()[0], ODD)
    try:
        raw = fetch(settings.HUGGINGFACE_URL)
        far = parsedate_to_datetime(raw).astimezone(UTC)
    except (requests.RequestException, ValueError, TypeError):
        yield not_checked("clock", "no source told the time", "ask again with a way out to the internet")
    else:
        yield _compare("clock", "a source's", far, ODD_FAR)


def _compare(check: str, whose: str, other: datetime, odd: float) -> Finding:
    seconds = abs((timezone.now() - other).total_seconds())
    if seconds > WRONG:
        return failed(check, f"ours and {whose} differ by {seconds:.0f} s", HINT)
    if seconds > odd:
        return warning(check, f"ours and {whose} differ by {seconds:.0f} s", HINT)
    return ok(check, f"agrees with {whose}")


def examine_zones(now: datetime) -> Iterator[Finding]:
    version = _version()
    if not version:
        yield warning("time zones", "their version is not known", "install tzdata")
    elif now.year - int(version[:4]) >= OLD_YEARS:
        yield warning("time zones", f"tzdata {version} is old", "apt install --only-upgrade tzdata, or pip's tzdata")
    else:
        yield ok("time zones", f"tzdata {version}")
    known = zoneinfo.available_timezones()
    unknown = sorted(set(Subscriber.objects.order_by().values_list("zone", flat=True).distinct()) - known)
    if unknown:
        words = f"{len(unknown)} zones of readers are not known here: {', '.join(unknown[:5])}"
        yield warning("time zones", words, "these readers are served in UTC: install a newer tzdata")


def _version() -> str:
    """The system's data come first, as in zoneinfo; pip's where the system has none."""
    for folder in zoneinfo.TZPATH:
        place = Path(folder, "tzdata.zi")
        if place.exists():
            with place.open(encoding="utf-8") as file:
                return file.readline().removeprefix("# version ").strip()
        if Path(folder, "UTC").exists():
            return ""
    return version("tzdata")  # 2026.1 for 2026a
