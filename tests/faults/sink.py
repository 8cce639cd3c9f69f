"""A mail server on loopback that keeps a ledger and misbehaves as told, at any verb."""

import asyncio
import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.faults.ledger import Handed, Ledger, fingerprint, key_in

PLACES = ("connect", "mail", "rcpt", "data", ".", "quit")


@dataclass(frozen=True)
class Reply:
    """What is said at one place. Without `text` the connection ends there; `drop` ends it after the text.

    At the final dot, `accepts` says whether the message is kept, whatever the sender hears.
    """

    text: str = ""
    accepts: bool = False
    stall: float = 0.0
    drop: bool = False

    @property
    def is_clear(self) -> bool:
        return bool(self.text) and not self.stall


# (place, recipient) → a reply, or None for the usual one. The recipient is "" before RCPT.
Rule = Callable[[str, str], Reply | None]
USUAL = {
    "connect": Reply("220 ready"),
    "mail": Reply("250 ok"),
    "rcpt": Reply("250 ok"),
    "data": Reply("354 go on"),
    ".": Reply("250 kept", accepts=True),
    "quit": Reply("221 bye", drop=True),
}


def usual(place: str, recipient: str) -> None:
    """Accept everything."""


class Sink:
    def __init__(self) -> None:
        self.ledger = Ledger()
        self.rule: Rule = usual
        self.port = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from its banner to its end."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await _Conversation(self, reader, writer).run()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


class _Conversation:
    def __init__(self, sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sink, self.reader, self.writer = sink, reader, writer
        self.recipient = ""

    async def run(self) -> None:
        go_on = await self.say("connect")
        while go_on and (line := await self.reader.readline()):
            go_on = await self.obey(line.decode("ascii", "replace").strip())

    async def obey(self, line: str) -> bool:
        verb = line[:4].upper()
        if verb in {"EHLO", "HELO", "RSET", "NOOP"}:
            self.writer.write(b"250 sink\r\n")
            return True
        if verb == "RCPT":
            self.recipient = line.partition("<")[2].partition(">")[0]
        if verb == "MAIL":
            self.recipient = ""
        if verb == "DATA":
            return await self.take()
        return await self.say(verb.lower() if verb.lower() in PLACES else "mail")

    async def take(self) -> bool:
        reply = self.reply("data")
        if not reply.text.startswith("354"):
            return await self.speak(reply)
        await self.speak(reply)
        content = await self.reader.readuntil(b"\r\n.\r\n")
        ledger, reply = self.sink.ledger, self.reply(".")
        number = ledger.open(_read(content, self.recipient))
        if reply.accepts:
            ledger.accept(number)
        go_on = await self.speak(reply)
        if reply.is_clear:
            ledger.answer(number)
        return go_on

    def reply(self, place: str) -> Reply:
        return self.sink.rule(place, self.recipient) or USUAL[place]

    async def say(self, place: str) -> bool:
        return await self.speak(self.reply(place))

    async def speak(self, reply: Reply) -> bool:
        """False when the connection ends here."""
        if reply.stall:
            await asyncio.sleep(reply.stall)
        if reply.text:
            self.writer.write(reply.text.encode() + b"\r\n")
            await self.writer.drain()
        return bool(reply.text) and not reply.drop


def _read(content: bytes, recipient: str) -> Handed:
    head = content.partition(b"\r\n\r\n")[0].decode("ascii", "replace")
    found = re.search(r"^Message-ID: *\s?(<[^>]+>)", head, re.MULTILINE | re.IGNORECASE)
    message_id = found[1] if found else ""
    undated = re.sub(rb"^Date: [^\r\n]*\r\n", b"", content, count=1, flags=re.MULTILINE)
    return Handed(key_in(message_id), recipient, message_id, fingerprint(undated))


@contextlib.contextmanager
def open_sink() -> Iterator[Sink]:
    """Serve on a free port, in a thread with an event loop of its own."""
    sink, loop = Sink(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(_listen(sink), loop).result(10)
    try:
        yield sink
    finally:
        asyncio.run_coroutine_threadsafe(_hang_up(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _listen(sink: Sink) -> asyncio.Server:
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0, limit=2**22)
    sink.port = server.sockets[0].getsockname()[1]
    return server


async def _hang_up(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
