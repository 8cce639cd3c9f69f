"""Programs of the product, each in a session of its own so that it can be killed whole, its words in a file."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil

from tests.environment import ROOT


class Process:
    def __init__(self, name: str, command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("w") as output:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def is_running(self) -> bool:
        return self._popen.poll() is None

    @property
    def children(self) -> list[psutil.Process]:
        """The worker's own processes."""
        try:
            return psutil.Process(self._popen.pid).children()
        except psutil.NoSuchProcess:
            return []

    @property
    def words(self) -> str:
        """What it printed."""
        return self.log.read_text()

    def kill(self) -> None:
        """SIGKILL for it and all it started. Safe to repeat."""
        if self.is_running:
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()

    def terminate(self) -> None:
        """Ask it to end, as a deployment does."""
        self._popen.send_signal(signal.SIGTERM)

    def wait(self, patience: float) -> int:
        return self._popen.wait(patience)
