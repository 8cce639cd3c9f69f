"""The preview beside the form: in the page without a script, as a piece of it with one, within limits."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subscriptions import recent
from subscriptions.rationing import AT_ONCE, ration
from tests.factories import NOW, make_interest, make_paper, make_subscriber
from tests.readers import dump, preferences_fields, sign_up_fields, text_of, visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

FORM = "application/x-www-form-urlencoded"
ANYTHING = st.one_of(
    st.text(max_size=80),
    st.text(alphabet='a(b)"*:,-\n\x00 ORANDNOT\ud800', max_size=120),
    st.sampled_from(["", "-", "(", '"', "*", "a*", "cat:", "NOT x", "x" * 3_000, "🜁", "0", ",".join("abc" * 20)]),
).map(lambda text: text.encode("utf-8", "surrogatepass"))


@pytest.fixture
def papers():
    for number in range(1, 4):
        make_paper(number, title=f"Diffusion models for <b>{number}</b>", abstract="", votes=number)


def preview(client: Client, **fields: str):
    return client.post("/subscribe/preview", fields)


def box(response) -> str:
    return BeautifulSoup(response.content, "lxml").select_one("textarea[name=keywords]").text.lstrip("\n")


def test_piece_shows_counts_papers_and_advice(client, papers):
    response = preview(client, keywords="diffusion models\ndifusion\n-survey", max_papers="2")

    text = text_of(response)
    assert response.status_code == 200
    assert "3 of the 3 papers of the last day match: about 3 a day." in text
    assert "Diffusion models for &lt;b&gt;3&lt;/b&gt;" in text
    assert "Diffusion models for &lt;b&gt;1&lt;/b&gt;" not in text
    assert re.search(r"difusion 0 in 1 day Nothing in the last day. Did you mean: diffusion", text)
    assert "muted: survey" in text
    assert "<html" not in response.content.decode()


def test_piece_proposes_only_topics_that_can_be_keywords(client):
    for number in range(1, 4):
        make_paper(number, title=f"Protein folding {number}", keywords=["pass@1", "genes, proteins", "coiled coils"])

    panel = BeautifulSoup(preview(client, keywords="").content, "lxml")

    assert sorted(button["value"] for button in panel.select("button[name=add]")) == ["coiled coils", "protein folding"]


def test_piece_is_kept_nowhere(client, papers):
    response = preview(client, keywords="diffusion")

    assert (response["Cache-Control"], response["X-Robots-Tag"]) == ("no-store", "noindex")


def test_keywords_come_in_the_body_only(client):
    assert client.get("/subscribe/preview?keywords=grokking").status_code == 405


def test_piece_needs_the_pages_csrf_token(papers):
    assert preview(Client(enforce_csrf_checks=True), keywords="x").status_code == 403


def test_bad_keyword_is_named_and_the_others_are_shown(client, papers):
    text = text_of(preview(client, keywords="diffusion\n(open"))

    assert "Line 2, “(open”" in text
    assert "3 of the 3 papers" in text


def test_page_fills_in_and_shows_what_was_searched_for(client, papers):
    response = client.get("/subscribe", {"keywords": "diffusion, robots"})

    assert box(response) == "diffusion, robots"
    assert "3 of the 3 papers" in text_of(response)


def test_page_without_keywords_waits_until_it_is_asked(client, papers, django_assert_num_queries):
    with django_assert_num_queries(0):
        first = client.get("/subscribe")
    client.get("/subscribe?keywords=diffusion")
    with django_assert_num_queries(0):
        second = client.get("/subscribe")

    assert "Here you see the digest your keywords would have brought" in text_of(first)
    assert "Without keywords: what is trending among the 3 papers of the last day." in text_of(second)


def test_button_shows_the_preview_keeps_what_was_typed_and_sends_nothing(client, papers):
    before = dump()

    typed = {"keywords": "diffusion\n(open", "hour": "22", "zone": "Asia/Tokyo", "wants_trending": "on"}
    response = client.post("/subscribe", sign_up_fields("ada@", preview="1", **typed))

    form = response.context["form"]
    assert response.status_code == 200
    assert {name: form[name].value() for name in ("email", "keywords", "hour", "zone", "wants_trending")} == {
        "email": "ada@", "keywords": "diffusion\n(open", "hour": "22", "zone": "Asia/Tokyo", "wants_trending": True,
    }  # fmt: skip
    assert not form.errors
    assert "3 of the 3 papers" in text_of(response)
    assert dump() == before


@pytest.mark.parametrize(
    ("button", "expected"),
    [
        ({"add": "robots"}, "difusion\n-survey\nrobots"),
        ({"instead": "difusion → diffusion"}, "diffusion\n-survey"),
        ({"instead": "-survey → -surveys"}, "difusion\n-surveys"),
        ({"instead": "gone → diffusion"}, "difusion\n-survey"),
        ({"instead": "nonsense"}, "difusion, -survey"),
        ({"add": " \x00"}, "difusion, -survey"),
    ],
)
def test_buttons_beside_the_preview_change_the_box(client, papers, button, expected):
    assert box(client.post("/subscribe", sign_up_fields(keywords="difusion, -survey", **button))) == expected


def test_preferences_show_the_same_preview(client, papers):
    reader = make_subscriber(max_papers=2)
    make_interest(reader, "diffusion models")
    visit(reader, client=client)

    first = client.get("/preferences")
    tried = client.post("/preferences", preferences_fields(keywords="difusion", preview="1"))
    added = client.post("/preferences", preferences_fields(keywords="difusion", instead="difusion → diffusion"))

    assert "3 of the 3 papers" in text_of(first)
    assert "Did you mean:" in text_of(tried)
    assert box(added) == "diffusion"
    assert [interest.text for interest in reader.interests.all()] == ["diffusion models"]


def test_a_stranger_who_asks_too_much_waits(client, papers):
    ration._charge("127.0.0.1", AT_ONCE + 1)

    refused = preview(client, keywords="diffusion")
    page = client.get("/subscribe?keywords=diffusion")
    other = preview(Client(REMOTE_ADDR="203.0.113.9"), keywords="diffusion")

    assert (refused.status_code, int(refused["Retry-After"]) > 5) == (429, True)
    assert "These were many previews" in text_of(refused)
    assert (page.status_code, other.status_code) == (200, 200)


def test_while_papers_are_read_for_the_first_time_the_script_is_told_to_ask_again(client, monkeypatch):
    monkeypatch.setattr(recent, "_PATIENCE_SECONDS", 0)
    with recent._shelf.lock:
        piece = preview(client, keywords="diffusion")
        page = client.get("/subscribe?keywords=diffusion")

    assert (piece.status_code, piece["Retry-After"], page.status_code) == (503, "3", 200)
    assert "Try again in a moment." in text_of(piece)


def test_twenty_of_the_costliest_keywords_are_answered(client):
    for number in range(300):
        make_paper(number, title="the of a in we", first_seen_at=NOW - timedelta(hours=number / 3 + 1))
    words = " OR ".join(["the", "of", "a", "in", "we"] * 5)
    typed = "\n".join(f"({words[:100].rsplit(' OR', 1)[0]}) AND NOT w{number}" for number in range(20))

    assert preview(client, keywords=typed, max_papers="50").status_code == 200


@given(keywords=ANYTHING, max_papers=ANYTHING)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_typed_breaks_the_piece(client, papers, keywords, max_papers):
    ration.clear()

    fields = {"keywords": keywords, "max_papers": max_papers}
    assert client.post("/subscribe/preview", urlencode(fields), FORM).status_code == 200


@given(
    keywords=ANYTHING, button=st.sampled_from(["preview", "add", "instead", "none"]), pressed=ANYTHING, other=ANYTHING
)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_typed_in_any_field_breaks_the_page(client, papers, keywords, button, pressed, other):
    ration.clear()
    fields = dict.fromkeys(sign_up_fields(), other) | {"keywords": keywords, button: pressed}

    assert client.post("/subscribe", urlencode(fields), FORM).status_code in {200, 302}
    assert client.get("/subscribe", query_params={"keywords": keywords.decode("utf-8", "replace")}).status_code == 200
