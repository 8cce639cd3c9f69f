"""S25: asked after a year's silence, paused after 30 days more."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from subscriptions import links, signup, sunsetting
from subscriptions.consent import Shown
from subscriptions.models import Delivery, Subscriber, Suppression, Token
from subscriptions.preferences import Preferences
from subscriptions.rescheduling import UNTIL_LIFTED
from subscriptions.sunsetting import GRACE, SILENCE, ask_silent, pause_silent
from tests.factories import NOW, make_digest, make_paper, make_subscriber
from tests.readers import mailed_paths, preferences_fields, visit

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def make_silent(number: int = 1, **fields) -> Subscriber:
    return make_subscriber(number, **{"confirmed_at": NOW - SILENCE, "created_at": NOW - SILENCE} | fields)


def asked() -> list[str]:
    rows = Delivery.objects.filter(kind=Delivery.Kind.STILL_WANTED).order_by("subscriber_id", "pk")
    return list(rows.values_list("subscriber__email", flat=True))


def answer_arrives(at=NOW) -> None:
    Delivery.objects.filter(settled_at=None).update(state=Delivery.State.ACCEPTED, settled_at=at)


def paused() -> list[str]:
    return list(Subscriber.objects.filter(paused_until=UNTIL_LIFTED).order_by("pk").values_list("email", flat=True))


def keep_path(reader: Subscriber) -> str:
    return mailed_paths(reader)["keep"]


def test_s25_reader_is_asked_after_a_year_and_once():
    make_silent(1)
    make_silent(2, confirmed_at=NOW - SILENCE + SECOND)

    counts = [ask_silent(NOW), ask_silent(NOW), ask_silent(NOW + DAY)]

    assert counts == [1, 0, 1]
    assert asked() == ["reader1@example.org", "reader2@example.org"]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "left"},
        {"status": "pending"},
        {"next_digest_at": None},  # pauses, or an operator paused them
        {"seen_at": NOW - SILENCE + SECOND},
        {"asked_at": NOW - DAY},
    ],
)
def test_others_are_not_asked(fields):
    make_silent(1, **fields)

    assert (ask_silent(NOW), asked()) == (0, [])


def test_suppressed_address_gets_no_question_and_is_paused_like_any_other():
    reader = make_silent()
    Suppression.objects.create(address_hmac=links.address_hmac(reader.email), reason="bounce")

    assert ask_silent(NOW) == 0
    pause_silent(NOW + GRACE)

    assert Delivery.objects.get().state == "cancelled"
    assert paused() == [reader.email]


def test_s25_silence_of_30_days_after_the_mail_pauses():
    make_silent()
    ask_silent(NOW)
    answer_arrives(NOW + DAY)

    counts = [pause_silent(at) for at in (NOW + GRACE, NOW + DAY + GRACE - SECOND, NOW + DAY + GRACE, NOW + 2 * GRACE)]

    reader = Subscriber.objects.get()
    assert counts == [0, 0, 1, 0]
    assert (reader.paused_until, reader.next_digest_at, reader.status) == (UNTIL_LIFTED, None, "active")
    assert [event.form for event in reader.consents.all()] == ["no sign for a year"]


def test_reader_whose_mail_still_waits_is_not_paused():
    make_silent()
    ask_silent(NOW)

    assert pause_silent(NOW + 10 * GRACE) == 0


def test_question_whose_row_was_erased_is_over():
    make_silent()
    ask_silent(NOW)
    Delivery.objects.all().delete()

    assert pause_silent(NOW + GRACE) == 1


def test_answer_keeps_the_digests_and_is_not_asked_for_again_for_a_year():
    reader = make_silent()
    ask_silent(NOW)
    answer_arrives()
    answered_at = NOW + 20 * DAY

    with time_machine.travel(answered_at, tick=False):
        page = Client(enforce_csrf_checks=True).post(keep_path(reader))

    reader.refresh_from_db()
    assert "Your digests go on" in page.content.decode()
    assert (pause_silent(NOW + 2 * GRACE), reader.seen_at) == (0, answered_at)
    assert [ask_silent(answered_at + SILENCE - SECOND), ask_silent(answered_at + SILENCE)] == [0, 1]


def test_answer_after_the_pause_ends_it_and_twice_is_harmless():
    reader = make_silent(frequency="daily")
    ask_silent(NOW)
    answer_arrives()
    pause_silent(NOW + GRACE)

    with time_machine.travel(NOW + 3 * GRACE, tick=False):
        answers = [Client().post(keep_path(reader)).content for _ in range(2)]

    reader.refresh_from_db()
    assert answers[0] == answers[1]
    assert (reader.paused_until, reader.next_digest_at.date()) == (None, (NOW + 3 * GRACE + DAY).date())
    assert reader.consents.count() == 2


def test_answer_leaves_a_pause_of_the_readers_own_alone():
    until = (NOW + 10 * DAY).date()
    reader = make_silent()
    ask_silent(NOW)
    Subscriber.objects.update(paused_until=until)

    sunsetting.stay(reader.pk, NOW + DAY, Shown(form="still wanted"))

    reader.refresh_from_db()
    assert reader.paused_until == until


def test_s02_looking_is_no_sign():
    reader = make_silent()
    paths = mailed_paths(reader)
    with time_machine.travel(NOW, tick=False):
        browser = visit(reader)
        for path in (*paths.values(), "/preferences"):
            browser.get(path)

    reader.refresh_from_db()
    assert (reader.seen_at, ask_silent(NOW)) == (None, 1)


def test_what_readers_send_from_our_pages_is_a_sign():
    reader = make_silent()
    paper = make_paper()
    make_digest(reader, [paper])
    paths = mailed_paths(reader, paper.pk)

    signs = []
    with time_machine.travel(NOW, tick=False):
        for act in (
            lambda: Client().post(paths["more"]),
            lambda: Client().post(paths["pause"]),
            lambda: Client().post(paths["keep"]),
            lambda: visit(reader).post("/preferences", preferences_fields()),
            lambda: visit(reader).post("/preferences/pause", {"resume": "1"}),
            lambda: Client().post(f"/a/{links.secret(links.issue(reader, 'email', NOW, {'email': 'n@example.org'}))}"),
        ):
            Subscriber.objects.update(seen_at=None)
            act()
            signs.append(Subscriber.objects.get(pk=reader.pk).seen_at)

    assert signs == [NOW] * 6


def test_confirming_again_starts_the_year_anew():
    reader = make_silent(status="left", seen_at=NOW - 2 * SILENCE, asked_at=NOW - SILENCE)
    payload = Preferences().as_payload()

    signup.confirm(links.issue(reader, Token.Purpose.CONFIRM, NOW, payload), NOW, Shown(form="confirmation page"))

    reader.refresh_from_db()
    assert (reader.seen_at, reader.asked_at, ask_silent(NOW)) == (NOW, None, 0)


def test_many_readers_are_asked_page_by_page(monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(sunsetting, "BATCH", 2)
    for number in range(5):
        make_silent(number)

    assert ask_silent(NOW) == 5
    assert len(asked()) == 5
    with django_assert_max_num_queries(1):
        ask_silent(NOW)
