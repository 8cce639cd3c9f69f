from datetime import UTC, datetime

import pytest
import time_machine


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(datetime(2026, 8, 12, 9, tzinfo=UTC)):
        yield
