import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from papers.ingest import ingest
from papers.models import Listing, Paper, Reading
from papers.search import parse
from papers.search.stored import preselect
from papers.sources.base import Batch, PaperRecord
from tests.factories import NOW, make_paper
from tests.papers.admin.rows import act, path, said

ANSWER = """<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns="http://www.w3.org/2005/Atom">
<opensearch:itemsPerPage>1</opensearch:itemsPerPage><opensearch:totalResults>{total}</opensearch:totalResults>
<opensearch:startIndex>0</opensearch:startIndex>{entries}
</feed>"""
ENTRY = """<entry><id>http://arxiv.org/abs/2608.10001v2</id><title>Two Authors</title>
<summary>Invented for this test.</summary><published>2026-08-13T08:18:33Z</published>
<category term="cs.LG" scheme="http://arxiv.org/schemas/atom"/><author><name>Mira Oakfield</name></author></entry>"""


def fill_in(client: Any, paper: Paper, **changes: str | None) -> Any:
    """Open a paper's page, change some of its fields, save; None unticks."""
    return client.post(path("paper", "change", paper.pk), filled_in(client, paper) | changes)


def filled_in(client: Any, paper: Paper) -> dict[str, str]:
    """What a browser would send back unchanged."""
    form = client.get(path("paper", "change", paper.pk)).context["adminform"].form
    fields = {bound.html_name: bound.value() for bound in form}
    hidden = {bound.html_initial_name: bound.value() for bound in form if bound.field.show_hidden_initial}
    ticked = {name: "on" if value is True else value for name, value in (fields | hidden).items() if value}
    return ticked | {"listings-TOTAL_FORMS": "0", "listings-INITIAL_FORMS": "0"}


def read(title: str, abstract: str, version: int) -> None:
    """A source says this of the first paper."""
    record = PaperRecord(arxiv_id="2608.00001", title=title, abstract=abstract, version=version)
    ingest("arxiv", NOW.date(), Batch(records=[record]), now=NOW)


def test_edit_stays_through_the_next_reading(admin_client):
    paper = make_paper()

    response = fill_in(admin_client, paper, title="An editor's  title")
    read("The sources' title", "Their abstract.", 2)
    paper.refresh_from_db()

    assert response.status_code == 302
    assert (paper.title, paper.abstract) == ("An editor's title", "Their abstract.")
    assert paper.source_words == {"title": "The sources' title"}
    assert preselect(parse("title:editor"), 9) == [paper.pk]


def test_edit_is_shown_and_can_be_undone(admin_client):
    paper = make_paper()
    fill_in(admin_client, paper, title="Mine")
    read("The sources' title", "Their abstract.", 2)

    page = admin_client.get(path("paper", "change", paper.pk)).text
    fill_in(admin_client, paper, restore_title="on")
    paper.refresh_from_db()

    assert re.search(r"The sources say:.*?The sources&#x27; title", page, re.DOTALL)
    assert (paper.title, paper.source_words) == ("The sources' title", {})


def test_saving_a_page_opened_before_a_reading_edits_nothing(admin_client):
    paper = make_paper()
    stale = filled_in(admin_client, paper)
    read("The sources' title", "Their abstract.", 2)

    admin_client.post(path("paper", "change", paper.pk), stale | {"is_hidden": "on"})
    paper.refresh_from_db()

    assert (paper.title, paper.source_words, paper.is_hidden) == ("The sources' title", {}, True)


def test_what_sources_say_cannot_be_changed(admin_client):
    paper = make_paper()

    fill_in(admin_client, paper, is_withdrawn="on", votes="99", arxiv_id="1234.56789")
    paper.refresh_from_db()

    assert (paper.is_withdrawn, paper.votes, paper.arxiv_id) == (False, 0, "2608.00001")


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"title": " \u202e\ufeff "}, {"title": ["A paper needs a title with at least one visible character."]}),
        ({"pick_note": "Fine"}, {"is_pinned": ["Only a pick can have a note: tick this, or take the note out."]}),
    ],
)
def test_what_cannot_be_saved(admin_client, changes, errors):
    paper = make_paper()

    response = fill_in(admin_client, paper, **changes)

    assert response.context["adminform"].form.errors == errors


def test_pick_on_the_page(admin_client, admin_user):
    paper = make_paper()

    fill_in(admin_client, paper, is_pinned="on", pick_note="Worth an hour.")
    picked = Paper.objects.get()
    page = admin_client.get(path("paper", "change", paper.pk)).text
    fill_in(admin_client, paper, is_pinned="", pick_note="")
    unpicked = Paper.objects.get()

    assert (picked.is_pinned, picked.pick_note, picked.picked_by) == (True, "Worth an hour.", admin_user)
    assert "by admin on" in page
    assert (unpicked.is_pinned, unpicked.pick_note, unpicked.picked_by, unpicked.picked_at) == (False, "", None, None)


def test_pick_in_the_list_asks_for_a_note(admin_client):
    papers = [make_paper(number) for number in (1, 2, 3)]

    asked = act(admin_client, "paper", "pin", papers[:2])
    untouched = Paper.objects.filter(is_pinned=True).count()
    data = {"action": "pin", "_selected_action": [1, 2], "picked": "yes", "note": "Two of a kind."}
    data["_selected_action"] = [paper.pk for paper in papers[:2]]
    done = admin_client.post(path("paper"), data, follow=True)

    assert (asked.context["title"], untouched) == ("Editors’ pick", 0)
    assert said(done) == ["2 papers picked."]
    assert list(Paper.objects.order_by("pk").values_list("is_pinned", "pick_note")) == [
        (True, "Two of a kind."),
        (True, "Two of a kind."),
        (False, ""),
    ]


@pytest.mark.parametrize(
    ("action", "field", "before", "message"),
    [
        ("hide", "is_hidden", False, "2 papers hidden."),
        ("unhide", "is_hidden", True, "2 papers shown again."),
        ("unpin", "is_pinned", True, "2 papers no longer picked."),
    ],
)
def test_paper_actions(admin_client, action, field, before, message):
    papers = [make_paper(number, **{field: before}) for number in (1, 2, 3)]

    response = act(admin_client, "paper", action, papers[:2])

    assert list(Paper.objects.order_by("pk").values_list(field, flat=True)) == [not before, not before, before]
    assert said(response) == [message]
    assert LogEntry.objects.count() == 2


def test_papers_are_never_deleted(admin_client):
    paper = make_paper()

    assert admin_client.post(path("paper", "delete", paper.pk), {"post": "yes"}).status_code == 403
    assert Paper.objects.get() == paper


@pytest.fixture
def arxiv(httpserver, settings):
    settings.ARXIV_API_URL = httpserver.url_for("").rstrip("/")
    settings.SOURCES_ALLOW_PRIVATE = True
    return httpserver.expect_request("/api/query", query_string={"id_list": "2608.10001", "max_results": "1"})


def add(client: Any, arxiv_id: str) -> Any:
    return client.post(path("paper", "add"), {"arxiv_id": arxiv_id}, follow=True)


def test_add_by_arxiv_id(admin_client, arxiv):
    arxiv.respond_with_data(ANSWER.format(total=1, entries=ENTRY))

    response = add(admin_client, "https://arxiv.org/abs/2608.10001v2")

    paper = Paper.objects.get()
    assert (paper.title, paper.authors, paper.version) == ("Two Authors", ["Mira Oakfield"], 2)
    assert response.redirect_chain == [(path("paper", "change", paper.pk), 302)]
    assert said(response) == ["Added, and listed under today."]
    today = timezone.now().date()
    assert list(Listing.objects.values_list("source", "day")) == [("editors", today)]
    assert list(Reading.objects.values_list("source", "day", "outcome", "new")) == [("editors", today, "new", 1)]


def test_add_what_arxiv_does_not_know(admin_client, arxiv):
    arxiv.respond_with_data(ANSWER.format(total=0, entries=""))

    response = add(admin_client, "2608.10001")

    assert said(response) == ["It was not added. arXiv describes no paper 2608.10001."]
    assert not Paper.objects.exists()


def test_add_while_arxiv_refuses(admin_client, arxiv):
    arxiv.respond_with_data("no", status=403)

    (message,) = said(add(admin_client, "2608.10001"))

    assert message.startswith("It was not added. ")
    assert "403" in message
    assert list(Reading.objects.values_list("outcome", flat=True)) == ["failed"]


def test_add_what_is_known(admin_client):
    paper = make_paper()

    response = add(admin_client, "2608.00001v3")

    assert response.redirect_chain == [(path("paper", "change", paper.pk), 302)]
    assert said(response) == ["This paper is known already."]


@pytest.mark.parametrize("typed", ["", "68T05", "<script>", "https://example.org/2608"])
def test_add_what_is_no_id(admin_client, typed):
    response = admin_client.post(path("paper", "add"), {"arxiv_id": typed})

    assert list(response.context["form"].errors) == ["arxiv_id"]
