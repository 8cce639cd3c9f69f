"""STANDARDS S22: three soft bounces on different days within 14, and whose word weighs more."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from subscriptions.models import Suppression
from subscriptions.suppressing import Reason, dead_since, suppress

DAY = datetime(2026, 8, 1, 12, tzinfo=UTC)


def past(text: str) -> list[tuple[str, datetime]]:
    """`"s1 d2 b9"`: a soft bounce on day 1, a delivery on day 2, a hard bounce on day 9; `s1.5` at midnight."""
    kinds = {"s": "soft_bounced", "d": "delivered", "b": "bounced"}
    return [(kinds[word[0]], DAY + timedelta(days=float(word[1:]))) for word in text.split()]


@pytest.mark.parametrize(
    ("events", "day"),
    [
        ("", None),
        ("d1", None),
        ("s1 s2", None),
        ("s1 s2 s3", 3),
        ("s1 s1.1 s1.2 s2", None),
        ("s1 s1.1 s2 s2.2 s3.1", 3.1),
        ("s1 s8 s14.9", 14.9),
        ("s1 s8 s15", None),
        ("s1 s8 s15 s16", 16),
        ("s1 s2 d2.5 s3", None),
        ("s1 s2 d2.5 s3 s4 s5", 5),
        ("s1 s2 s3 d4", 3),
        ("s1 s2 d3 s3", None),
        ("b5", 5),
        ("b5 d6", 5),
        ("b5 s1 s2 s3", 3),
        ("b2 s1 s2 s3", 2),
        ("b7 b5", 5),
    ],
)
def test_s22_bounces_add_up_in_any_order(events, day):
    expected = DAY + timedelta(days=day) if day else None

    orders = list(permutations(past(events)))[:720]

    assert {dead_since(order) for order in orders} == {expected}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "order", list(permutations([("bounce", 2), ("bounce", 1), ("complaint", 4), ("complaint", 3)]))
)
def test_s24_weightier_reason_and_earliest_moment_win_in_any_order(order):
    for reason, day in order:
        suppress("mac", Reason(reason), DAY + timedelta(days=day))

    assert list(Suppression.objects.values_list("address_hmac", "reason", "at")) == [
        ("mac", "complaint", DAY + timedelta(days=3))
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(("told", "kept"), [("bounce", "operator"), ("complaint", "complaint")])
def test_operators_word_weighs_more_than_a_bounce_and_less_than_a_complaint(told, kept):
    suppress("mac", Reason.OPERATOR, DAY)

    suppress("mac", Reason(told), DAY)

    assert Suppression.objects.get().reason == kept
