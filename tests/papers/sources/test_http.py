import gzip
import itertools
import logging
import resource
import socket
import time
import zlib
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import stamina

from papers.sources.base import FetchFailed, NotModified
from papers.sources.http import Fetcher, retry_after
from tests.papers.sources.site import Visit, listening, serving

AGENT = "PaperRound/0 (+https://papers.invalid)"


@pytest.fixture
def site():
    with serving() as site:
        yield site


@pytest.fixture
def waits(monkeypatch):
    """The pauses between attempts, in seconds, without their being waited for."""
    waits: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waits.append)
    return waits


def fetcher(**options) -> Fetcher:
    return Fetcher(AGENT, **{"allow_private": True, "deadline": 20.0, **options})


def say(status: int, body: bytes = b"", **headers: str):
    return lambda visit: visit.say(status, body, **headers)


def test_get_returns_the_body_and_says_who_asks(site):
    url = site.on("/list?p=0", say(200, b"papers"))

    assert fetcher().get(url) == b"papers"

    [(path, headers)] = site.visits
    assert path == "/list?p=0"
    assert (headers["User-Agent"], headers["Host"]) == (AGENT, f"127.0.0.1:{site.server_port}")
    assert "If-None-Match" not in headers


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_get_unpacks_what_it_offers_to(site, encoding):
    packed = gzip.compress(b"papers") if encoding == "gzip" else zlib.compress(b"papers")
    url = site.on("/", say(200, packed, Content_Encoding=encoding))

    assert fetcher().get(url) == b"papers"
    assert site.visits[0][1]["Accept-Encoding"] == "gzip, deflate"


def test_validators_of_an_answer_are_received(site):
    url = site.on("/", say(200, b"papers", ETag='"one"', Last_Modified="Thu, 20 Aug 2026 04:00:00 GMT"))
    plain = site.on("/plain", say(200, b"papers"))
    asking = fetcher()

    asking.get(url)
    asking.get(plain)

    assert asking.received == {url: {"etag": '"one"', "last_modified": "Thu, 20 Aug 2026 04:00:00 GMT"}}


def test_validators_ask_whether_anything_changed(site):
    url = site.on("/", say(304, ETag='"one"'))
    known = {url: {"etag": '"one"', "last_modified": "Thu, 20 Aug 2026 04:00:00 GMT"}}
    asking = fetcher(validators=known)

    with pytest.raises(NotModified):
        asking.get(url)

    [(_, headers)] = site.visits
    assert (headers["If-None-Match"], headers["If-Modified-Since"]) == ('"one"', "Thu, 20 Aug 2026 04:00:00 GMT")
    assert asking.received == {}


def test_unasked_not_modified_is_a_failure(site):
    with pytest.raises(FetchFailed, match="HTTP 304"):
        fetcher().get(site.on("/", say(304)))


@pytest.mark.parametrize("status", [201, 202, 204, 206, 300, 400, 401, 403, 404, 405, 410, 418, 451, 501, 505])
def test_status_that_stays_is_a_failure_at_once(site, waits, status):
    url = site.on("/", say(status))

    with pytest.raises(FetchFailed, match=f"^{url}: HTTP {status}$"):
        fetcher().get(url)

    assert (site.paths, waits) == (["/"], [])


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_status_that_passes_is_asked_again(site, waits, status):
    url = site.on("/", say(status), say(status), say(200, b"papers"))

    assert fetcher().get(url) == b"papers"

    assert len(site.visits) == 3
    assert [0 <= wait <= 2 for wait in waits] == [True, True]


def test_what_is_asked_again_is_logged_with_its_reason(site, waits, caplog):
    url = site.on("/", say(503, Retry_After="7"), say(200, b"papers"))

    with caplog.at_level(logging.INFO):
        fetcher().get(url)

    told = f"{url}: HTTP 503, asks to wait 7 s; again in 7.0 s"
    assert caplog.record_tuples == [("papers.sources.http", logging.INFO, told)]


def test_fifth_failure_is_the_last(site, waits):
    url = site.on("/", say(503))

    with pytest.raises(FetchFailed, match="HTTP 503"):
        fetcher(deadline=600).get(url)

    assert len(site.visits) == 5


def test_retry_after_is_waited_for(site, waits):
    url = site.on("/", say(429, b"Rate exceeded.", Retry_After="7"), say(200, b"papers"))

    assert fetcher().get(url) == b"papers"
    assert waits == [7.0]


@pytest.mark.parametrize("seconds", ["31", "864000"])
def test_retry_after_beyond_our_patience_is_left_for_the_next_reading(site, waits, seconds):
    url = site.on("/", say(503, Retry_After=seconds))

    with pytest.raises(FetchFailed, match=f"HTTP 503, asks to wait {seconds} s"):
        fetcher(deadline=10**9).get(url)

    assert (len(site.visits), waits) == (1, [])


def test_retry_after_beyond_the_deadline_is_not_waited_for(site, waits):
    url = site.on("/", say(503, Retry_After="5"))

    with pytest.raises(FetchFailed, match="asks to wait 5 s"):
        fetcher(deadline=4).get(url)

    assert (len(site.visits), waits) == (1, [])


NOW = datetime(2026, 8, 20, 4, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        (" 0120 ", 120),
        ("Thu, 20 Aug 2026 04:01:30 GMT", 90),
        ("Thu, 20 Aug 2026 00:01:30 -0400", 90),
        ("864000", 864000),
        ("9" * 400, 999999999),
        ("0", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
        ("Thu, 20 Aug 2020 04:00:00 GMT", None),
        ("Thu, 99 Aug 2026 04:00:00 GMT", None),
    ],
)
def test_retry_after_is_a_number_a_date_or_nothing(value, seconds):
    assert retry_after(value, NOW) == seconds


def test_refused_connection_is_tried_again_and_named(waits):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(FetchFailed, match=rf"^http://127\.0\.0\.1:{port}/: .*Connection refused"):
        fetcher(deadline=600).get(f"http://127.0.0.1:{port}/")

    assert len(waits) == 4


def test_name_without_address_is_tried_again_and_named(waits):
    with pytest.raises(FetchFailed, match=r"papers\.invalid cannot be found"):
        fetcher(deadline=600).get("http://papers.invalid/")

    assert len(waits) == 4


def test_next_address_is_tried_where_the_first_is_dead(site):
    url = site.on("/", say(200, b"papers")).replace("127.0.0.1", "papers.invalid")
    asking = fetcher(resolve=lambda host, port: ["127.0.0.9", "127.0.0.1"])

    assert asking.get(url) == b"papers"


def cut(visit: Visit):
    visit.say(200, b"x" * 100, Content_Length="1000", ETag='"one"')


def cut_chunks(visit: Visit):
    visit.protocol_version = "HTTP/1.1"
    visit.send_response(200)
    visit.send_header("Transfer-Encoding", "chunked")
    visit.end_headers()
    visit.wfile.write(b"64\r\n" + b"x" * 50)


def not_gzip(visit: Visit):
    visit.say(200, b"not gzip at all", Content_Encoding="gzip")


def silence(visit: Visit):
    visit.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("broken", [cut, cut_chunks, not_gzip, silence], ids=lambda answer: answer.__name__)
def test_broken_answer_is_no_answer(site, waits, broken):
    url = site.on("/", broken)
    asking = fetcher(deadline=600)

    with pytest.raises(FetchFailed, match=f"^{url}: "):
        asking.get(url)

    assert len(site.visits) == 5
    assert asking.received == {}


SLOWLY = 100  # pieces: five seconds, should nobody hang up


def drip_body(visit: Visit):
    visit.send_response(200)
    visit.end_headers()
    visit.drip(itertools.repeat(b"x", SLOWLY), 0.05)


def drip_headers(visit: Visit):
    visit.wfile.write(b"HTTP/1.1 200 OK\r\n")
    visit.drip((b"X-%d: y\r\n" % number for number in range(SLOWLY)), 0.05)


def drip_one_header(visit: Visit):
    visit.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    visit.drip(itertools.repeat(b"y", SLOWLY), 0.05)


def drip_chunks(visit: Visit):
    visit.protocol_version = "HTTP/1.1"
    visit.send_response(200)
    visit.send_header("Transfer-Encoding", "chunked")
    visit.end_headers()
    visit.drip(itertools.repeat(b"1\r\nx\r\n", SLOWLY), 0.05)


def empty_gzip(visit: Visit):
    visit.send_response(200)
    visit.send_header("Content-Encoding", "gzip")
    visit.end_headers()
    visit.drip(itertools.repeat(gzip.compress(b""), 100 * SLOWLY), 0.0005)


def nothing(visit: Visit):
    visit.server.closing.wait(5)


@pytest.mark.parametrize(
    "slow",
    [drip_body, drip_headers, drip_one_header, drip_chunks, empty_gzip, nothing],
    ids=lambda answer: answer.__name__,
)
def test_dripping_answer_ends_at_the_deadline(site, slow):
    url = site.on("/", slow)
    started = time.monotonic()

    with pytest.raises(FetchFailed, match=rf"^{url}: no whole answer in 0\.4 s$"):
        fetcher(deadline=0.4).get(url)

    assert 0.4 <= time.monotonic() - started < 1.4
    assert len(site.visits) == 1


def half_a_body(visit: Visit):
    visit.send_response(200)
    visit.end_headers()
    visit.drip(iter([b"half"]), 5)


def test_body_cut_by_our_own_hanging_up_is_not_whole(site):
    """Without a length, the end of the connection looks like the end of the body."""
    url = site.on("/", half_a_body)

    with pytest.raises(FetchFailed, match="no whole answer"):
        fetcher(deadline=0.3).get(url)


def bomb(visit: Visit):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    visit.send_response(200)
    visit.send_header("Content-Encoding", "gzip")
    visit.end_headers()
    for _ in range(1024):
        visit.wfile.write(packer.compress(b"\0" * (1 << 20)))
    visit.wfile.write(packer.flush())


def endless_chunks(visit: Visit):
    visit.protocol_version = "HTTP/1.1"
    visit.send_response(200)
    visit.send_header("Transfer-Encoding", "chunked")
    visit.end_headers()
    visit.drip(itertools.repeat(b"1000\r\n" + b"x" * 4096 + b"\r\n"), 0.0)


def one_chunk(visit: Visit):
    visit.protocol_version = "HTTP/1.1"
    visit.send_response(200)
    visit.send_header("Transfer-Encoding", "chunked")
    visit.end_headers()
    visit.wfile.write(b"40000000\r\n")
    visit.drip(itertools.repeat(b"x" * 65536), 0.0)


def without_length(visit: Visit):
    visit.send_response(200)
    visit.end_headers()
    visit.drip(itertools.repeat(b"x" * 65536), 0.0)


@pytest.mark.parametrize("large", [bomb, endless_chunks, one_chunk, without_length], ids=lambda answer: answer.__name__)
def test_oversized_answer_is_refused_at_the_cap(site, large):
    url = site.on("/", large)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(FetchFailed, match=f"^{url}: more than 10,485,760 bytes$"):
        fetcher().get(url)

    assert len(site.visits) == 1
    assert site.hung_up.wait(5)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30 * 1024  # kilobytes


def test_answer_of_exactly_the_cap_is_whole(site):
    url = site.on("/", say(200, b"x" * 1000))

    assert len(fetcher(max_bytes=1000).get(url)) == 1000

    with pytest.raises(FetchFailed, match="more than 999 bytes"):
        fetcher(max_bytes=999).get(url)


@pytest.mark.parametrize("headers", [101, 70_000])
def test_endless_headers_are_refused(site, waits, headers):
    def answer(visit: Visit):
        lines = [b"X-%d: y\r\n" % number for number in range(101)] if headers == 101 else [b"X: " + b"y" * headers]
        visit.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"".join(lines) + b"\r\n\r\n")

    with pytest.raises(FetchFailed):
        fetcher().get(site.on("/", answer))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_within_the_host_is_followed(site, status):
    url = site.on("/old?a=1", say(status, Location="/new?b=2"))
    site.on("/new?b=2", say(200, b"papers", ETag='"one"'))
    asking = fetcher()

    assert asking.get(url) == b"papers"
    assert site.paths == ["/old?a=1", "/new?b=2"]
    assert asking.received == {url: {"etag": '"one"'}}


def test_third_redirect_is_the_last(site):
    for hop in range(5):
        site.on(f"/{hop}", say(302, Location=f"/{hop + 1}"))
    site.on("/3", say(200, b"papers"))
    url = site.at("/0")

    assert fetcher().get(url) == b"papers"

    site.on("/3", say(302, Location="/4"))
    with pytest.raises(FetchFailed, match=f"^{url}: more than 3 redirects$"):
        fetcher().get(url)


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:{port}/",
        "//localhost:{port}/",
        "http://127.0.0.1:1/",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "http://user@127.0.0.1:{port}/",
        "http://[",
    ],
)
def test_redirect_off_the_host_is_refused(site, waits, location):
    url = site.on("/", say(302, Location=location.format(port=site.server_port)))

    with pytest.raises(FetchFailed):
        fetcher().get(url)

    assert site.paths == ["/"]


def test_redirect_without_location_is_a_failure(site):
    with pytest.raises(FetchFailed, match="HTTP 302"):
        fetcher().get(site.on("/", say(302)))


def test_private_site_is_not_asked_unless_allowed(site, waits):
    url = site.on("/", say(200, b"secret"))

    with pytest.raises(FetchFailed, match="only https"):
        Fetcher(AGENT).get(url)

    assert site.visits == []


def test_connection_is_made_to_the_address_that_was_checked(site):
    """The system knows no such name: had anybody resolved it again, nothing would have come."""
    lookups = []
    url = site.on("/", say(200, b"papers")) and site.at("/", "papers.invalid")

    body = fetcher(resolve=lambda host, port: lookups.append((host, port)) or ["127.0.0.1"]).get(url)

    assert body == b"papers"
    assert lookups == [("papers.invalid", site.server_port)]
    assert site.visits[0][1]["Host"] == f"papers.invalid:{site.server_port}"


def test_name_is_checked_again_at_every_redirect(site, waits):
    site.on("/", say(302, Location="/secret"))
    site.on("/secret", say(200, b"secret"))
    answers = iter([["127.0.0.1"], []])
    asking = fetcher(resolve=lambda host, port: next(answers, []))

    with pytest.raises(FetchFailed, match="has no address"):
        asking.get(site.at("/", "papers.invalid"))

    assert "/secret" not in site.paths


def test_proxies_of_the_environment_are_ignored(site, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    assert fetcher().get(site.on("/", say(200, b"papers"))) == b"papers"


def test_tls_names_the_host_and_not_the_pinned_address():
    hello = []

    with listening(lambda connection: hello.append(connection.recv(4096))) as port:
        asking = fetcher(resolve=lambda host, port: ["127.0.0.1"])
        with stamina.set_testing(True), pytest.raises(FetchFailed, match=f"^https://papers.invalid:{port}/: "):
            asking.get(f"https://papers.invalid:{port}/")

    assert b"papers.invalid" in hello[0]


def test_broken_tls_is_not_tried_again(waits):
    with (
        listening(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port,
        pytest.raises(FetchFailed, match="SSL"),
    ):
        fetcher().get(f"https://127.0.0.1:{port}/")

    assert waits == []


def test_gate_gives_the_turn_for_every_request(site, waits):
    turns = []

    @contextmanager
    def gate(host: str):
        turns.append(("in", host))
        try:
            yield
        finally:
            turns.append(("out", host))

    url = site.on("/", say(503), say(302, Location="/new"))
    site.on("/new", say(200, b"papers"))

    fetcher(gate=gate).get(url)

    assert turns == [("in", "127.0.0.1"), ("out", "127.0.0.1")] * 3


def test_waiting_for_the_turn_does_not_count(site):
    moments = iter([0.0, 0.0, 0.0, 100.0, *[100.0] * 50])
    url = site.on("/", say(200, b"papers"))

    assert fetcher(deadline=10, clock=lambda: next(moments)).get(url) == b"papers"


def test_gate_that_gives_no_turn_ends_the_fetch(site, waits):
    def gate(host: str):
        raise FetchFailed("busy")

    with pytest.raises(FetchFailed, match=r"^busy$"):
        fetcher(gate=gate).get(site.on("/", say(200, b"papers")))

    assert (site.visits, waits) == ([], [])
