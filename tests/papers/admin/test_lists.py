import re

import pytest

from papers.admin import searching
from papers.admin.papers import PaperAdmin
from papers.lists import BoundedPaginator
from papers.models import Category
from tests.factories import make_paper
from tests.papers.admin.rows import make_rows, path, said

MODELS = ("announcement", "category", "gate", "listing", "paper", "reading", "rejected")
READ_ONLY = ("gate", "listing", "reading", "rejected")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("size", [1, 3])
def test_list_query_count(admin_client, django_assert_num_queries, model, size):
    Category.objects.all().delete()
    for number in range(1, size + 1):
        make_rows(number)
    # Session, user, second factor, count, rows; and the rows again where they are edited in place.
    queries = 6 if model == "category" else 5

    with django_assert_num_queries(queries):
        response = admin_client.get(path(model))

    assert response.context["cl"].result_count == size


@pytest.mark.parametrize("model", MODELS)
def test_detail_page(admin_client, model):
    row = make_rows(1)[model]

    response = admin_client.get(path(model, "change", row.pk))

    assert response.status_code == 200
    assert not re.search(r"<b>Circuit|<i>odd|<script>x", response.text)


def test_rows_link_to_each_other(admin_client):
    rows = make_rows(1)

    links = {
        model: [href for href in re.findall(r'href="([^"]+)"', admin_client.get(path(model)).text) if target in href]
        for model, target in (
            ("listing", path("paper", "change", rows["paper"].pk)),
            ("reading", path("rejected") + "?"),
            ("rejected", path("reading", "change", rows["reading"].pk)),
        )
    }
    detail = admin_client.get(path("paper", "change", rows["paper"].pk)).text

    assert links == {
        "listing": [path("paper", "change", rows["paper"].pk)],
        "reading": [path("rejected") + "?source=huggingface&amp;day=2026-08-12"],
        "rejected": [path("reading", "change", rows["reading"].pk)],
    }
    assert f'href="{path("listing")}?paper={rows["paper"].pk}"' in detail
    assert 'href="/papers/2608.00001"' in detail


@pytest.mark.parametrize(
    ("model", "query", "found"),
    [
        ("paper", "q=https://arxiv.org/abs/2608.00002v3", 1),
        ("paper", "q=title:circuit+AND+NOT+1", 1),
        ("paper", "q=grokking&day=2026-08-12", 2),
        ("paper", "q=grokking&day=2026-08-11", 0),
        ("paper", "day=2026-08-12", 2),
        ("paper", "day=2026-08-11", 0),
        ("paper", "source=huggingface", 2),
        ("paper", "source=huggingface&day=2026-08-12", 2),
        ("paper", "source=arxiv&day=2026-08-12", 0),
        ("paper", "organisation=Lantern", 1),
        ("paper", "organisation=other", 0),
        ("paper", "is_edited__exact=1", 1),
        ("paper", "has_id=no", 0),
        ("listing", "q=2608.00002", 1),
        ("listing", "q=https://arxiv.org/abs/2608.00002v3", 1),
        ("listing", "source=arxiv", 0),
        ("listing", "source=huggingface&day=2026-08-12", 2),
        ("reading", "source=huggingface&day=2026-08-12&outcome__exact=new", 2),
        ("rejected", "q=script", 2),
        ("rejected", "source=huggingface&day=2026-08-12", 2),
        ("announcement", "q=Note", 2),
    ],
)
def test_search_and_filters(admin_client, model, query, found):
    make_rows(1)
    edited = make_rows(2)["paper"]
    edited.organisation = "lantern"
    edited.edit("title", "Circuit 2, edited")
    edited.save()

    response = admin_client.get(f"{path(model)}?{query}")

    assert response.context["cl"].result_count == found


@pytest.mark.parametrize("model", READ_ONLY)
def test_what_the_pipeline_writes_is_read_only(admin_client, model):
    row = make_rows(1)[model]

    codes = [
        admin_client.get(path(model, "add")).status_code,
        admin_client.post(path(model, "change", row.pk), {"source": "x"}).status_code,
        admin_client.post(path(model, "delete", row.pk), {"post": "yes"}).status_code,
    ]

    assert codes == [403, 403, 403]
    assert row in type(row).objects.all()


def test_list_of_many_shows_the_first(admin_client, monkeypatch):
    monkeypatch.setattr(BoundedPaginator, "LIMIT", 2)
    monkeypatch.setattr(PaperAdmin, "list_per_page", 1)
    for number in (1, 2, 3):
        make_paper(number)

    response = admin_client.get(path("paper"), {"p": 2})

    assert [paper.arxiv_id for paper in response.context["cl"].result_list] == ["2608.00002"]
    assert response.context["cl"].paginator.num_pages == 2
    assert said(response) == ["These are the first 2. Filter or search to see others."]


@pytest.mark.parametrize("day", ["2026-02-30", "20260812", "x", "<script>"])
def test_day_that_is_none(admin_client, day):
    response = admin_client.get(path("paper"), {"day": day})

    assert (response.status_code, response["location"]) == (302, path("paper") + "?e=1")


def test_search_that_cannot_be_read(admin_client):
    make_paper()

    response = admin_client.get(path("paper"), {"q": "grokking AND"})

    assert response.context["cl"].result_count == 0
    assert said(response) == [
        'AND has nothing after it. Write something there; for the word itself write "AND", with the quotation marks.'
    ]


def test_search_says_when_it_did_not_look_at_all(admin_client, monkeypatch):
    monkeypatch.setattr(searching, "MOST", 2)
    for number in (1, 2, 3):
        make_paper(number)

    response = admin_client.get(path("paper"), {"q": "grokking"})

    assert response.context["cl"].result_count == 2
    assert said(response) == ["Only the newest papers were searched. Choose a day to search older ones."]


def test_typed_filter_keeps_what_else_was_chosen(admin_client):
    make_rows(1)

    page = admin_client.get(path("paper"), {"source": "huggingface", "q": "circuit"}).text
    form = page[page.index('data-filter-title="organisation"') :].split("</form>")[0]

    assert re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', form) == [
        ("source", "huggingface"),
        ("q", "circuit"),
    ]
