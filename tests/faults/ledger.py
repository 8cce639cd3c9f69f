"""The provider's side of a history: every message it was handed, and which of them it accepted."""

import hashlib
import threading
import time
from collections import Counter
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Handed:
    """One message as the provider saw it. `content` leaves out the Date, `at` is on this process's own clock."""

    key: str
    recipient: str
    message_id: str
    content: str
    accepted: bool = False
    answered: bool = False
    at: float = 0.0


class Ledger:
    """What was handed over, in order. Many connections write at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handed: list[Handed] = []

    def open(self, message: Handed) -> int:
        """Note a message that came in; the number under which to say later what became of it."""
        with self._lock:
            self._handed.append(message)
            return len(self._handed) - 1

    def accept(self, number: int) -> None:
        with self._lock:
            self._handed[number] = replace(self._handed[number], accepted=True, at=time.monotonic())

    def answer(self, number: int) -> None:
        """The sender got a whole answer, whatever it said."""
        with self._lock:
            self._handed[number] = replace(self._handed[number], answered=True)

    @property
    def handed(self) -> list[Handed]:
        with self._lock:
            return list(self._handed)

    @property
    def accepted(self) -> list[Handed]:
        return [message for message in self.handed if message.accepted]

    def copies(self) -> Counter[str]:
        """How many copies each recipient got."""
        return Counter(message.recipient for message in self.accepted)


def fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def key_in(message_id: str) -> str:
    """The delivery's key: the left half of its Message-ID."""
    return message_id.strip("<> ").partition("@")[0]
