from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Permission
from kombu.exceptions import OperationalError

from papers import tasks
from papers.models import Listing, Paper, Reading
from tests.factories import make_paper
from tests.operators import enter, make_operator
from tests.papers.admin.rows import DAY, NOW, act, path, said


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
    assert message.startswith("Queued: Hugging Face 2026-08-11, Hugging Face 2026-08-12. Each shows up under")


def test_read_again_a_file(admin_client, queue):
    response = act(admin_client, "reading", "read_again", readings(DAY, source="file"))

    assert queue == []
    assert said(response) == ["Saved files and papers added by hand cannot be read again from here."]


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


def reading_page(client, row, name):
    return client.post(path("reading", name, row.pk), follow=True)


@pytest.fixture
def huggingface(httpserver, settings):
    """What the site says of the day, this time."""
    settings.HUGGINGFACE_URL = httpserver.url_for("").rstrip("/")
    settings.SOURCES_ALLOW_PRIVATE = True

    def says(*papers: dict[str, object]) -> None:
        items = [
            {"paper": {"summary": "", "authors": [], "publishedAt": "2026-08-10T00:00:00.000Z"} | paper}
            for paper in papers
        ]
        httpserver.expect_request("/api/daily_papers").respond_with_json(items)

    return says


def test_read_one_again(admin_client, queue):
    (row,) = readings(DAY)

    response = reading_page(admin_client, row, "again")

    assert queue == [("huggingface", "2026-08-12")]
    assert response.redirect_chain == [(path("reading", "change", row.pk), 302)]


def test_rehearsal_shows_what_would_change_and_keeps_nothing(admin_client, huggingface):
    known, _ = make_paper(1, votes=2), make_paper(2, title="Same", title_key="same", abstract="", votes=1)
    huggingface(
        {"id": "2608.00001", "title": "Better <b>words</b>", "upvotes": 9},
        {"id": "2608.00002", "title": "Same", "upvotes": 1},
        {"id": "2608.00003", "title": "Quite new", "upvotes": 3},
    )
    (row,) = readings(DAY)

    response = reading_page(admin_client, row, "rehearse")

    rehearsal = response.context["rehearsal"]
    assert [(change.paper.title, change.is_new) for change in rehearsal.changes] == [
        ("Grokking in circuit 1", False),
        ("Same", False),
        ("Quite new", True),
    ]
    assert ("votes", 2, 9) in rehearsal.changes[0].fields
    assert ("title", "Grokking in circuit 1", "Better <b>words</b>") in rehearsal.changes[0].fields
    assert "<ins>Better &lt;b&gt;words&lt;/b&gt;</ins>" in response.text
    assert rehearsal.reading.new == 1
    known.refresh_from_db()
    assert (known.title, Paper.objects.count(), Listing.objects.count()) == ("Grokking in circuit 1", 2, 0)
    assert list(Reading.objects.all()) == [row]


def test_rehearsal_of_a_source_that_fails(admin_client, httpserver, settings):
    settings.HUGGINGFACE_URL = httpserver.url_for("").rstrip("/")
    settings.SOURCES_ALLOW_PRIVATE = True
    httpserver.expect_request("/api/daily_papers").respond_with_data("no", status=403)
    httpserver.expect_request("/papers/date/2026-08-12").respond_with_data("no", status=403)
    (row,) = readings(DAY)

    response = reading_page(admin_client, row, "rehearse")

    assert response.context["rehearsal"].reading.outcome == "failed"
    assert "No paper would change." in response.text


def test_rehearsal_of_a_file(admin_client):
    (row,) = readings(DAY, source="file")

    response = reading_page(admin_client, row, "rehearse")

    assert said(response) == ["Saved files and papers added by hand cannot be read again from here."]


@pytest.mark.parametrize("page", ["again", "rehearse"])
def test_reading_again_takes_a_post_and_the_right(client, admin_client, page):
    (row,) = readings(DAY)
    viewer = make_operator("viewer", is_superuser=False)
    viewer.user_permissions.add(Permission.objects.get(codename="view_reading"))

    assert admin_client.get(path("reading", page, row.pk)).status_code == 405
    assert enter(client, viewer).post(path("reading", page, row.pk)).status_code == 403
    assert "Read again" not in client.get(path("reading", "change", row.pk)).text


def test_log_of_a_reading(admin_client):
    (row,) = readings(DAY)
    Reading.objects.update(error="cs.AI: 503; cs.LG: 404", finished_at=NOW + timedelta(seconds=3.21))

    page = admin_client.get(path("reading", "change", row.pk)).text

    assert "cs.AI: 503<br>cs.LG: 404" in page
    assert "3.2 seconds" in page
