"""A reader's own pages: in by a mailed link, everything changed by POST, nobody else let in."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from subscriptions import forms, links
from subscriptions.changing import pause
from subscriptions.consent import Shown
from subscriptions.models import Delivery, Digest, DigestItem, Subscriber, Token
from subscriptions.preferences import Preferences
from subscriptions.rescheduling import UNTIL_LIFTED
from tests.factories import NOW, make_delivery, make_digest, make_interest, make_paper, make_subscriber
from tests.readers import dump, path_of, preferences_fields, text_of, told, visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

TOMORROW = datetime(2026, 8, 13, 7, tzinfo=UTC)


@pytest.fixture
def reader() -> Subscriber:
    reader = make_subscriber(email="adalovelace@example.org", next_digest_at=TOMORROW)
    make_interest(reader, "grokking")
    make_interest(reader, "survey", is_muted=True, position=1)
    return reader


def link_fields(email: str, **changes: str) -> dict[str, str]:
    return {"email": email, "website": "", "shown": forms.stamp(NOW - timedelta(seconds=9))} | changes


def said(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


# The way in ------------------------------------------------------------------------------------------


def test_s16_link_becomes_a_visit_under_a_clean_address(client, reader):
    response = client.get(path_of(links.issue(reader, Token.Purpose.MANAGE, NOW)), follow=True)

    assert response.redirect_chain == [("/preferences", 302)]
    assert response.status_code == 200


def test_s15_page_shows_the_address_masked(client, reader):
    page = visit(reader, client=client).get("/preferences")

    assert "a…@example.org" in text_of(page)
    assert "adalovelace" not in page.content.decode()


@pytest.mark.parametrize("path", ["/preferences", "/preferences/digests/2026-08-12"])
def test_stranger_is_sent_to_ask_for_a_link(client, path):
    response = client.get(path)

    assert (response.status_code, response["Location"]) == (302, "/preferences/link")


@pytest.mark.parametrize("path", ["", "/pause", "/address", "/leave"])
def test_post_after_the_visit_has_ended_changes_nothing_and_says_so(client, reader, path):
    before = dump()

    response = client.post(f"/preferences{path}", preferences_fields(), follow=True)

    assert response.redirect_chain == [("/preferences/link", 302)]
    assert said(response) == ["Your visit has ended and nothing was changed."]
    assert dump() == before


@pytest.mark.parametrize("path", ["", "/pause", "/address", "/leave"])
def test_s15_writing_needs_the_pages_own_csrf_token(reader, path):
    client = visit(reader, client=Client(enforce_csrf_checks=True))
    before = dump()

    assert client.post(f"/preferences{path}", preferences_fields()).status_code == 403
    assert dump() == before


def test_forms_can_be_sent_under_the_pages_referrer_policy(client, reader):
    """With no-referrer alone browsers send "Origin: null", which Django's CSRF check refuses."""
    for page in (visit(reader, client=client).get("/preferences"), Client().get("/preferences/link")):
        assert page["Referrer-Policy"] == "no-referrer"
        assert '<meta name="referrer" content="same-origin">' in page.content.decode()


def test_link_is_mailed_and_every_address_gets_the_same_answer():
    make_subscriber(1, email="active@example.org")
    make_subscriber(2, email="left@example.org", status="left")
    make_subscriber(3, email="pending@example.org", status="pending")
    answers = set()
    for name in ("active", "left", "pending", "unknown"):
        response = Client().post("/preferences/link", link_fields(f"{name}@example.org"))
        answers.add((response.status_code, response["Location"], *told(response), str(response.cookies)))

    assert {answer[:2] for answer in answers} == {(302, "/preferences/link/sent")}
    assert len(answers) == 1
    assert list(Delivery.objects.values_list("subscriber__email", "kind")) == [("active@example.org", "link")]


def test_a01_eleventh_request_of_a_client_sends_nothing(client):
    statuses = [client.post("/preferences/link", link_fields(f"r{n}@example.org")).status_code for n in range(11)]

    assert statuses == [302] * 10 + [429]


def test_a05_trapped_machine_gets_no_link(client, reader):
    response = client.post("/preferences/link", link_fields(reader.email, website="x"))

    assert response["Location"] == "/preferences/link/sent"
    assert Delivery.objects.count() == 0


def test_bad_address_is_explained_where_it_was_typed(client):
    response = client.post("/preferences/link", link_fields("ada@"))

    assert response.context["form"]["email"].value() == "ada@"
    assert "This is not an address we can write to." in text_of(response)


# Changing --------------------------------------------------------------------------------------------


def test_preferences_show_what_stands(client, reader):
    page = visit(reader, client=client).get("/preferences")

    assert page.context["form"]["keywords"].value() == "grokking\n-survey"
    assert "The next digest comes on Thursday 13 August 2026 at 07:00 (UTC)." in text_of(page)


def test_preferences_are_saved(client, reader):
    response = visit(reader, client=client).post(
        "/preferences", preferences_fields(keywords="robot*", zone="Asia/Tokyo", hour="22"), follow=True
    )

    reader.refresh_from_db()
    preferences = Preferences.of(reader)
    assert said(response) == ["Your preferences are saved."]
    assert [keyword.text for keyword in preferences.keywords] == ["robot*"]
    assert (preferences.zone, reader.next_digest_at) == ("Asia/Tokyo", datetime(2026, 8, 12, 13, tzinfo=UTC))
    assert "Wednesday 12 August 2026 at 22:00 (Asia/Tokyo)" in text_of(response)


def test_same_preferences_change_nothing(client, reader):
    page = visit(reader, client=client).get("/preferences")
    fields = {field.name: field.value() for field in page.context["form"] if field.value() is not False}

    response = client.post("/preferences", fields, follow=True)

    assert said(response) == ["Nothing was different, so nothing was changed."]


def test_bad_preferences_keep_what_was_typed(client, reader):
    response = visit(reader, client=client).post("/preferences", preferences_fields(keywords="a$", hour="22"))

    assert response.context["form"]["keywords"].value() == "a$"
    assert response.context["form"]["hour"].value() == "22"
    assert Preferences.of(reader).hour == 7


def test_a31_foreign_fields_change_nothing(client, reader):
    visit(reader, client=client).post("/preferences", preferences_fields(email="x@example.org", status="left", id="9"))

    reader.refresh_from_db()
    assert (reader.email, reader.status) == ("adalovelace@example.org", "active")


def test_pause_and_going_on(client, reader):
    visit(reader, client=client)

    paused = client.post("/preferences/pause", {"pause-until": "2026-09-01"}, follow=True)
    reader.refresh_from_db()
    assert (said(paused), reader.paused_until) == (["Your digests are paused."], date(2026, 9, 1))
    assert "Your digests are paused until 1 September 2026." in text_of(paused)

    resumed = client.post("/preferences/pause", {"resume": "1"}, follow=True)
    reader.refresh_from_db()
    assert (said(resumed), reader.next_digest_at) == (["The pause is over."], TOMORROW)


def test_pause_into_the_past_is_refused(client, reader):
    response = visit(reader, client=client).post("/preferences/pause", {"pause-until": "2026-08-12"})

    assert "Choose a day after today." in text_of(response)
    assert response.context["pause_form"]["until"].value() == "2026-08-12"


def test_operators_pause_can_be_ended_by_the_reader(client, reader):
    pause(reader.pk, UNTIL_LIFTED, NOW, Shown(form="admin"))

    page = visit(reader, client=client).get("/preferences")

    assert "Your digests are paused until somebody lifts it." in text_of(page)
    assert "No digest is due" in text_of(page)


def test_s17_answer_tells_nothing_about_the_other_address(reader):
    make_subscriber(2, email="taken@example.net")
    answers = []
    for email in ("free@example.net", "taken@example.net"):
        response = visit(reader).post("/preferences/address", {"move-email": email}, follow=True)
        answers.append((response.status_code, said(response), text_of(response)))

    assert answers[0] == answers[1]
    assert answers[0][1] == [
        "We have written to the new address. Open the link in that mail within 30 minutes; until then nothing changes."
    ]


def test_a01_fourth_move_in_a_day_is_too_many(client, reader):
    visit(reader, client=client)

    statuses = [client.post("/preferences/address", {"move-email": f"n{n}@example.net"}).status_code for n in range(4)]

    assert statuses == [302, 302, 302, 429]


def test_leaving_ends_the_visit_too(client, reader):
    response = visit(reader, client=client).post("/preferences/leave")

    reader.refresh_from_db()
    assert (response.status_code, reader.status) == (200, "left")
    assert "You are unsubscribed" in text_of(response)
    assert client.get("/preferences")["Location"] == "/preferences/link"


# What was sent ---------------------------------------------------------------------------------------


def test_last_digests_say_what_came_and_why_not(client, reader):
    make_delivery(subscriber=reader, papers=[make_paper(1)], state=Delivery.State.ACCEPTED)
    make_digest(
        reader,
        [],
        edition=date(2026, 8, 11),
        outcome=Digest.Outcome.EMPTY,
        reason="120 new papers came in, but none matches your interests.",
    )

    page = text_of(visit(reader, client=client).get("/preferences"))

    assert "Wed 12 August 2026 1 paper, chosen from 20 · sent" in page
    assert "Tue 11 August 2026 120 new papers came in, but none matches your interests." in page


def test_digest_lists_its_papers_and_why(client, reader):
    papers = [make_paper(number, title=f"Paper {number} <b>") for number in (1, 2, 3)]
    digest = make_digest(reader, papers, notices=["arXiv could not be read."])
    DigestItem.objects.filter(paper=papers[1]).update(section=DigestItem.Section.TRENDING, reasons=[])
    papers[2].is_hidden = True
    papers[2].save()

    page = visit(reader, client=client).get(f"/preferences/digests/{digest.edition}")

    text = text_of(page)
    assert "Paper 1 &lt;b&gt;" in text
    assert "Because of grokking (found: Grokking)" in text
    assert "Trending that day." in text
    assert "Paper 3" not in text
    assert "arXiv could not be read." in text


def test_digest_of_somebody_else_is_not_there(client, reader):
    make_digest(make_subscriber(2), [make_paper()])

    assert visit(reader, client=client).get("/preferences/digests/2026-08-12").status_code == 404


@pytest.mark.parametrize("day", ["2026-08-32", "20260812", "2026-W33-3", "today", "%00"])
def test_digest_of_no_day_is_not_there(client, reader, day):
    make_digest(reader, [make_paper()])

    assert visit(reader, client=client).get(f"/preferences/digests/{day}").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_pages_take_the_same_queries_for_one_and_three(client, reader, count, django_assert_num_queries):
    papers = [make_paper(number) for number in range(count)]
    for number in range(count):
        make_digest(reader, papers, edition=NOW.date() - timedelta(days=number))
        make_interest(reader, f"topic {number}", position=9)
    visit(reader, client=client)

    with django_assert_num_queries(6):
        client.get("/preferences")
    with django_assert_num_queries(5):
        client.get(f"/preferences/digests/{NOW.date()}")
