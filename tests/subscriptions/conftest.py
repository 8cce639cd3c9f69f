from collections.abc import Iterator

import pytest
import time_machine

from tests.factories import NOW


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Views read the clock: here it stands at NOW until it is moved."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller
