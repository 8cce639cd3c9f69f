import pytest

from papers.sources.base import FetchFailed
from papers.sources.guard import Target, Unresolved, check, is_public, onward

PUBLIC = "93.184.216.34"


def to(*addresses: str):
    return lambda host, port: addresses


@pytest.mark.parametrize(
    "url",
    [
        "https://papers.example/list",
        "https://papers.example:443/",
        "https://PAPERS.example:80/",
        "http://export.arxiv.org/rss/cs.LG",
        "http://rss.arxiv.org/rss/cs.LG",
        f"https://{PUBLIC}/",
        "https://[2606:2800:220:1::1]/",
    ],
)
def test_check_lets_public_addresses_through(url: str):
    assert check(url, to(PUBLIC), allow_private=False).addresses == (PUBLIC,)


@pytest.mark.parametrize(
    "url",
    [
        "http://papers.example/",
        "http://arxiv.org/",
        "file:///etc/passwd",
        "gopher://papers.example/",
        "ftp://papers.example/",
        "javascript:alert(1)",
        "//papers.example/",
        "papers.example",
        "",
        "https://",
        "https://:443/",
        "https://papers.example:22/",
        "https://papers.example:8443/",
        "https://papers.example:99999/",
        "https://user@papers.example/",
        "https://user:word@papers.example/",
        "https://papers.example@127.0.0.1/",
        "https://papers.example./",
        "https://papers..example/",
        "https://127。0。0。1/",
        "https://１２７.0.0.1/",
        "https://pap\ners.example\\@a/",
        "https://[::1%25eth0]/",
        "https://[::1/",
    ],
)
def test_check_refuses_an_address_by_its_looks(url: str):
    with pytest.raises(FetchFailed):
        check(url, to(PUBLIC), allow_private=False)


def test_check_does_not_repeat_a_password():
    with pytest.raises(FetchFailed) as caught:
        check("https://user:word@papers.example/", to(PUBLIC), allow_private=False)

    assert "word" not in str(caught.value)


PRIVATE = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "fd00::1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "2001:db8::1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    "not an address",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_check_refuses_every_address_that_is_not_public(address: str):
    with pytest.raises(FetchFailed, match="no public address"):
        check("https://papers.example/", to(PUBLIC, address), allow_private=False)


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1::1", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"])
def test_is_public_where_the_inside_is(address: str):
    assert is_public(address)


# The system's resolver reads these as numbers; what counts is where they lead.
@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "2130706433", "0177.0.0.1", "localhost"])
def test_check_judges_odd_spellings_by_where_they_lead(host: str):
    with pytest.raises(FetchFailed, match=r"is at 127\.0\.0\.1"):
        check(f"https://{host}/", to("127.0.0.1"), allow_private=False)


def test_check_may_allow_private_addresses():
    target = check("http://localhost:8080/a", to("::1", "127.0.0.1"), allow_private=True)

    assert target == Target("http://localhost:8080/a", "http", "localhost", 8080, ("127.0.0.1", "::1"))


def test_check_says_that_asking_again_may_help():
    def fails(host: str, port: int) -> list[str]:
        raise OSError("try again")

    with pytest.raises(Unresolved, match=r"papers.example cannot be found"):
        check("https://papers.example/", fails, allow_private=False)
    with pytest.raises(Unresolved, match=r"papers.example has no address"):
        check("https://papers.example/", to(), allow_private=False)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://papers.example/", "papers.example"),
        ("https://papers.example:443/", "papers.example"),
        ("http://papers.example:8080/", "papers.example:8080"),
        ("http://[::1]:8080/", "[::1]:8080"),
    ],
)
def test_authority_is_what_a_browser_would_send(url: str, authority: str):
    assert check(url, to(PUBLIC), allow_private=True).authority == authority


FEED = Target("http://rss.arxiv.org/a?b", "http", "rss.arxiv.org", 80, (PUBLIC,))


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b", "http://rss.arxiv.org/b"),
        ("b?c", "http://rss.arxiv.org/b?c"),
        ("https://rss.arxiv.org/b", "https://rss.arxiv.org/b"),
        ("https://RSS.arxiv.org/b", "https://RSS.arxiv.org/b"),
        ("", "http://rss.arxiv.org/a?b"),
    ],
)
def test_onward_leads_along_the_same_host(location: str, url: str):
    assert onward(FEED, location) == url


@pytest.mark.parametrize(
    "location",
    [
        "https://arxiv.org/b",
        "//evil.example/b",
        "https://rss.arxiv.org.evil.example/",
        "https://rss.arxiv.org:8443/",
        "https://rss.arxiv.org@evil.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://[",
    ],
)
def test_onward_refuses_to_leave_the_host(location: str):
    with pytest.raises(FetchFailed):
        onward(FEED, location)
