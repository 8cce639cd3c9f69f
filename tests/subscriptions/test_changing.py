from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from subscriptions import keywords
from subscriptions.changing import change, pause
from subscriptions.consent import Shown
from subscriptions.models import ConsentEvent, Interest, Subscriber
from subscriptions.preferences import Preferences
from subscriptions.rescheduling import UNTIL_LIFTED
from tests.factories import NOW, make_interest, make_subscriber

pytestmark = pytest.mark.django_db

PAGE = Shown(form="preferences", locale="en")
DUE = datetime(2026, 8, 13, 7, tzinfo=UTC)


@pytest.fixture
def reader() -> Subscriber:
    """Had today's digest at 07:00 UTC, and waits for tomorrow's."""
    return make_subscriber(
        next_digest_at=DUE, last_edition=NOW.date(), last_due_at=datetime(2026, 8, 12, 7, tzinfo=UTC)
    )


def wanted(reader: Subscriber, **changes) -> Preferences:
    return replace(Preferences.of(reader), **changes)


def test_change_writes_preferences_and_logs_it(reader):
    make_interest(reader, "grokking")
    preferences = wanted(reader, keywords=keywords.read("diffusion\n-survey"), max_papers=3)

    assert change(reader.pk, preferences, NOW, PAGE) is True

    reader.refresh_from_db()
    assert Preferences.of(reader) == preferences
    assert reader.next_digest_at == DUE
    assert list(ConsentEvent.objects.values_list("kind", "form")) == [("changed", "preferences")]


def test_change_of_nothing_writes_nothing(reader):
    interest = make_interest(reader, "grokking")

    assert change(reader.pk, wanted(reader), NOW, PAGE) is False

    assert Interest.objects.get() == interest
    assert ConsentEvent.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "due_at"),
    [
        ({"hour": 9}, datetime(2026, 8, 13, 9, tzinfo=UTC)),
        ({"hour": 23}, datetime(2026, 8, 13, 23, tzinfo=UTC)),
        # 20 hours lie between two digests, so the earlier hour begins a day later.
        ({"hour": 1}, datetime(2026, 8, 14, 1, tzinfo=UTC)),
        ({"frequency": "weekly", "weekday": 2}, datetime(2026, 8, 19, 7, tzinfo=UTC)),
        ({"frequency": "weekly", "weekday": 3}, datetime(2026, 8, 13, 7, tzinfo=UTC)),
        ({"frequency": "paused"}, None),
        # Already tomorrow there: the edition of the 12th is not repeated, nor is one of the 13th rushed.
        ({"zone": "Pacific/Kiritimati"}, datetime(2026, 8, 13, 17, tzinfo=UTC)),
        ({"zone": "Pacific/Pago_Pago"}, datetime(2026, 8, 13, 18, tzinfo=UTC)),
    ],
)
def test_changed_schedule_brings_no_second_copy(reader, changes, due_at):
    change(reader.pk, wanted(reader, **changes), NOW, PAGE)

    reader.refresh_from_db()
    assert reader.next_digest_at == due_at


def test_going_on_after_frequency_paused(reader):
    change(reader.pk, wanted(reader, frequency="paused"), NOW, PAGE)
    reader.refresh_from_db()

    change(reader.pk, wanted(reader, frequency="daily"), NOW, PAGE)

    reader.refresh_from_db()
    assert reader.next_digest_at == DUE


def test_pause_holds_until_the_readers_own_date(reader):
    Subscriber.objects.update(zone="Pacific/Kiritimati")

    assert pause(reader.pk, date(2026, 9, 1), NOW, PAGE) is True

    reader.refresh_from_db()
    assert reader.paused_until == date(2026, 9, 1)
    # 07:00 on 1 September at UTC+14
    assert reader.next_digest_at == datetime(2026, 8, 31, 17, tzinfo=UTC)


def test_pause_that_is_lifted_goes_on_with_the_next_edition(reader):
    pause(reader.pk, UNTIL_LIFTED, NOW, PAGE)
    reader.refresh_from_db()
    assert reader.next_digest_at is None

    assert pause(reader.pk, None, NOW, PAGE) is True

    reader.refresh_from_db()
    assert (reader.paused_until, reader.next_digest_at) == (None, DUE)
    assert ConsentEvent.objects.filter(kind="changed").count() == 2


def test_pause_as_it_is_changes_nothing(reader):
    assert pause(reader.pk, None, NOW, PAGE) is False
    assert ConsentEvent.objects.count() == 0


def test_change_during_a_pause_keeps_the_pause(reader):
    pause(reader.pk, date(2026, 9, 1), NOW, PAGE)
    reader.refresh_from_db()

    change(reader.pk, wanted(reader, hour=20), NOW, PAGE)

    reader.refresh_from_db()
    assert reader.next_digest_at == datetime(2026, 9, 1, 20, tzinfo=UTC)


def test_changing_one_who_left_makes_nothing_due(reader):
    Subscriber.objects.update(status="left", next_digest_at=None)

    change(reader.pk, wanted(reader, hour=20), NOW, PAGE)

    reader.refresh_from_db()
    assert reader.next_digest_at is None


@pytest.mark.parametrize(("away", "kept"), [(timedelta(hours=3), True), (timedelta(days=20), False)])
def test_what_came_during_a_pause_stays_out(reader, away, kept):
    back = NOW + away

    pause(reader.pk, UNTIL_LIFTED, NOW, PAGE)
    Subscriber.objects.update(cutoff_at=NOW)
    pause(reader.pk, None, back, PAGE)

    reader.refresh_from_db()
    assert reader.cutoff_at == (NOW if kept else back - timedelta(days=1))


def test_what_came_while_the_frequency_was_paused_stays_out(reader):
    change(reader.pk, wanted(reader, frequency="paused"), NOW, PAGE)
    reader.refresh_from_db()
    back = NOW + timedelta(days=20)

    change(reader.pk, wanted(reader, frequency="weekly", weekday=0), back, PAGE)

    reader.refresh_from_db()
    # Back on Tuesday 1 September, for Mondays: since yesterday's edition, which was not sent.
    assert reader.cutoff_at == back - timedelta(days=1)


def test_who_was_erased_meanwhile_is_left_alone(reader):
    gone, later = reader.pk, wanted(reader, hour=20)
    reader.delete()

    assert (change(gone, later, NOW, PAGE), pause(gone, UNTIL_LIFTED, NOW, PAGE)) == (False, False)
    assert ConsentEvent.objects.count() == 0
