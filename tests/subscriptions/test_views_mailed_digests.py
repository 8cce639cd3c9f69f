"""The pages behind a digest's own links."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.test import Client

from subscriptions import links
from subscriptions.models import Feedback, Subscriber
from subscriptions.rescheduling import UNTIL_LIFTED
from tests.factories import NOW, make_digest, make_interest, make_paper, make_subscriber
from tests.readers import dump, mailed_paths, main_of, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAY = NOW.date()
WEEK = DAY + timedelta(days=7)


def verdicts() -> list[tuple[int, str]]:
    return [(row.paper_id, row.get_verdict_display()) for row in Feedback.objects.all()]


@pytest.fixture
def reader() -> Subscriber:
    return make_subscriber(frequency="daily")


@pytest.fixture
def paper():
    return make_paper(1)


def test_s02_looking_changes_nothing(reader, paper):
    make_digest(reader, [paper])
    paths = mailed_paths(reader, paper.pk).values()
    before = dump()

    answers = [method(path) for path in paths for method in (Client().get, Client().head, Client().options)]

    assert dump() == before
    assert {answer.status_code for answer in answers} <= {200, 405}


def test_s11_pages_ask_with_one_button_keep_no_cookie_and_are_private(reader, paper):
    paths = mailed_paths(reader, paper.pk)

    for name in ("pause", "more", "less", "keep"):
        page = Client(enforce_csrf_checks=True).get(paths[name])
        html = main_of(page)
        assert (html.count("<form"), html.count("<button"), "<script" in html, bool(page.cookies)) == (
            1,
            1,
            False,
            False,
        )
        assert [page[header] for header in ("Cache-Control", "Referrer-Policy", "X-Robots-Tag")] == [
            "no-store",
            "no-referrer",
            "noindex",
        ]


def test_s04_wrong_links_are_answered_alike(reader, paper):
    hidden = make_paper(2, is_hidden=True)
    paths = mailed_paths(reader, paper.pk)
    wrong = [
        paths["pause"].replace("/p/", "/v/"),
        paths["view"].replace("/v/", "/p/"),
        paths["more"].swapcase().replace("/F/", "/f/").replace("/MORE", "/more"),
        mailed_paths(reader, hidden.pk)["more"],
        mailed_paths(reader, 10_000)["more"],
        "/p/nonsense",
    ]

    answers = [(page.status_code, main_of(page)) for page in map(Client().get, wrong)]
    posted = [Client().post(path).status_code for path in wrong if not path.startswith("/v/")]

    assert {status for status, _ in answers} == {404}
    assert len({content for _, content in answers}) == 1
    assert set(posted) == {404}
    assert verdicts() == []


# Pause for a week -----------------------------------------------------------------------------------


def test_pausing_holds_digests_for_a_week_and_again_changes_nothing(reader):
    path = mailed_paths(reader)["pause"]

    first, second = Client(enforce_csrf_checks=True).post(path), Client().post(path)

    reader.refresh_from_db()
    assert reader.paused_until == WEEK
    assert reader.next_digest_at.date() == WEEK
    assert first.content == second.content
    assert "Your digests are paused They come again from Wednesday 19 August 2026" in text_of(first)
    assert [event.form for event in reader.consents.all()] == ["pause link"]


def test_pausing_is_undone_on_the_same_page(reader):
    path = mailed_paths(reader)["pause"]
    Client().post(path)

    page = Client().post(path, {"resume": "1"})

    reader.refresh_from_db()
    assert (reader.paused_until, reader.next_digest_at.date()) == (None, DAY + timedelta(days=1))
    assert "Pause for a week?" in text_of(page)


@pytest.mark.parametrize("until", [date(2026, 9, 30), UNTIL_LIFTED])
def test_pausing_shortens_no_longer_pause(reader, until):
    Subscriber.objects.filter(pk=reader.pk).update(paused_until=until)

    page = Client().post(mailed_paths(reader)["pause"])

    reader.refresh_from_db()
    assert reader.paused_until == until
    assert page.content.decode().count('name="resume"') == 1


def test_pausing_leaves_a_reader_who_wants_none_as_they_are(reader):
    Subscriber.objects.filter(pk=reader.pk).update(frequency=Subscriber.Frequency.PAUSED)
    before = dump()

    page = Client().post(mailed_paths(reader)["pause"])

    assert dump() == before
    assert ("<form" in main_of(page), "You get no digests for now" in text_of(page)) == (
        False,
        True,
    )


def test_week_begins_with_the_readers_own_day():
    reader = make_subscriber(zone="Pacific/Kiritimati")  # there it is 21:00 of the same day; in Niue still the 11th
    other = make_subscriber(2, zone="Pacific/Niue")

    for one in (reader, other):
        Client().post(mailed_paths(one)["pause"])
        one.refresh_from_db()

    assert (reader.paused_until, other.paused_until) == (WEEK, WEEK - timedelta(days=1))


# View in the browser --------------------------------------------------------------------------------


def test_view_shows_the_digest_and_no_address(reader, paper):
    make_digest(reader, [paper, make_paper(2, is_hidden=True)])

    page = Client().get(mailed_paths(reader)["view"])

    words = text_of(page)
    assert page.status_code == 200
    assert "Digest of Wednesday 12 August 2026" in words
    assert "1 paper, chosen from 20" in words
    assert paper.title in words
    assert "circuit 2" not in words
    assert "reader1" not in page.content.decode()


def test_view_says_that_more_was_asked_for(reader, paper):
    digest = make_digest(reader, [paper])
    digest.items.update(alike=make_paper(3, title="One that was liked"))

    words = text_of(Client().get(mailed_paths(reader)["view"]))

    assert "Because of grokking (found: Grokking) · You asked for more like One that was liked" in words


def test_view_leads_on_where_more_matched_than_was_sent(reader, paper):
    make_interest(reader, "grokking")
    make_interest(reader, '"state space" AND NOT survey')
    make_interest(reader, "benchmark", is_muted=True)
    digest = make_digest(reader, [paper, make_paper(2), make_paper(3)], matched=5)
    digest.items.filter(position=3).update(section="trending", reasons=[])

    page = Client().get(mailed_paths(reader)["view"])

    assert "3 more papers matched. Each of your interests has a page with all that it finds:" in text_of(page)
    links = re.findall(r'<a href="(/topics/[^"]+)"><bdi>([^<]+)', page.content.decode())
    assert [(Client().get(path).status_code, unescape(name)) for path, name in links] == [
        (200, "grokking"),
        (200, '"state space" AND NOT survey'),
    ]


@pytest.mark.parametrize("matched", [0, 1])
def test_view_says_nothing_of_more_where_there_is_none(reader, paper, matched):
    make_digest(reader, [paper], matched=matched)

    assert "more paper" not in text_of(Client().get(mailed_paths(reader)["view"]))


def test_view_of_an_erased_digest_says_so(reader):
    page = Client().get(mailed_paths(reader)["view"])

    assert page.status_code == 410
    assert "The digest of 12 August 2026 has been erased" in text_of(page)


def test_view_takes_a_bounded_number_of_queries(reader, django_assert_num_queries):
    make_digest(reader, [make_paper(number) for number in range(1, 9)])
    path = mailed_paths(reader)["view"]

    with django_assert_num_queries(3):
        Client().get(path)


def test_view_shows_no_digest_of_another(reader, paper):
    make_digest(make_subscriber(2), [paper])

    assert Client().get(mailed_paths(reader)["view"]).status_code == 410


# More or less like this -----------------------------------------------------------------------------


def test_feedback_is_kept_once_and_the_last_word_counts(reader, paper):
    paths = mailed_paths(reader, paper.pk)

    said = []
    for path, fields in (
        (paths["more"], {}),
        (paths["more"], {"wish": "more"}),
        (paths["less"], {"wish": "less"}),
        (paths["less"], {"wish": "more"}),
        (paths["more"], {"wish": "nothing"}),
        (paths["less"], {"wish": "nonsense"}),
    ):
        page = Client(enforce_csrf_checks=True).post(path, fields)
        said.append((page.status_code, verdicts()))

    more, less = [(paper.pk, "more like this")], [(paper.pk, "less like this")]
    assert said == [(200, more), (200, more), (200, less), (200, more), (200, []), (200, less)]


def test_feedback_page_says_what_is_noted_and_offers_to_change_it(reader, paper):
    paths = mailed_paths(reader, paper.pk)

    page = Client().post(paths["less"], {"wish": "less"})
    other = Client().get(paths["more"])

    words = text_of(page)
    assert "Less like this: noted" in words
    assert paper.title in words
    assert [word in words for word in ("More like this instead", "Take it back")] == [True, True]
    assert "More papers like this?" in text_of(other)


def test_feedback_of_one_reader_is_not_anothers(reader, paper):
    other = make_subscriber(2)

    Client().post(mailed_paths(reader, paper.pk)["more"])
    Client().post(mailed_paths(other, paper.pk)["less"])

    assert [(row.subscriber_id, row.verdict) for row in Feedback.objects.order_by("pk")] == [
        (reader.pk, 1),
        (other.pk, -1),
    ]


def test_reader_who_left_or_moved_has_nothing_to_say(reader, paper):
    paths = mailed_paths(reader, paper.pk)
    links.rotate(reader, NOW)
    moved = [Client().post(paths[name]).status_code for name in ("pause", "more", "less")]

    paths = mailed_paths(reader, paper.pk)
    Subscriber.objects.filter(pk=reader.pk).update(status=Subscriber.Status.LEFT)
    left = [Client().post(paths[name]).status_code for name in ("pause", "more", "less")]

    assert (moved, left, verdicts()) == ([404] * 3, [404] * 3, [])


def test_feedback_goes_with_its_reader(reader, paper):
    Client().post(mailed_paths(reader, paper.pk)["more"])

    reader.delete()

    assert verdicts() == []
