from papers.models import Announcement
from tests.papers.admin.rows import DAY, path

NOTE = {"body": "Feeds are **here**.", "starts_on": "2026-08-12", "ends_on": "2026-08-14"}


def test_add(admin_client):
    response = admin_client.post(path("announcement", "add"), NOTE)

    assert response.status_code == 302
    assert [note.text for note in Announcement.objects.current(DAY)] == ["Feeds are here."]


def test_dates_the_wrong_way_round(admin_client):
    response = admin_client.post(path("announcement", "add"), NOTE | {"ends_on": "2026-08-11"})

    assert response.context["adminform"].form.errors == {"__all__": ["The last day lies before the first."]}


def test_page_shows_it_as_readers_see_it(admin_client):
    note = Announcement.objects.create(
        body="**Bold** <script>alert(1)</script><img src=x onerror=alert(1)>", starts_on=DAY, ends_on=DAY
    )

    page = admin_client.get(path("announcement", "change", note.pk)).text

    assert "<p><strong>Bold</strong> </p>" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
