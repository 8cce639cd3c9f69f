"""How much of our time one stranger may use for previews. In the memory of this process: nothing to protect lasts."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, thread_time

# Seconds of processor time: what may be used at once, and what comes back in a second.
AT_ONCE = 6.0
A_SECOND = 0.1
MAX_CLIENTS = 10_000


class UsedUp(Exception):
    """`seconds` until there is something left."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"nothing left for {seconds:.0f} s")
        self.seconds = seconds


class Ration:
    """What each client (limiting.client_key) has left. The clients longest not seen are forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    @contextmanager
    def spending(self, client: str) -> Iterator[None]:
        """Charge the block's processor time to a client. Raises UsedUp before it begins."""
        left = self._at(client, monotonic())
        if left <= 0:
            raise UsedUp(max(1.0, -left / A_SECOND))
        start = thread_time()
        try:
            yield
        finally:
            self._charge(client, thread_time() - start)

    def clear(self) -> None:
        self._left.clear()

    def _at(self, client: str, moment: float) -> float:
        left, seen_at = self._left.get(client, (AT_ONCE, moment))
        return min(AT_ONCE, left + A_SECOND * (moment - seen_at))

    def _charge(self, client: str, seconds: float) -> None:
        with self._lock:
            moment = monotonic()
            self._left[client] = self._at(client, moment) - seconds, moment
            self._left.move_to_end(client)
            while len(self._left) > MAX_CLIENTS:
                self._left.popitem(last=False)


ration = Ration()
