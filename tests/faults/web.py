"""The site's pages, in a process of their own."""

import contextlib
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from tests.faults.site import Site


@contextlib.contextmanager
def serve(site: "Site") -> Iterator[str]:
    """The address of the first page."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    url = f"http://{address}"
    options = ("--bind", address, "--worker-class", "gthread", "--threads", "4", "--no-control-socket")
    process = site.start("gunicorn", "digest_site.wsgi", *options, SITE_URL=url)
    site.until(lambda: process.is_running and _answers(url), "the pages", ticking=False)
    try:
        yield url
    finally:
        process.kill()


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=5).ok
    except requests.RequestException:  # not there yet, or too busy starting
        return False
