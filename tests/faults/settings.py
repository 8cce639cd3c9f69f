"""The product's settings for a process of the fault suite: the case's clock, and what a case wants slow to be quick."""

import os
import resource
import socket
from pathlib import Path
from typing import Any

from tests.faults import clock

clock.install()

from digest_site.settings import *  # noqa: E402, F403 -- everything else tells the time by the clock above
from digest_site.settings import CELERY_BROKER_TRANSPORT_OPTIONS, LOGGING  # noqa: E402

if os.environ.get("FAULT_VISIBILITY"):
    CELERY_BROKER_TRANSPORT_OPTIONS |= {
        "visibility_timeout": int(os.environ["FAULT_VISIBILITY"]),
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
    }

if os.environ.get("FAULT_LIMITS"):
    CELERY_TASK_SOFT_TIME_LIMIT, CELERY_TASK_TIME_LIMIT = map(int, os.environ["FAULT_LIMITS"].split(","))

if os.environ.get("FAULT_FILE_BYTES"):
    # No file of this process or its children grows beyond that.
    resource.setrlimit(resource.RLIMIT_FSIZE, 2 * (int(os.environ["FAULT_FILE_BYTES"]),))

NO_NAMES = Path(os.environ["FAULT_CLOCK"]).with_name("no-names")
_resolve = socket.getaddrinfo


def _resolve_while_names_work(host: Any, *args: Any, **kwargs: Any) -> Any:
    """No name is known while that file stands."""
    if host == "localhost" and NO_NAMES.exists():
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return _resolve(host, *args, **kwargs)


socket.getaddrinfo = _resolve_while_names_work

# A case may want to see which task a worker took, and how often.
LOGGING["loggers"]["celery"] = {"level": "INFO"}
