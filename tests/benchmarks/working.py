"""Processor time instead of the clock's: what a request takes on a machine that does nothing else."""

import time
from pathlib import Path

from django.db import connection


def worked() -> float:
    """Seconds that this process, and on PostgreSQL its server process on this machine, have worked so far."""
    own = time.process_time()
    if connection.vendor != "postgresql":
        return own
    connection.ensure_connection()
    on_cpu, _waiting, _slices = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text().split()
    return own + int(on_cpu) / 1e9
