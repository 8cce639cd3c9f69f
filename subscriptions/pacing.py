"""How fast mail may leave: overall and towards one recipient domain, agreed among all workers by rows.

Slots are reserved before a message is fenced. One that is near is waited for; one that is far sends the
row back to the queue with a later `not_before`, so nobody sleeps long and nothing is in doubt meanwhile.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.db import transaction

from subscriptions.models import Lane

logger = logging.getLogger(__name__)

ALL = ""
# Where a lane begins: whoever made it may have had a clock ahead of the others'.
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
HOLD = timedelta(seconds=30)  # a turn further away is not waited for
DOMAIN_HOLD = timedelta(seconds=2)  # the same for one domain, whose slowness must not hold up the others
# A domain that says "slow down" is given longer and longer pauses, and its trust back after an hour.
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 10.0
SLOW_FOR = timedelta(hours=1)
STEADY_FOR = timedelta(minutes=5)  # replies to messages already under way lengthen the pause only once


def reserve(domains: Mapping[int, str], now: datetime) -> dict[int, datetime]:
    """When each message may leave; `domains` maps a delivery to its recipient's domain.

    A time before now + HOLD is reserved for it. A later one is only when to ask again, and costs nothing.
    """
    if not domains:
        return {}
    with transaction.atomic():
        lanes = _lock(set(domains.values()))
        slots = _assign(domains, lanes, now)
        Lane.objects.bulk_update(lanes.values(), ["free_at", "day", "sent"])
    return slots


def slow_down(domains: Iterable[str], now: datetime) -> None:
    """Lengthen the pause between messages to these domains, each at most once in STEADY_FOR."""
    for domain in sorted(set(domains)):
        with transaction.atomic():
            Lane.objects.get_or_create(domain=domain, defaults={"free_at": _LONG_AGO})
            lane = Lane.objects.select_for_update().get(domain=domain)
            slow = lane.slow_until is not None and lane.slow_until > now
            if slow and lane.slow_until and lane.slow_until > now + SLOW_FOR - STEADY_FOR:
                continue
            lane.seconds = min(lane.seconds * 2, LONGEST_PAUSE) if slow and lane.seconds else FIRST_PAUSE
            lane.slow_until = now + SLOW_FOR
            lane.save(update_fields=["seconds", "slow_until"])
        logger.warning("A recipient domain asked us to slow down: %.2f s between messages", lane.seconds)


def hold_all(until: datetime) -> None:
    """Let nothing leave before `until`: the provider named a time."""
    Lane.objects.get_or_create(domain=ALL, defaults={"free_at": until})
    Lane.objects.filter(domain=ALL, free_at__lt=until).update(free_at=until)


def _lock(domains: set[str]) -> dict[str, Lane]:
    """The lanes that bear on these domains, locked in one order; made where a limit wants one."""
    wanted = {ALL} | (domains if settings.MAIL_PER_SECOND_PER_DOMAIN else set())
    rows = Lane.objects.select_for_update().filter(domain__in={ALL} | domains).order_by("domain")
    lanes = {lane.domain: lane for lane in rows}
    if missing := wanted - lanes.keys():
        made = [Lane(domain=name, free_at=_LONG_AGO) for name in sorted(missing)]
        Lane.objects.bulk_create(made, ignore_conflicts=True)
        lanes = {lane.domain: lane for lane in rows.all()}
    return lanes


def _assign(domains: Mapping[int, str], lanes: Mapping[str, Lane], now: datetime) -> dict[int, datetime]:
    overall = lanes[ALL]
    if overall.day != now.date():
        overall.day, overall.sent = now.date(), 0
    slots: dict[int, datetime] = {}
    waiting: Counter[str] = Counter()
    for pk, domain in domains.items():
        lane = lanes.get(domain)
        turn, lane_turn = max(now, overall.free_at), max(now, lane.free_at if lane else now)
        if settings.DAILY_CAP and overall.sent >= settings.DAILY_CAP:
            turn = max(turn, datetime.combine(now.date() + timedelta(days=1), time(), UTC))
        slots[pk] = max(turn, lane_turn)
        if turn - now > HOLD or lane_turn - now > DOMAIN_HOLD:
            # Spread what waits, or all of it would come back at once.
            slots[pk] = max(slots[pk], now + HOLD) + _pause(lane, now) * waiting[domain]
            waiting[domain] += 1
            continue
        overall.sent += 1
        # Untouched where there is no limit: a clock that steps back must not hold up what nothing limits.
        if interval := _interval(settings.MAIL_PER_SECOND):
            overall.free_at = turn + interval
        if lane and (pause := _pause(lane, now)):
            lane.free_at = lane_turn + pause
    return slots


def _pause(lane: Lane | None, now: datetime) -> timedelta:
    usual = _interval(settings.MAIL_PER_SECOND_PER_DOMAIN)
    if lane is None or lane.slow_until is None or lane.slow_until <= now:
        return usual
    return max(usual, timedelta(seconds=lane.seconds))


def _interval(per_second: int) -> timedelta:
    return timedelta(seconds=1 / per_second) if per_second else timedelta()


def domain_of(addresses: Sequence[str]) -> str:
    """The recipient's domain, lower case."""
    return addresses[0].rpartition("@")[2].lower()
