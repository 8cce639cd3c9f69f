import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from kombu.exceptions import OperationalError

from papers import tasks
from papers.models import Category, Gate, Listing, Paper, Reading, Rejected
from tests.factories import make_paper

NOW = datetime(2026, 8, 12, 7, tzinfo=UTC)
DAY = NOW.date()
MODELS = ("category", "gate", "listing", "paper", "reading", "rejected")
READ_ONLY = ("gate", "listing", "reading", "rejected")


def make_rows(number: int) -> dict[str, Any]:
    """One row of every model, linked to each other."""
    paper = make_paper(number, title=f"<b>Circuit {number}</b>", featured_on=DAY)
    reading = Reading.objects.create(
        source="huggingface", day=DAY, started_at=NOW, outcome="new", rejected=1, error="<i>odd</i>"
    )
    return {
        "paper": paper,
        "listing": Listing.objects.create(paper=paper, source="huggingface", day=DAY, rank=number),
        "reading": reading,
        "rejected": Rejected.objects.create(
            reading=reading, source="huggingface", day=DAY, reason="title", raw="<script>x</script>", digest=str(number)
        ),
        "category": Category.objects.create(code=f"x.A{chr(64 + number)}"),
        "gate": Gate.objects.create(host=f"host{number}.example", free_at=NOW),
    }


def path(model: str, page: str = "changelist", *args: object) -> str:
    return reverse(f"admin:papers_{model}_{page}", args=args)


def act(client: Any, model: str, action: str, rows: list[Any]) -> Any:
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(path(model), data, follow=True)


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("size", [1, 3])
def test_list_query_count(admin_client, django_assert_num_queries, model, size):
    Category.objects.all().delete()
    for number in range(1, size + 1):
        make_rows(number)
    # Session, user, second factor, count, rows; a date hierarchy's ends and its days; the rows again where they are edited in place.
    queries = {"category": 6, "gate": 5}.get(model, 7)

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
        ("paper", "q=circuit+2", 1),
        ("paper", "has_id=no", 0),
        ("listing", "q=2608.00002", 1),
        ("listing", "q=circuit", 2),
        ("listing", "source=arxiv", 0),
        ("listing", "source=huggingface&day=2026-08-12", 2),
        ("reading", "source=huggingface&day=2026-08-12&outcome__exact=new", 2),
        ("rejected", "q=script", 2),
    ],
)
def test_search_and_filters(admin_client, model, query, found):
    make_rows(1)
    make_rows(2)

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


def test_paper_only_its_marks_can_be_changed(admin_client):
    paper = make_rows(1)["paper"]

    response = admin_client.post(
        path("paper", "change", paper.pk),
        {
            "is_hidden": "on",
            "title": "Mine",
            "is_withdrawn": "on",
            "listings-TOTAL_FORMS": 0,
            "listings-INITIAL_FORMS": 0,
        },
    )

    assert response.status_code == 302
    assert list(Paper.objects.values_list("is_hidden", "is_withdrawn", "title")) == [(True, False, "<b>Circuit 1</b>")]


@pytest.mark.parametrize(
    ("action", "field", "before", "message"),
    [
        ("hide", "is_hidden", False, "2 papers hidden."),
        ("unhide", "is_hidden", True, "2 papers shown again."),
        ("pin", "is_pinned", False, "2 papers pinned."),
        ("unpin", "is_pinned", True, "2 papers unpinned."),
    ],
)
def test_paper_actions(admin_client, action, field, before, message):
    papers = [make_paper(number, **{field: before}) for number in (1, 2, 3)]

    response = act(admin_client, "paper", action, papers[:2])

    assert list(Paper.objects.order_by("pk").values_list(field, flat=True)) == [not before, not before, before]
    assert said(response) == [message]
    assert LogEntry.objects.count() == 2


@pytest.fixture
def queue(monkeypatch) -> list[tuple[str, str]]:
    """What was queued, instead of a broker."""
    queued: list[tuple[str, str]] = []
    monkeypatch.setattr(tasks.read_again, "delay", lambda *arguments: queued.append(arguments))
    return queued


def readings(*days: date, source: str = "huggingface") -> list[Reading]:
    return [Reading.objects.create(source=source, day=day, started_at=NOW) for day in days]


def test_read_again_queues_each_day_once(admin_client, queue):
    response = act(admin_client, "reading", "read_again", readings(DAY, DAY, date(2026, 8, 11)))

    assert queue == [("huggingface", "2026-08-11"), ("huggingface", "2026-08-12")]
    (message,) = said(response)
    assert message.startswith("Queued: Hugging Face 2026-08-11, Hugging Face 2026-08-12. Each shows up here")


def test_read_again_a_file(admin_client, queue):
    response = act(admin_client, "reading", "read_again", readings(DAY, source="file"))

    assert queue == []
    assert said(response) == ["A saved file cannot be read again from here."]


def test_read_again_too_many(admin_client, queue):
    response = act(admin_client, "reading", "read_again", readings(*(date.fromordinal(n) for n in range(1, 52))))

    assert queue == []
    assert said(response) == ["Choose at most 50 days at once."]


def test_read_again_without_a_broker(admin_client, monkeypatch):
    def refuse(*arguments: str) -> None:
        raise OperationalError("no route")

    monkeypatch.setattr(tasks.read_again, "delay", refuse)

    response = act(admin_client, "reading", "read_again", readings(DAY))

    assert said(response) == ["The queue cannot be reached: no route"]


def test_category_that_is_none(admin_client):
    response = admin_client.post(path("category", "add"), {"code": "68T05", "name": "", "is_read": "on"})

    assert response.context["adminform"].form.errors == {
        "code": ["'68T05' is no arXiv category: write it as arXiv does, such as cs.LG."]
    }


def test_category_is_switched_off_in_the_list(admin_client):
    Category.objects.exclude(code="cs.AI").delete()
    category = Category.objects.get()

    admin_client.post(
        path("category"),
        {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": category.pk, "_save": "Save"},
    )

    assert list(Category.objects.values_list("code", "is_read")) == [("cs.AI", False)]
