from datetime import date

import pytest

from papers.sources.arxiv import Arxiv
from papers.sources.arxiv.calendar import expects


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-08-17", True),  # Monday's list was announced on Sunday evening
        ("2026-08-21", True),
        ("2026-08-22", False),  # no announcement on Friday evening
        ("2026-08-23", False),  # nor on Saturday evening
        ("2026-09-07", False),  # Labor Day
        ("2026-09-08", False),  # nothing was mailed the evening before
        ("2026-09-09", True),
        ("2026-07-03", False),
        ("2026-07-06", True),
        ("2026-11-27", False),
        ("2027-01-01", False),  # after 2026's last evening without mailing
        ("2027-09-06", True),  # a holiday this table does not know
    ],
)
def test_announcements_follow_arxivs_calendar(day: str, expected: bool):
    assert expects(date.fromisoformat(day)) is expected
    assert Arxiv().expects(date.fromisoformat(day)) is expected
