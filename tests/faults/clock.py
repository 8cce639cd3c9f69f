"""A clock that all processes of a case share and that a test can set: the real one, moved."""

import os
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.utils import timezone

VARIABLE = "FAULT_CLOCK"
SKEW = "FAULT_CLOCK_SKEW"  # seconds by which one process is wrong


class Clock:
    """Eight bytes in a file: how many seconds to add to the machine's own time."""

    def __init__(self, path: Path, skew: float = 0.0) -> None:
        self.path = path
        self._skew = skew
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def now(self) -> datetime:
        (offset,) = struct.unpack("d", os.pread(self._file, 8, 0) or bytes(8))
        return datetime.now(UTC) + timedelta(seconds=offset + self._skew)

    def set(self, moment: datetime) -> None:
        os.pwrite(self._file, struct.pack("d", (moment - datetime.now(UTC)).total_seconds()), 0)

    def advance(self, step: timedelta) -> None:
        self.set(self.now() + step)

    def close(self) -> None:
        os.close(self._file)


def install() -> None:
    """Make this process tell the time by the case's clock. Before any app is imported."""
    clock = Clock(Path(os.environ[VARIABLE]), float(os.environ.get(SKEW, "0")))
    timezone.now = clock.now
