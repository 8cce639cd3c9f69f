import pytest

from tests.journeys.sink import open_sink


@pytest.fixture
def sink():
    with open_sink() as opened:
        yield opened
