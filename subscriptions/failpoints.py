"""Named places at which a fault test may strike. Nothing happens unless FAILPOINT names one.

`FAILPOINT=after_claim:kill` kills the process the first time it gets there, `after_claim:kill:3` the
third time; `before_record:drop` cuts its database connection once, as a server that dies would.
"""

import os
import signal

from django.db import connection

_place, _, _rest = os.environ.get("FAILPOINT", "").partition(":")
_action, _, _times = _rest.partition(":")
_left = int(_times or 1)


def reach(place: str) -> None:
    """Strike here if FAILPOINT says so."""
    global _left  # noqa: PLW0603 -- counted over the whole life of the process, as a fault is
    if place != _place or _left == 0:
        return
    _left -= 1
    if _left:
        return
    if _action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif _action == "drop" and connection.connection is not None:
        # The server's end goes, ours finds out at the next statement.
        connection.connection.close()
