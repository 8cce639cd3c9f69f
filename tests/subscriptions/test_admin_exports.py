"""The readers of a list as a file."""

import csv
import io
import json

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from openpyxl import load_workbook

from digest_site.audit import values, words
from subscriptions import importing
from subscriptions.candidates import guess
from subscriptions.models import Subscriber
from subscriptions.tabulating import HEADINGS
from tests.digest_site.test_roles import client_of
from tests.factories import NOW, make_interest, make_subscriber

pytestmark = pytest.mark.django_db

EXPORT = "/admin/subscriptions/subscriber/export/"


def export(client: Client, name: str, query: str = "") -> bytes:
    answer = client.post(f"{EXPORT}{query}", {"format": name})
    assert answer["Content-Disposition"] == f'attachment; filename="readers.{name}"'
    return b"".join(answer.streaming_content)


def table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.fixture
def readers():
    first, second = make_subscriber(1), make_subscriber(2, status="left", left_at=NOW)
    make_interest(first, "survey", is_muted=True)
    make_interest(first, "grokking", position=1)
    return first, second


def test_every_format_holds_the_same(admin_client, readers):
    lines = table(export(admin_client, "csv"))
    objects = json.loads(export(admin_client, "json"))
    sheet = load_workbook(io.BytesIO(export(admin_client, "xlsx"))).active

    assert tuple(lines[0]) == HEADINGS
    assert [line[1:4] for line in lines[1:]] == [
        ["reader1@example.org", "active", "'-survey\ngrokking"],
        ["reader2@example.org", "left", ""],
    ]
    assert [row["keywords"] for row in objects] == ["-survey\ngrokking", ""]
    assert [tuple(row.keys()) for row in objects] == [HEADINGS] * 2
    assert [[cell.value for cell in row][3] for row in sheet.iter_rows()] == ["keywords", "'-survey\ngrokking", None]


def test_filters_of_the_list_apply(admin_client, readers):
    lines = table(export(admin_client, "csv", "?status__exact=left&q=reader"))

    assert [line[1] for line in lines[1:]] == ["reader2@example.org"]
    entry = LogEntry.objects.get()
    assert words(entry) == "Exported 1 readers as CSV."
    assert values(entry, "after") == {"filters": ["q", "status__exact"]}


def test_nobody_is_an_empty_array(admin_client):
    assert json.loads(export(admin_client, "json")) == []


def test_what_was_exported_can_be_imported(admin_client, readers):
    content = export(admin_client, "csv", "?status__exact=active")
    Subscriber.objects.all().delete()
    job = importing.receive(io.BytesIO(content), NOW, name="x", source="backup", evidence="as before")

    importing.begin_check(job, guess(importing.first_rows(job, 1)[0]))
    importing.work(lambda: NOW)
    job.refresh_from_db()
    assert importing.begin_import(job)
    importing.work(lambda: NOW)

    reader = Subscriber.objects.get()
    assert [(row.text, row.is_muted) for row in reader.interests.all()] == [("survey", True), ("grokking", False)]


def test_page_says_how_many_and_asks_for_a_format(admin_client, readers):
    page = admin_client.get(EXPORT + "?status__exact=left")
    wrong = admin_client.post(EXPORT, {"format": "exe"})

    assert "1 reader, with address and interests." in page.text
    assert wrong.context["form"].errors["format"]
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    ("role", "status"), [("Administrator", 200), ("Support", 403), ("Auditor", 403), ("Editor", 403)]
)
def test_only_administrators_export(role, status):
    client = client_of(role)

    assert [client.get(EXPORT).status_code, client.post(EXPORT, {"format": "csv"}).status_code] == [status, status]


@pytest.mark.parametrize("size", [1, 3])
def test_export_takes_as_many_queries_for_one_and_three(admin_client, size, django_assert_max_num_queries):
    for number in range(size):
        make_interest(make_subscriber(number), "grokking")

    with django_assert_max_num_queries(12):
        export(admin_client, "csv")
