"""Each line of STANDARDS table D10, against real conversations on loopback."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from anymail.message import AnymailMessage
from django.core.mail import EmailMessage, get_connection
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from subscriptions.transport import PAUSE, Channel, Misconfigured, NotAccepted, OutcomeUnknown, Receipt, Refused

NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)
DROP = object()


class Conversation:
    """An SMTP server that follows a script: for a verb, what to say instead of 250 (DROP hangs up)."""

    def __init__(self, script: dict[str, object], banner: bytes = b"220 sink ready") -> None:
        self.script = script
        self.banner = banner
        self.accepted: list[bytes] = []
        self.connections = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            with client, client.makefile("rwb") as wire:
                self._talk(wire)

    def _talk(self, wire) -> None:
        say = self._sayer(wire)
        say(self.banner)
        if not self.banner.startswith(b"220"):
            return
        for line in wire:
            verb = line.split()[0].decode().upper()
            answer = self.script.get(verb)
            if answer is DROP:
                return
            if verb == "QUIT":
                say(b"221 bye")
                return
            if verb == "DATA" and answer is None:
                say(b"354 go on")
                if not self._take(wire, say):
                    return
                continue
            say(answer if isinstance(answer, bytes) else b"250 sink")

    def _take(self, wire, say: Callable[[bytes], None]) -> bool:
        lines = []
        while (line := wire.readline()) not in (b".\r\n", b""):
            lines.append(line)
        answer = self.script.get(".")
        if answer is DROP:
            return False
        if answer == b"accept and drop":
            self.accepted.append(b"".join(lines))
            return False
        if answer is None:
            self.accepted.append(b"".join(lines))
        say(answer if isinstance(answer, bytes) else b"250 taken")
        return True

    @staticmethod
    def _sayer(wire) -> Callable[[bytes], None]:
        def say(line: bytes) -> None:
            wire.write(line + b"\r\n")
            wire.flush()

        return say


@contextmanager
def smtp(banner: bytes = b"220 sink ready", **script: object) -> Iterator[tuple[Channel, Conversation]]:
    server = Conversation({("." if verb == "END" else verb): answer for verb, answer in script.items()}, banner)
    backend = get_connection("subscriptions.smtp.EmailBackend", host="127.0.0.1", port=server.port, timeout=2)
    try:
        with Channel(backend) as channel:
            yield channel, server
    finally:
        server.close()


def message() -> EmailMessage:
    return EmailMessage("Six papers", "Read them.", "papers@example.org", ["reader@example.net"])


def test_smtp_acceptance_is_a_receipt():
    with smtp() as (channel, server):
        outcomes = [channel.open(NOW), channel.send(message()), channel.send(message())]

    assert outcomes == [None, Receipt(), Receipt()]
    assert (len(server.accepted), server.connections) == (2, 1)


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        ({"MAIL": b"421 too busy"}, NotAccepted("421 too busy")),
        ({"MAIL": b"550 not you"}, Refused("550 not you")),
        ({"MAIL": b"530 log in first"}, Misconfigured("530 log in first")),
        ({"RCPT": b"451 later"}, NotAccepted("451 later")),
        ({"RCPT": b"550 no such mailbox"}, Refused("550 no such mailbox")),
        ({"DATA": b"451 later"}, NotAccepted("451 later")),
        ({"DATA": b"554 no"}, Refused("554 no")),
        ({"END": b"452 disk full"}, NotAccepted("452 disk full")),
        ({"END": b"550 spam"}, Refused("550 spam")),
        ({"MAIL": DROP}, NotAccepted("SMTPServerDisconnected")),
        ({"RCPT": DROP}, NotAccepted("SMTPServerDisconnected")),
        ({"DATA": DROP}, NotAccepted("SMTPServerDisconnected")),
        ({"END": DROP}, OutcomeUnknown("SMTPServerDisconnected")),
        ({"END": b"accept and drop"}, OutcomeUnknown("SMTPServerDisconnected")),
        ({"QUIT": DROP}, Receipt()),
    ],
)
def test_smtp_answers_are_classified(script, outcome):
    with smtp(**script) as (channel, _):
        channel.open(NOW)

        assert channel.send(message()) == outcome


def test_smtp_refused_connection_is_known_before_anything_is_sent():
    backend = get_connection("subscriptions.smtp.EmailBackend", host="127.0.0.1", port=free_port(), timeout=2)

    assert Channel(backend).open(NOW) == NotAccepted("ConnectionRefusedError: Connection refused")


def test_smtp_busy_banner_is_known_before_anything_is_sent():
    with smtp(banner=b"421 come back") as (channel, _):
        outcome = channel.open(NOW)

    assert outcome == NotAccepted("421 come back")


def test_smtp_wrong_password_is_our_own_fault():
    server = Conversation({"EHLO": b"250-sink\r\n250 AUTH PLAIN", "AUTH": b"535 wrong"})
    backend = get_connection(
        "subscriptions.smtp.EmailBackend", host="127.0.0.1", port=server.port, username="u", password="p", timeout=2
    )

    outcome = Channel(backend).open(NOW)

    server.close()
    assert outcome == Misconfigured("535 wrong")


def test_smtp_connection_lost_between_messages_is_reopened():
    with smtp() as (channel, server):
        server.script["RSET"] = DROP
        channel.open(NOW)
        channel.send(message())
        server.script["MAIL"] = DROP
        lost = channel.send(message())
        del server.script["MAIL"]

        outcomes = [lost, channel.open(NOW), channel.send(message())]

    assert outcomes == [NotAccepted("SMTPServerDisconnected"), None, Receipt()]
    assert server.connections == 2


def test_connection_is_renewed_when_old_or_worn():
    with smtp() as (channel, server):
        channel.open(NOW)
        channel.open(NOW + timedelta(minutes=4))
        kept = server.connections
        channel.open(NOW + timedelta(minutes=6))
        channel.send(message())

    assert (kept, server.connections) == (1, 2)


@pytest.fixture
def postmark(settings, httpserver: HTTPServer) -> Iterator[Channel]:
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "token",
        "POSTMARK_API_URL": httpserver.url_for("/"),
        "REQUESTS_TIMEOUT": 1,
    }
    with Channel(get_connection("anymail.backends.postmark.EmailBackend")) as channel:
        yield channel


def anymail_message() -> AnymailMessage:
    return AnymailMessage("Six papers", "Read them.", "papers@example.org", ["reader@example.net"])


TAKEN = {"ErrorCode": 0, "Message": "OK", "MessageID": "abc-1", "SubmittedAt": "2026-11-20", "To": "reader@example.net"}


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        (lambda: _json(TAKEN), Receipt("abc-1")),
        (lambda: Response("{", 200, content_type="application/json"), Receipt()),
        (lambda: _json({"ErrorCode": 406, "Message": "inactive"}, 422), Refused("provider: unknown")),
        (lambda: Response("slow down", 429, {"Retry-After": "30"}), NotAccepted("provider answered 429", 30.0)),
        (lambda: Response("slow down", 429, {"Retry-After": "soon"}), NotAccepted("provider answered 429", PAUSE)),
        (lambda: Response("who?", 401), Misconfigured("provider answered 401")),
        (lambda: Response("no", 403), Misconfigured("provider answered 403")),
        (lambda: Response("oops", 500), OutcomeUnknown("provider answered 500")),
        (lambda: Response("late", 504), OutcomeUnknown("provider answered 504")),
    ],
)
def test_api_answers_are_classified_with_one_post(postmark, httpserver, response, outcome):
    httpserver.expect_request("/email").respond_with_handler(lambda _: response())
    postmark.open(NOW)

    assert postmark.send(anymail_message()) == outcome
    assert [request.method for request, _ in httpserver.log] == ["POST"]


def test_api_that_never_answers_is_unknown(postmark, httpserver):
    release = threading.Event()

    def stall(request: Request) -> Response:
        release.wait(10)
        return _json(TAKEN)

    httpserver.expect_request("/email").respond_with_handler(stall)
    postmark.open(NOW)

    outcome = postmark.send(anymail_message())

    release.set()
    assert outcome == OutcomeUnknown("ReadTimeout")


def test_api_that_hangs_up_is_unknown(settings):
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.ANYMAIL = {
            "POSTMARK_SERVER_TOKEN": "token",
            "POSTMARK_API_URL": f"http://127.0.0.1:{server.getsockname()[1]}/",
        }
        posts = []

        def hang_up() -> None:
            client, _ = server.accept()
            posts.append(client.recv(100_000))
            client.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with Channel(get_connection("anymail.backends.postmark.EmailBackend")) as channel:
            channel.open(NOW)
            outcome = channel.send(anymail_message())
        thread.join()

    assert outcome == OutcomeUnknown("ConnectionError")
    assert len(posts) == 1


def test_api_that_cannot_be_reached_is_not_accepted(settings):
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token", "POSTMARK_API_URL": f"http://127.0.0.1:{free_port()}/"}
    with Channel(get_connection("anymail.backends.postmark.EmailBackend")) as channel:
        channel.open(NOW)

        assert channel.send(anymail_message()) == NotAccepted("ConnectionError", PAUSE)


def test_message_the_provider_cannot_take_is_refused(postmark):
    broken = anymail_message()
    broken.to = ["not an address"]
    postmark.open(NOW)

    assert isinstance(postmark.send(broken), Refused)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def _json(body: dict[str, object], status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")
