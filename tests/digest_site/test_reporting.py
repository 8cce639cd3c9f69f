import json
import logging
import os
import subprocess
import sys

import pytest
import sentry_sdk
from sentry_sdk.transport import Transport

from digest_site import reporting
from tests.environment import ROOT

READER = ("ada@example.org", "Ab3_-5678901234567890ab", "secret keyword", "192.0.2.7")


class Kept(Transport):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict] = []

    def capture_envelope(self, envelope):
        self.events += [item.payload.json for item in envelope.items if item.type == "event"]


@pytest.fixture
def sentry(monkeypatch):
    """Sentry as `start` sets it up, but for where events go."""
    kept, real = Kept(), sentry_sdk.init
    integrations = {"default_integrations": False, "integrations": []}
    monkeypatch.setattr(sentry_sdk, "init", lambda **options: real(**options | integrations, transport=kept))
    reporting.start("https://key@sentry.example.org/1", "tests")
    yield kept
    sentry_sdk.get_client().close()
    real()


def fail(email, token, keyword):
    raise ValueError(f"nobody is called {email}, see /c/{token} of {len(keyword)}\nDETAIL:  Key (normal)=({keyword})")


def test_error_is_reported_without_its_reader(sentry):
    email, token, keyword, peer = READER
    sentry_sdk.set_user({"email": email, "ip_address": peer})
    sentry_sdk.set_extra("keywords", keyword)
    sentry_sdk.add_breadcrumb(message=f"SELECT … {keyword}")

    try:
        fail(email, token, keyword)
    except ValueError as error:
        sentry_sdk.capture_exception(error)

    [event] = sentry.events
    text = json.dumps(event)
    assert [word for word in READER if word in text] == []
    [trouble] = event["exception"]["values"]
    assert (trouble["type"], trouble["value"]) == ("ValueError", "nobody is called …@…, see /c/… of 14\n")
    assert trouble["stacktrace"]["frames"][-1]["function"] == "fail"
    assert set(event) & {"user", "extra", "breadcrumbs", "server_name", "request"} == set()


def test_of_a_request_only_its_method_is_reported():
    email, token, keyword, peer = READER
    event = {
        "request": {
            "method": "POST",
            "url": f"https://digest.example.org/c/{token}",
            "query_string": f"q={keyword}",
            "data": {"email": email},
            "cookies": {"sessionid": token},
            "headers": {"Referer": f"/m/{token}", "X-Forwarded-For": peer},
        },
        "transaction": "/c/{token}",
    }

    assert reporting.scrub(event, {}) == {"request": {"method": "POST"}, "transaction": "/c/{token}", "contexts": {}}


def test_log_lines_are_reported_masked(sentry):
    logging.getLogger("subscriptions.tests")

    sentry_sdk.capture_message(f"Not Found: /u/{READER[1]} for {READER[0]}")

    assert sentry.events[0]["message"] == "Not Found: /u/… for …@…"


def test_reports_without_the_client_stop_the_start(tmp_path):
    hidden = "import sys; sys.modules['sentry_sdk'] = None; import django; django.setup()"
    environment = {"DJANGO_SETTINGS_MODULE": "digest_site.settings", "ENV_FILE": os.devnull, "DATA_DIR": str(tmp_path)}

    result = subprocess.run(
        [sys.executable, "-c", hidden],
        check=False, cwd=ROOT, capture_output=True, text=True,
        env=environment | {"SENTRY_DSN": "https://key@sentry.example.org/1"},
    )  # fmt: skip

    assert result.stderr.splitlines()[-1] == (
        "django.core.exceptions.ImproperlyConfigured: SENTRY_DSN needs Sentry's client: "
        "pip install --require-hashes -r requirements-sentry.txt"
    )
