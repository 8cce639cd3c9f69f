"""A file of readers in the admin, page by page."""

import io

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook

from digest_site.audit import words
from subscriptions import tasks
from subscriptions.admin import imports
from subscriptions.models import Import, Subscriber
from tests.digest_site.test_roles import client_of
from tests.factories import make_subscriber
from tests.readers import text_of

pytestmark = pytest.mark.django_db

PEOPLE = "E-mail,Interests,Nonsense\nada@example.org,grokking,x\nada@,(a,y\nreader1@example.org\n"


def url(name: str, *args: object) -> str:
    return reverse(f"admin:subscriptions_import_{name}", args=args)


def upload(client: Client, content: bytes | str, name: str = "people.csv", **fields: str):
    content = content.encode() if isinstance(content, str) else content
    values = {"source": "Fair 2026", "evidence": "Forms in the blue folder", "encoding": ""}
    return client.post(url("add"), values | fields | {"file": SimpleUploadedFile(name, content)}, follow=True)


def name_columns(client: Client, **columns: str):
    return client.post(url("columns", Import.objects.get().pk), columns, follow=True)


def sheet() -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in (["email", "hour"], ["ada@example.org", 9], ["=A2", 9]):
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def test_file_becomes_readers(admin_client):
    make_subscriber(1)
    columns = upload(admin_client, PEOPLE)
    assert "ada@example.org" in columns.text
    chosen = {field.name: field.initial for field in columns.context["form"]}
    assert chosen == {"0": "email", "1": "keywords", "2": ""}

    checked = name_columns(admin_client, **{"0": "email", "1": "keywords", "2": ""})

    job = Import.objects.get()
    text = text_of(checked)
    assert (job.state, job.good, job.bad) == ("checked", 1, 2)
    assert Subscriber.objects.count() == 1
    assert "3 Address This is not an address we can write to" in text
    assert "4 Address This person is a reader already." in text

    done = admin_client.post(url("join", job.pk), follow=True)

    assert "people.csv · done" in text_of(done)
    assert Subscriber.objects.get(email="ada@example.org").consents.get().source == "Fair 2026"
    assert [words(entry) for entry in LogEntry.objects.order_by("pk")] == [
        "Uploaded a file of readers.",
        "Let the good rows join.",
        "done",
    ]
    assert "ada@" not in str(list(LogEntry.objects.values()))


def test_spreadsheet_becomes_readers(admin_client):
    upload(admin_client, sheet(), "people.xlsx")

    checked = name_columns(admin_client, **{"0": "email", "1": "hour"})
    admin_client.post(url("join", Import.objects.get().pk))

    assert "3 Address This is a formula, not a value." in text_of(checked)
    assert list(Subscriber.objects.values_list("email", "hour")) == [("ada@example.org", 9)]


def test_faults_come_as_a_file_without_what_stood_in_the_rows(admin_client):
    make_subscriber(1)
    upload(admin_client, PEOPLE)
    name_columns(admin_client, **{"0": "email", "1": "keywords"})

    answer = admin_client.get(url("faults", Import.objects.get().pk))

    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == "Row,Column,What is wrong"
    assert [line.split(",")[:2] for line in lines[1:]] == [["3", "Address"], ["3", "Interests"], ["4", "Address"]]
    assert answer["Content-Disposition"].endswith('-faults.csv"')


@pytest.mark.parametrize("missing", ["source", "evidence"])
def test_s33_source_and_evidence_are_required(admin_client, missing):
    page = upload(admin_client, PEOPLE, **{missing: ""})

    assert page.context["form"].errors == {missing: ["This field is required."]}
    assert not Import.objects.exists()


@pytest.mark.parametrize(
    ("content", "fields", "sentence"),
    [
        (b"", {}, "The submitted file is empty."),
        (
            b"email\nzo\xeb@example.org",
            {},
            "This file is not UTF-8, from about line 1: choose the encoding it was saved in.",
        ),
        (b"PK\x03\x04", {}, "This is no spreadsheet we can read: save it as XLSX or CSV once more."),
        (b"x", {"encoding": "klingon"}, "Select a valid choice. klingon is not one of the available choices."),
    ],
)
def test_file_that_cannot_be_read_is_refused_in_words(admin_client, content, fields, sentence):
    page = upload(admin_client, content, **fields)

    assert sentence in str(page.context["form"].errors.as_text())
    assert not Import.objects.exists()


def test_file_in_another_encoding_is_read_when_it_is_named(admin_client):
    page = upload(admin_client, "email,keywords\nada@example.org,Gödel\n".encode("cp1252"), encoding="cp1252")

    assert "Gödel" in page.text


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"0": "", "1": "keywords"}, "Say which column holds the address."),
        ({"0": "email", "1": "email"}, "Two columns cannot hold the same."),
    ],
)
def test_columns_must_make_sense(admin_client, columns, sentence):
    upload(admin_client, PEOPLE)

    page = name_columns(admin_client, **columns)

    assert page.context["form"].non_field_errors() == [sentence]


def test_columns_can_be_named_again_after_the_check(admin_client):
    upload(admin_client, PEOPLE)
    name_columns(admin_client, **{"0": "keywords", "1": "email"})
    assert Import.objects.get().good == 0

    name_columns(admin_client, **{"0": "email"})

    assert Import.objects.get().good == 2


def test_all_or_none_offers_no_button_while_a_row_is_wrong(admin_client):
    upload(admin_client, PEOPLE, only_whole="on")

    page = name_columns(admin_client, **{"0": "email"})
    refused = admin_client.post(url("join", Import.objects.get().pk), follow=True)

    assert "You chose all or none" in text_of(page)
    assert "Bring in" not in page.text
    assert [str(message) for message in refused.context["messages"]] == [
        "Nothing was brought in: check the file first."
    ]


def test_large_file_is_left_to_a_worker(admin_client, monkeypatch):
    queued = []
    monkeypatch.setattr(imports, "SMALL", 10)
    monkeypatch.setattr(tasks.import_waiting, "delay", lambda: queued.append(1))
    upload(admin_client, PEOPLE)

    page = name_columns(admin_client, **{"0": "email"})

    assert (Import.objects.get().state, queued) == ("checking", [1])
    assert "progress.js" in page.text
    tasks.import_waiting()
    assert Import.objects.get().state == "checked"
    assert "progress.js" not in admin_client.get(url("change", Import.objects.get().pk)).text


@pytest.mark.django_db(transaction=True)
def test_d23_worker_is_told_after_the_commit(admin_client, monkeypatch):
    in_transaction = []
    monkeypatch.setattr(imports, "SMALL", 10)
    monkeypatch.setattr(tasks.import_waiting, "delay", lambda: in_transaction.append(connection.in_atomic_block))
    upload(admin_client, PEOPLE)

    name_columns(admin_client, **{"0": "email"})

    assert in_transaction == [False]


def test_import_that_runs_cannot_be_started_twice(admin_client, monkeypatch):
    upload(admin_client, PEOPLE)
    name_columns(admin_client, **{"0": "email"})
    job = Import.objects.get()
    admin_client.post(url("join", job.pk))

    again = admin_client.post(url("join", job.pk), follow=True)
    columns = admin_client.get(url("columns", job.pk))

    assert [str(message) for message in again.context["messages"]] == ["Nothing was brought in: check the file first."]
    assert columns["Location"] == url("change", job.pk)
    assert Subscriber.objects.count() == 2


@pytest.mark.parametrize(
    ("role", "status"), [("Administrator", 200), ("Support", 403), ("Auditor", 403), ("Editor", 403)]
)
def test_only_administrators_import(role, status, admin_client):
    upload(admin_client, PEOPLE)
    job = Import.objects.get()
    client = client_of(role)

    assert client.get(url("add")).status_code == status
    assert client.get(url("columns", job.pk)).status_code == status
    assert (client.post(url("join", job.pk)).status_code == 403) == (status == 403)


def test_import_that_is_none_is_refused(admin_client):
    assert [admin_client.get(url("change", pk)).status_code for pk in ("99", "x")] == [404, 403]
