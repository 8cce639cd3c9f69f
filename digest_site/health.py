"""Is the service doing its work? Each check answers with what it found, `ok` first; none names a reader."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Max

from digest_site.celery import app
from papers.models import Reading
from papers.reading import plan
from subscriptions import blocklists, braking, editions
from subscriptions.delivery import LEASE
from subscriptions.models import Delivery

Check = dict[str, Any]

HEARTBEAT = "heartbeat"
# A minute-long read of a slow source may hold a worker's only process for some ticks.
MAX_HEARTBEAT_AGE = timedelta(seconds=max(10 * settings.TICK_SECONDS, 300))
# Longer than a day: a source that announces once a day is good once a day.
MAX_READING_AGE = timedelta(hours=36) + 2 * timedelta(minutes=settings.READ_MINUTES)
GOOD = (Reading.Outcome.NEW, Reading.Outcome.UNCHANGED, Reading.Outcome.QUIET)
MAX_WAIT = timedelta(minutes=15)


def beat(now: datetime) -> None:
    """Note that beat ticked, the broker carried the task and a worker ran it.

    The note lies where the processes already meet: in Redis, or in the data folder beside the folder broker.
    """
    cache.set(HEARTBEAT, now, timeout=None)


def last_beat() -> datetime | None:
    found: datetime | None = cache.get(HEARTBEAT)
    return found


def check_all(now: datetime) -> dict[str, Check]:
    return {name: _run(check, now) for name, check in CHECKS.items()}


def check_database(now: datetime) -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"ok": True}


def check_broker(now: datetime) -> Check:
    with app.connection_for_write(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
    folder = app.conf.broker_transport_options.get("data_folder_out")
    return {"ok": folder is None or os.access(folder, os.W_OK)}


def check_heartbeat(now: datetime) -> Check:
    """The last tick a worker ran: absent, or old, when beat, broker or worker stand still."""
    last = last_beat()
    return {"ok": last is not None and now - last <= MAX_HEARTBEAT_AGE, "last": last}


def check_sources(now: datetime) -> Check:
    """When each source was last read with a final result; None: not within the time that is tolerated."""
    slugs = [source.slug for source, _ in plan(now.date())]
    recent = Reading.objects.filter(started_at__gt=now - MAX_READING_AGE, outcome__in=GOOD)
    found = dict(recent.order_by().values_list("source").annotate(Max("started_at")))
    last = {slug: found.get(slug) for slug in slugs}
    return {"ok": None not in last.values(), "last_good": last}


def check_deliveries(now: datetime) -> Check:
    """Mails that wait longer than they should. Unknown ones are counted; a person settles them in the admin."""
    waiting = Delivery.objects.due(now - MAX_WAIT).count()
    held = Delivery.objects.filter(
        state__in=(Delivery.State.CLAIMED, Delivery.State.SENDING), claimed_at__lt=now - LEASE - MAX_WAIT
    ).count()
    unknown = Delivery.objects.filter(state=Delivery.State.UNKNOWN).count()
    return {"ok": waiting == held == 0, "waiting": waiting, "held": held, "unknown": unknown}


def check_sending(now: datetime) -> Check:
    """Whether sending is stopped or most mail refused, and editions that should have closed a day ago."""
    brake = braking.pulled()
    stuck = editions.stuck(now)
    blocked = blocklists.is_block_list_day(now)
    ok = brake is None and not stuck and not blocked
    return {"ok": ok, "stopped": brake.reason if brake else None, "blocked": blocked, "unclosed": stuck}


CHECKS: dict[str, Callable[[datetime], Check]] = {
    "database": check_database,
    "broker": check_broker,
    "heartbeat": check_heartbeat,
    "sources": check_sources,
    "deliveries": check_deliveries,
    "sending": check_sending,
}


def _run(check: Callable[[datetime], Check], now: datetime) -> Check:
    # Whatever goes wrong in a check is its result: a probe that gets a 500 learns nothing.
    try:
        return check(now)
    except Exception as error:
        return {"ok": False, "error": type(error).__name__}
