"""All figures of the home, by their names in the template."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.cache import cache

from digest_site.glance import arrivals, dispatch, people, wishes
from digest_site.glance.hands import hands

SECONDS = 60
COUNTED: dict[str, Callable[[datetime], Any]] = {
    "readers": people.readers,
    "arrivals": arrivals.arrivals,
    "dispatch": dispatch.dispatch,
    "reputation": dispatch.reputation,
}
_KEY = "glance-figures-1"  # to be counted up with the shape of any figure


def figures(now: datetime, user: Any) -> dict[str, Any]:
    """What wants a hand is always of this moment; the rest was counted within the last minute.

    What `user` may not see is left out by the template.
    """
    known: dict[str, Any] | None = cache.get(_KEY)
    if known is None:
        known = {name: count(now) for name, count in COUNTED.items()} | {"counted_at": now}
        cache.set(_KEY, known, SECONDS)
    return known | {"hands": hands(now, user), "wishes": wishes.last_counted()}
