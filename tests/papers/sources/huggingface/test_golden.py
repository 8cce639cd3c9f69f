from datetime import date
from pathlib import Path

import pytest

from papers.sources.huggingface.api import parse_api
from papers.sources.huggingface.page import parse_page
from papers.sources.huggingface.text import parse_text
from papers.sources.saved import named_day
from tests.papers.sources.golden import case_id, cases, expected, outcome

PARSERS = {
    "api": lambda body, _: parse_api(body),
    "page": lambda body, _: parse_page(body),
    "text": lambda body, saved_on: parse_text(body, saved_on=saved_on),
}


@pytest.mark.parametrize("path", cases("huggingface"), ids=case_id)
def test_sample_parses_to_its_expectation(path: Path):
    saved_on: date | None = named_day(path.name)

    found = outcome(lambda: PARSERS[path.parent.name](path.read_bytes(), saved_on))

    assert found == expected(path)
