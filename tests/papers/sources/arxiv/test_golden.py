from pathlib import Path

import pytest

from papers.sources.arxiv.atom import parse_query
from papers.sources.arxiv.listing import parse_listing
from papers.sources.arxiv.rss import parse_feed
from tests.papers.sources.golden import case_id, cases, expected, outcome

PARSERS = {
    "rss": parse_feed,
    "atom_feed": parse_feed,
    "query": lambda body: parse_query(body).batch,
    "list": lambda body: parse_listing(body).batch,
}


@pytest.mark.parametrize("path", cases("arxiv"), ids=case_id)
def test_sample_parses_to_its_expectation(path: Path):
    found = outcome(lambda: PARSERS[path.parent.name](path.read_bytes()))

    assert found == expected(path)
