"""A mail server on loopback that keeps what it accepts, and tells when something came."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

PATIENCE = 60.0  # seconds: a worker starts in three, on a busy machine in fifteen


class Sink:
    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self._came = threading.Condition()
        self._controller: Any = None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd names it
        """aiosmtpd's hook: one message, whole."""
        mail = message_from_bytes(envelope.content, policy=policy.default)
        mail["X-Envelope-From"], mail["X-Envelope-To"] = envelope.mail_from, ", ".join(envelope.rcpt_tos)
        with self._came:
            self.mails.append(mail)
            self._came.notify_all()
        return "250 kept"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.server.sockets[0].getsockname()[1]}"

    def wait(self, wanted: Callable[[EmailMessage], bool] = lambda mail: True) -> EmailMessage:
        """The first mail that is `wanted`, as soon as it is there; TimeoutError when it does not come."""
        with self._came:
            if not self._came.wait_for(lambda: any(map(wanted, self.mails)), PATIENCE):
                subjects = [mail["Subject"] for mail in self.mails]
                raise TimeoutError(f"No such mail in {PATIENCE:.0f} s; there are: {subjects}")
            return next(filter(wanted, self.mails))


@contextmanager
def open_sink() -> Iterator[Sink]:
    sink = Sink()
    sink._controller = Controller(sink, hostname="127.0.0.1", port=0, ready_timeout=PATIENCE)
    sink._controller.start()
    try:
        yield sink
    finally:
        sink._controller.stop()


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return part.get_content()
