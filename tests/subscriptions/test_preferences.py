import json

import pytest

from subscriptions import keywords
from subscriptions.models import Interest
from subscriptions.preferences import Preferences
from tests.factories import make_subscriber

WISHES = Preferences(keywords=keywords.read("grokking\n-survey"), frequency="weekly", weekday=2, hour=9)


def test_payload_brings_everything_back():
    assert Preferences.from_payload(json.loads(json.dumps(WISHES.as_payload()))) == WISHES


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "every day at 07:00 (UTC)"),
        ({"frequency": "weekdays", "hour": 18, "zone": "Asia/Tokyo"}, "Monday to Friday at 18:00 (Asia/Tokyo)"),
        ({"frequency": "weekly", "weekday": 4}, "every Friday at 07:00 (UTC)"),
        ({"frequency": "paused"}, "no digests for now"),
    ],
)
def test_rhythm_is_said_in_words(fields, words):
    assert Preferences(**fields).rhythm == words


@pytest.mark.django_db
def test_preferences_are_written_to_and_read_from_rows():
    reader = make_subscriber()

    changed = WISHES.write_columns(reader)
    reader.save()

    assert changed == ["frequency", "weekday", "hour"]
    assert WISHES.write_interests(reader) is True
    assert Preferences.of(reader) == WISHES
    assert list(Interest.objects.values_list("text", "is_muted", "position")) == [
        ("grokking", False, 0),
        ("survey", True, 1),
    ]


@pytest.mark.django_db
def test_writing_the_same_again_touches_no_row(django_assert_num_queries):
    reader = make_subscriber()
    WISHES.write_columns(reader)
    WISHES.write_interests(reader)

    with django_assert_num_queries(1):
        assert (WISHES.write_columns(reader), WISHES.write_interests(reader)) == ([], False)
