"""Celery's broker of files, made safe: whoever looks into the folder sees whole messages or none.

Kombu's own writes a message where it is polled for, and a worker that meets one half written stops for
good (https://github.com/celery/kombu/issues/1551). Here a file is finished elsewhere and renamed.
"""

import contextlib
import logging
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """The same files under the same names, so that kombu's counting and emptying of queues still hold."""

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:  # type: ignore[override]  # its stubs disagree
        name = f"{time.time_ns()}_{uuid.uuid4()}.{queue}.msg"
        _draft(self.processed_folder, dumps(message)).rename(Path(self.data_folder_out, name))

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """The oldest message; a file that is none is dropped, since messages are only hints. Raises Empty."""
        for path in sorted(Path(self.data_folder_in).iterdir()):
            if path.name.partition(".")[2] != f"{queue}.msg":
                continue
            try:
                taken = path.rename(Path(self.processed_folder, path.name))  # one taker wins
            except FileNotFoundError:
                continue
            body = taken.read_bytes()
            taken.unlink()
            try:
                return loads(body.decode())
            except ValueError:
                logger.error("Dropped a file that is no message: %s", path.name)  # noqa: TRY400 -- its words say no more
        raise Empty

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None) -> None:
        # Kombu empties the table it makes before it locks it; made beforehand, it is only ever changed locked.
        draft = _draft(self.processed_folder, "[]")
        with contextlib.suppress(FileExistsError):
            self._exchange_file(exchange).hardlink_to(draft)  # type: ignore[attr-defined]  # newer than its stubs
        draft.unlink()
        super()._queue_bind(exchange, routing_key or "", pattern or "", queue or "")


class Transport(filesystem.Transport):
    Channel = Channel


def _draft(folder: str, text: str) -> Path:
    """A whole file beside the queue, on the same file system, under a name nobody looks for."""
    path = Path(folder, f"{uuid.uuid4()}.draft")
    path.write_text(text, encoding="utf-8")
    return path
