from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from papers.models import Announcement

FIRST, LAST = date(2026, 8, 12), date(2026, 8, 14)
ONE_DAY = timedelta(days=1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (FIRST - ONE_DAY, []),
        (FIRST, ["*Feeds* are here"]),
        (LAST, ["*Feeds* are here"]),
        (LAST + ONE_DAY, []),
    ],
)
def test_current(day, shown):
    Announcement.objects.create(body="*Feeds* are here", starts_on=FIRST, ends_on=LAST)

    assert [note.body for note in Announcement.objects.current(day)] == shown


@pytest.mark.django_db
def test_current_newest_first():
    for body, starts_on in (("old", FIRST), ("new", LAST), ("newest", LAST)):
        Announcement.objects.create(body=body, starts_on=starts_on, ends_on=LAST)

    assert [note.body for note in Announcement.objects.current(LAST)] == ["newest", "new", "old"]


@pytest.mark.django_db
def test_cannot_end_before_it_starts():
    with pytest.raises(ValidationError) as refused:
        Announcement(body="x", starts_on=LAST, ends_on=FIRST).full_clean()

    assert refused.value.message_dict == {"__all__": ["The last day lies before the first."]}


def test_in_words():
    note = Announcement(body="# Feeds <script>x</script>\n\n*Take* them.", starts_on=FIRST, ends_on=LAST)

    assert str(note) == "Feeds"
    assert note.text == "Feeds\n\nTake them."
    assert note.html == "<p><strong>Feeds </strong></p>\n<p><em>Take</em> them.</p>"
