import logging

import pytest
from django.conf import settings

from digest_site.logs import HideLinks


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Not Found: /c/Ab3_-5678901234567890ab", "Not Found: /c/…"),
        ("Method Not Allowed (PUT): /u/Ab3_-5678901234567890ab/", "Method Not Allowed (PUT): /u/…/"),
        ("Not Found: /papers/2608.00001", "Not Found: /papers/2608.00001"),
    ],
)
def test_a25_links_are_hidden_whatever_logs_them(message: str, expected: str) -> None:
    record = logging.LogRecord("django.request", logging.WARNING, __file__, 1, "%s", (message,), None)

    passes = HideLinks().filter(record)

    assert (passes, record.getMessage()) == (True, expected)


def test_a25_every_handler_hides_links() -> None:
    handlers = settings.LOGGING["handlers"]

    assert {name: handler["filters"] for name, handler in handlers.items()} == {"console": ["links"]}
