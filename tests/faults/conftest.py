"""The stage of the fault suite: every case gets a site of its own, and leaves a line in the table at the end."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.utils import timezone

from digest_site.environment_mail import PROVIDERS
from tests.factories import NOW
from tests.faults.broker import open_broker
from tests.faults.clock import Clock
from tests.faults.provider import Provider, open_provider
from tests.faults.schedules import RUNS, SEED
from tests.faults.site import EMAIL_TIMEOUT, WEBHOOK_SECRET, Site

TABLE: list[tuple[str, str]] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever stands on a site is a case of the fault suite. Of a case's variants make test runs the first."""
    seen: set[str] = set()
    for item in items:
        if "site" not in getattr(item, "fixturenames", ()):
            continue
        item.add_marker(pytest.mark.faults)
        item.add_marker(pytest.mark.django_db(transaction=True))
        case = item.nodeid.partition("[")[0]
        if case in seen:
            item.add_marker(pytest.mark.thorough)
        seen.add(case)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with open_provider() as opened:
        yield opened


@pytest.fixture
def site(request, tmp_path, provider, monkeypatch, settings, transactional_db) -> Iterator[Site]:
    """Nothing runs yet. The clock stands at the factories' morning, here and in every process of the case."""
    if connection.vendor != "postgresql" or not settings.REDIS_URL:
        pytest.fail("The fault suite needs PostgreSQL and Redis: make faults, or python -m tests.services pytest ...")
    settings.ANYMAIL_PROVIDER, settings.EMAIL_BACKEND = "postmark", PROVIDERS["postmark"]
    settings.ANYMAIL = {
        "POSTMARK_API_URL": provider.url,
        "POSTMARK_SERVER_TOKEN": "for-tests-only",
        "REQUESTS_TIMEOUT": EMAIL_TIMEOUT,
        "WEBHOOK_SECRET": [WEBHOOK_SECRET],
    }
    clock = Clock(tmp_path / "clock")
    clock.set(NOW)
    monkeypatch.setattr(timezone, "now", clock.now)
    with open_broker() as broker:
        site = Site(request.node.name.removeprefix("test_"), tmp_path, clock, broker, provider)
        try:
            yield site
        finally:
            site.stop()
            clock.close()
    TABLE.append((site.name, _line(site)))


def _line(site: Site) -> str:
    verdict = site.verdict
    if verdict is None:
        return "not judged"
    numbers = (verdict.due, verdict.accepted, verdict.duplicates, verdict.missing, verdict.unknown)
    return "".join(f"{number:>11}" for number in numbers)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TABLE:
        terminalreporter.section("what became of every digest")
        terminalreporter.write_line(
            f"{'case':<58}{'due':>7} {'accepted':>9} {'duplicates':>11} {'missing':>8} {'unknown':>8}"
        )
        for name, line in TABLE:
            terminalreporter.write_line(f"{name:<58}{line}")
        terminalreporter.write_line(f"The random schedules of this run: make faults SEED={SEED} RUNS={RUNS}")
