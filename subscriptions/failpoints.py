"""Named places at which a fault test may strike. Nothing happens unless FAILPOINT names one.

`FAILPOINT=after_claim:kill` kills the process the first time it gets there, `after_claim:kill:3` the
third time; `before_record:drop` cuts its database connection once, as a server that dies would;
`after_claim:wait` stands still there until a file named like FAILPOINT_MARK, with `.done`, is made.

FAILPOINT_MARK names a file that is made with the strike. Where it stands already nothing happens, so that
of many processes one is struck, and not the one that takes over.
"""

import os
import signal
import time
from pathlib import Path

from django.db import connection

_place, _, _rest = os.environ.get("FAILPOINT", "").partition(":")
_action, _, _times = _rest.partition(":")
_left = int(_times or 1)
_mark = os.environ.get("FAILPOINT_MARK", "")

# A test that died must not hold a process for ever.
LONGEST_WAIT = 60.0


def reach(place: str) -> None:
    """Strike here if FAILPOINT says so."""
    global _left  # noqa: PLW0603 -- counted over the whole life of the process, as a fault is
    if place != _place or _left == 0:
        return
    _left -= 1
    if _left == 0 and _is_first():
        _strike()


def _is_first() -> bool:
    if _mark:
        try:
            Path(_mark).touch(exist_ok=False)
        except FileExistsError:
            return False
    return True


def _strike() -> None:
    if _action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif _action == "wait":
        end = time.monotonic() + LONGEST_WAIT
        while not Path(f"{_mark}.done").exists() and time.monotonic() < end:
            time.sleep(0.01)
    elif _action == "drop" and connection.connection is not None:
        # The server's end goes, ours finds out at the next statement.
        connection.connection.close()
