"""Rows from and to CSV and XLSX."""

import io
import zipfile

import pytest
from openpyxl import Workbook, load_workbook

from subscriptions import spreadsheets
from subscriptions.spreadsheets import Format, Unreadable, read, recognise, write_csv, write_xlsx

ROWS = [["email", "note"], ["ada@example.org", "Zoë, “quoted”"], [], ["bob@example.org"]]


def rows_of(content: bytes, encoding: str = ""):
    file = io.BytesIO(content)
    form = recognise(file, encoding)
    file.seek(0)
    return form, list(read(file, form))


def xlsx(*rows) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def refusal(content: bytes, encoding: str = "") -> str:
    with pytest.raises(Unreadable) as refused:
        rows_of(content, encoding)
    return str(refused.value)


@pytest.mark.parametrize(
    ("content", "encoding", "form"),
    [
        ('email,note\r\nada@example.org,"Zoë, “quoted”"\r\n\r\nbob@example.org,\r\n'.encode(), "", ("utf-8-sig", ",")),
        ("\ufeffemail;note\nada@example.org;Zoë, “quoted”\n\nbob@example.org\n".encode(), "", ("utf-8-sig", ";")),
        ("email\tnote\nada@example.org\tZoë, “quoted”\n \nbob@example.org".encode("utf-16"), "", ("utf-16", "\t")),
        ("email|note\nada@example.org|Zoë, “quoted”\n\nbob@example.org".encode("cp1252"), "cp1252", ("cp1252", "|")),
    ],
)
def test_csv_is_read_in_its_encoding_and_with_its_delimiter(content, encoding, form):
    assert rows_of(content, encoding) == (Format("csv", *form), ROWS)


def test_xlsx_is_read_as_text():
    content = xlsx(["email", "hour", "x"], ["ada@example.org", 7.0, None], ["=A2", 7.5, True])

    assert rows_of(content) == (
        Format("xlsx"),
        [["email", "hour", "x"], ["ada@example.org", "7"], ["=A2", "7.5", "True"]],
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This file is empty."),
        (b" \n\n", "This file is empty."),
        (
            "email\nzoë@example.org\n".encode("latin-1"),
            "This file is not UTF-8, from about line 1: choose the encoding",
        ),
        (b"PK\x03\x04 no archive", "This is no spreadsheet we can read"),
        (b'email\n"' + 20_000 * b"x" + b'"\n', "Row 2 cannot be read: field larger than field limit"),
    ],
)
def test_what_cannot_be_read_is_said(content, sentence):
    assert refusal(content).startswith(sentence)


def test_archive_that_is_no_spreadsheet_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")

    assert refusal(out.getvalue()).startswith("This is no spreadsheet we can read")


def test_spreadsheet_with_definitions_is_refused():
    content, out = xlsx(["email"]), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as good, zipfile.ZipFile(out, "w") as bad:
        for part in good.namelist():
            text = good.read(part)
            bad.writestr(part, b'<!DOCTYPE a [<!ENTITY b "c">]>' + text if part.endswith("sheet1.xml") else text)

    assert refusal(out.getvalue()) == "This spreadsheet holds definitions that no spreadsheet program writes."


def test_spreadsheet_that_unpacks_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(spreadsheets, "MAX_UNPACKED", 1_000)

    assert refusal(xlsx(["email"])) == "This spreadsheet is too large to be read as XLSX: save it as CSV."


@pytest.mark.parametrize("value", ["=1+1", "+49 30", "-survey", "@cmd", "\tx", "\rx"])
def test_formula_is_written_as_text_and_read_as_it_was(value):
    written = b"".join(write_csv([["a", value, "plain", 7, None]]))
    book = io.BytesIO()
    write_xlsx([[value]], book)

    assert f"'{value}" in written.decode("utf-8-sig")
    assert load_workbook(book).active["A1"].value == f"'{value}"
    assert spreadsheets.unescaped(f"'{value}") == value
    assert spreadsheets.unescaped("'tis") == "'tis"
