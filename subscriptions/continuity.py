"""Is this still the database we wrote to? After a failover, or with a restored copy, its last commits may be missing,
and what was sent in them looks unsent. Then sending stops until a person lets it go on, and whatever was due
by then is in doubt: healed by webhooks, repeated where the provider keeps keys, UNKNOWN otherwise.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from subscriptions.models import Brake, Delivery

logger = logging.getLogger(__name__)

State = Delivery.State

REASON = "the database is another one: a failover or a restored copy, whose last commits may be missing"
# https://www.postgresql.org/docs/current/functions-admin.html, "Backup Control Functions"; the name begins with
# the timeline, which a promotion changes; a copy made by pg_dump has another system identifier.
_ASK = "SELECT system_identifier || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) FROM pg_control_system()"


def watch(now: datetime) -> datetime | None:
    """Pull the brake when the database is another one; return when that was found last, if ever.

    SQLite does not tell, nor do some hosted PostgreSQLs: there a person does, see `distrust`.
    """
    epoch = _epoch()
    brake = Brake.objects.filter(pk=1).first()
    if epoch and (brake is None or brake.epoch != epoch):
        brake = _note(epoch, now)
    return brake.replaced_at if brake else None


def watch_is_possible() -> bool:
    """Whether this database tells which one it is."""
    return bool(_epoch())


def distrust(now: datetime) -> int:
    """The database was restored: stop sending and doubt what was due. Returns how many unsent messages are in doubt.

    For restores that `watch` cannot see: SQLite's, and a dump that went back into the same server.
    """
    with transaction.atomic():
        brake, _ = Brake.objects.select_for_update().get_or_create(pk=1)
        return _doubt(brake, now)


def doubt_composed_again(rows: Iterable[Delivery], replaced_at: datetime, now: datetime) -> None:
    """Doubt claimed digests that were due before the database was replaced and are new since.

    The lost commits may hold the same digest, composed and sent. What was there already is in doubt.
    """
    due = [row for row in rows if row.digest and row.digest.due_at <= replaced_at]
    again = [row for row in due if row.first_sent_at is None and not row.in_doubt]
    Delivery.objects.filter(pk__in=[row.pk for row in again]).update(in_doubt=True, first_sent_at=now)
    for row in again:
        row.in_doubt, row.first_sent_at = True, now


def trust() -> bool:
    """Take the doubt back: the database was moved on purpose and lost nothing. False when there was none."""
    with transaction.atomic():
        brake = Brake.objects.select_for_update().filter(pk=1, replaced_at__isnull=False).first()
        if brake is None:
            return False
        doubted = Delivery.objects.filter(state__in=(State.QUEUED, State.CLAIMED), first_sent_at=brake.replaced_at)
        doubted.update(in_doubt=False, first_sent_at=None)
        brake.replaced_at = None
        brake.save(update_fields=["replaced_at"])
    return True


def _note(epoch: str, now: datetime) -> Brake:
    with transaction.atomic():
        brake, _ = Brake.objects.select_for_update().get_or_create(pk=1)
        if brake.epoch not in {"", epoch}:
            _doubt(brake, now)
        brake.epoch = epoch
        brake.save()
    return brake


def _doubt(brake: Brake, now: datetime) -> int:
    brake.replaced_at = brake.pulled_at = now
    brake.reason = REASON
    brake.save()
    logger.error("Sending is stopped: %s", REASON)
    unsent = Delivery.objects.filter(state__in=(State.QUEUED, State.CLAIMED))
    return unsent.update(in_doubt=True, first_sent_at=Coalesce(F("first_sent_at"), now))


def _epoch() -> str:
    if connection.vendor != "postgresql":
        return ""
    try:
        with connection.cursor() as cursor:
            cursor.execute(_ASK)
            return str(cursor.fetchone()[0])
    except OperationalError:
        raise
    except DatabaseError:
        return ""
