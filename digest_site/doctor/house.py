"""What this installation stands on: settings, database, broker, beat, disk."""

import shutil
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core import checks
from django.core.checks import ERROR
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from digest_site import alarms, health
from digest_site.doctor.findings import Finding, failed, ok, warning
from digest_site.models import Alert
from subscriptions import braking, continuity

EXPLAINED = "manage.py check --deploy says the same"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def examine_settings(now: datetime) -> Iterator[Finding]:
    """What `check --deploy` says, on a public site only: a private one need not be fit for the open web."""
    found = [each for each in checks.run_checks(include_deployment_checks=settings.PUBLIC) if not each.is_silenced()]
    for message in found:
        judge = failed if message.level >= ERROR else warning
        yield judge("settings", f"{message.id}: {message.msg}", message.hint or EXPLAINED)
    if settings.PUBLIC and settings.STATIC_ROOT and not (settings.STATIC_ROOT / "staticfiles.json").exists():
        yield failed("settings", "static files are not collected", "manage.py collectstatic --no-input")
    elif not found:
        yield ok("settings", "public site" if settings.PUBLIC else "private site (SITE_URL is not https)")
    if not settings.ALERT_EMAILS:
        yield warning("alerts", "nobody is told when something wants a hand", "set ALERT_EMAILS")


def examine_database(now: datetime) -> Iterator[Finding]:
    connection.ensure_connection()
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        yield failed("migrations", f"{len(waiting)} are not applied", "manage.py migrate")
    else:
        yield ok("migrations", "all applied")
    yield from _examine_postgres() if connection.vendor == "postgresql" else _examine_sqlite()


def _examine_sqlite() -> Iterator[Finding]:
    words = f"SQLite {sqlite3.sqlite_version}"
    if settings.PUBLIC:
        yield warning("database", words, "fine on one machine; for several workers set DATABASE_URL to PostgreSQL")
    else:
        yield ok("database", words)


def _examine_postgres() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('synchronous_commit')")
        version, commit = cursor.fetchone()
    if commit == "off":
        hint = "set synchronous_commit = on: what was fenced and then lost would be sent twice"
        yield failed("database", f"PostgreSQL {version}, synchronous_commit is off", hint)
    else:
        yield ok("database", f"PostgreSQL {version}")
    if not continuity.watch_is_possible():
        yield warning(
            "database history",
            "PostgreSQL does not tell us which database this is, so a failover or a restored copy goes unnoticed",
            "GRANT EXECUTE ON FUNCTION pg_control_system() TO the role; after a restore, pull the brake by hand",
        )


def examine_broker(now: datetime) -> Iterator[Finding]:
    if not health.check_broker(now)["ok"]:
        yield failed("broker", "the broker's folder cannot be written", "let this user write DATA_DIR")
    elif settings.REDIS_URL:
        yield from _examine_redis(settings.REDIS_URL)
    else:
        yield ok("broker", "a folder in DATA_DIR")


def _examine_redis(url: str) -> Iterator[Finding]:
    parts = urlsplit(url)
    with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
        memory, disk = client.info("memory"), client.info("persistence")
    policy = memory.get("maxmemory_policy", "unknown")
    flaws = []
    if policy != "noeviction":
        flaws.append((f"maxmemory-policy is {policy}", "maxmemory-policy noeviction: another one throws tasks away"))
    if not disk.get("aof_enabled"):
        flaws.append(("it writes no log", "appendonly yes: a restart loses the heartbeat and what waits, for a minute"))
    if not parts.password and parts.hostname not in LOOPBACK:
        flaws.append(("it asks for no password", "requirepass, and REDIS_URL=redis://:password@host:6379/0"))
    for words, hint in flaws:
        yield warning("broker", f"Redis: {words}", hint)
    if not flaws:
        yield ok("broker", "Redis")


def examine_beat(now: datetime) -> Iterator[Finding]:
    check = health.check_heartbeat(now)
    words = (
        f"the last tick was run at {check['last']:%Y-%m-%d %H:%M:%S} UTC" if check["last"] else "no tick was run yet"
    )
    if check["ok"]:
        yield ok("beat", words)
    else:
        yield failed("beat", words, "start beat and a worker, or see what they log")


def examine_disk(now: datetime) -> Iterator[Finding]:
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.DATA_DIR).free / 2**30
    if any(alarms.find_full_disk(now)):
        yield failed("disk", f"{free:.1f} GiB free in DATA_DIR", "make room, before the database stops")
    else:
        yield ok("disk", f"{free:.1f} GiB free in DATA_DIR")


def examine_sending(now: datetime) -> Iterator[Finding]:
    brake = braking.pulled()
    if brake:
        yield failed("sending", f"stopped: {brake.reason}", "mend the cause, then release the brake in the admin")
    else:
        yield ok("sending", "not stopped")
    names = sorted({alert.name for alert in Alert.objects.unresolved()[:100]})
    if names:
        yield warning("open alerts", ", ".join(names), "RUNBOOK.md says what each wants")
