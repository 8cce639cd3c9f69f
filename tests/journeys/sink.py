"""A mail server on loopback that keeps what it accepts, and tells when something came."""

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

PATIENCE = 60.0  # seconds: a worker starts in three, on a busy machine in fifteen


class Sink:
    host = "127.0.0.1"

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self._came = threading.Condition()
        with socket.create_server((self.host, 0)) as free:
            self.port: int = free.getsockname()[1]

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
        return f"smtp://{self.host}:{self.port}"

    def wait(self, wanted: Callable[[EmailMessage], bool], sender: "subprocess.Popen[str]") -> EmailMessage:
        """The first mail that is `wanted`, once it is there; TimeoutError when `sender` ends or takes too long."""
        end = time.monotonic() + PATIENCE
        with self._came:
            while not any(map(wanted, self.mails)):
                if sender.poll() is not None or time.monotonic() > end:
                    raise TimeoutError(f"No such mail; there are: {[mail['Subject'] for mail in self.mails]}")
                self._came.wait(1)
            return next(filter(wanted, self.mails))


@contextmanager
def open_sink() -> Iterator[Sink]:
    sink = Sink()
    controller = Controller(sink, hostname=sink.host, port=sink.port, ready_timeout=PATIENCE)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return part.get_content()


def to(email: str) -> Callable[[EmailMessage], bool]:
    return lambda mail: mail["X-Envelope-To"] == email
