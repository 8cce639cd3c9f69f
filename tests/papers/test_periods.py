from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.periods import BadPeriod, Period, parse_day, parse_month, parse_week

PARSERS = {"date": parse_day, "week": parse_week, "month": parse_month}


@pytest.mark.parametrize(
    ("kind", "text", "first", "last"),
    [
        ("date", "2026-08-12", date(2026, 8, 12), date(2026, 8, 12)),
        ("date", "2024-02-29", date(2024, 2, 29), date(2024, 2, 29)),
        ("week", "2026-W33", date(2026, 8, 10), date(2026, 8, 16)),
        ("week", "2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
        ("month", "2026-08", date(2026, 8, 1), date(2026, 8, 31)),
        ("month", "2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("month", "9999-12", date(9999, 12, 1), date(9999, 12, 31)),
    ],
)
def test_parse(kind, text, first, last):
    assert PARSERS[kind](text) == Period(first, last)


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("date", "2026-02-30", "“2026-02-30” is not a date; write it like 2026-08-12."),
        ("date", "20260812", "“20260812” is not a date; write it like 2026-08-12."),
        ("date", "２０２６-08-12", "“２０２６-08-12” is not a date; write it like 2026-08-12."),
        ("week", "2025-W53", "“2025-W53” is not a week; write it like 2026-W33."),
        ("week", "0000-W01", "“0000-W01” is not a week; write it like 2026-W33."),
        ("week", "2026-33", "“2026-33” is not a week; write it like 2026-W33."),
        ("month", "2026-13", "“2026-13” is not a month; write it like 2026-08."),
        ("month", "August", "“August” is not a month; write it like 2026-08."),
        ("month", 50 * "x", f"“{40 * 'x'}” is not a month; write it like 2026-08."),
    ],
)
def test_parse_refuses(kind, text, said):
    with pytest.raises(BadPeriod) as refused:
        PARSERS[kind](text)

    assert str(refused.value) == said


@given(
    kind=st.sampled_from(sorted(PARSERS)),
    text=st.text() | st.from_regex(r"\A\d{4}-?W?\d\d(-\d\d)?\Z"),
)
def test_parse_raises_nothing_else(kind, text):
    try:
        period = PARSERS[kind](text)
    except BadPeriod:
        return
    assert period.first <= period.last
