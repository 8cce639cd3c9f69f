"""Examine an installation: everything a digest needs, one finding or more for each."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from digest_site.doctor import house, names, post, times
from digest_site.doctor.findings import Finding, Level, failed
from digest_site.logs import mask

__all__ = ["EXAMINATIONS", "Finding", "Level", "examine"]

EXAMINATIONS: dict[str, Callable[[datetime], Iterable[Finding]]] = {
    "settings": house.examine_settings,
    "database": house.examine_database,
    "broker": house.examine_broker,
    "beat": house.examine_beat,
    "disk": house.examine_disk,
    "sending": house.examine_sending,
    "mail": post.examine_transport,
    "webhook": post.examine_webhook,
    "DNS": names.examine_names,
    "clock": times.examine_clock,
    "time zones": times.examine_zones,
}


def examine(now: datetime) -> Iterator[Finding]:
    """Run all of them; one that breaks is a finding itself."""
    for name, examination in EXAMINATIONS.items():
        try:
            yield from examination(now)
        except Exception as error:
            said = str(error).partition("\n")[0]
            words = f"{type(error).__name__}: {mask(said)[:200]}"
            yield failed(name, f"could not be examined: {words}", "see whether it runs at all")
