"""Rows from and to CSV and XLSX, row by row, with flat memory. No database, no people.

A cell that a spreadsheet program would take for a formula is written with an apostrophe before it, and read
without: https://owasp.org/www-community/attacks/CSV_Injection
"""

import codecs
import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any

from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

Row = list[str]

MAX_COLUMNS = 50
MAX_CELL = 10_000
DELIMITERS = ",;\t|"
# A sheet's strings are all in memory while it is read; what is larger goes as CSV.
MAX_STRINGS = 64 * 1024 * 1024
MAX_UNPACKED = 1024 * 1024 * 1024
_CHUNK = 64 * 1024
_FORMULA = tuple("=+-@\t\r")
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
csv.field_size_limit(MAX_CELL)
# What openpyxl raises for a spreadsheet that is none.
_BROKEN = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    SyntaxError,
)


class Unreadable(ValueError):
    """Why this file cannot be read, in words for whoever chose it."""


@dataclass(frozen=True)
class Format:
    kind: str  # "csv" or "xlsx"
    encoding: str = ""
    delimiter: str = ""


def recognise(file: IO[bytes], wanted: str = "") -> Format:
    """What the file is, in `wanted` encoding or UTF-8 or UTF-16; read once from the beginning. Raises Unreadable."""
    file.seek(0)
    start = file.read(_CHUNK)
    if not start.strip():
        raise Unreadable(_("This file is empty."))
    if start.startswith(b"PK\x03\x04"):
        _check_archive(file)
        return Format("xlsx")
    encoding = wanted or _byte_order(start) or "utf-8-sig"
    _check_text(file, encoding)
    text = start.decode(encoding, "ignore")
    return Format("csv", encoding, _delimiter(text))


def read(file: IO[bytes], form: Format) -> Iterator[Row]:
    """Every row as text, the first included; blank ones are empty lists. Raises Unreadable, also half-way."""
    return _read_xlsx(file) if form.kind == "xlsx" else _read_csv(file, form)


def write_csv(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """With a byte order mark, without which spreadsheet programs take UTF-8 for something else."""
    yield codecs.BOM_UTF8
    line = io.StringIO()
    writer = csv.writer(line)
    for row in rows:
        writer.writerow([escaped(value) for value in row])
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()


def write_xlsx(rows: Iterable[Sequence[Any]], file: IO[bytes]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Readers")
    for row in rows:
        sheet.append([escaped(value) for value in row])
    book.save(file)


def escaped(value: Any) -> Any:
    text = value if isinstance(value, str) else None
    return f"'{text}" if text and text.startswith(_FORMULA) else value


def unescaped(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def is_formula(text: str) -> bool:
    return text.startswith("=")


def _read_csv(file: IO[bytes], form: Format) -> Iterator[Row]:
    text = io.TextIOWrapper(file, form.encoding, newline="")
    reader = csv.reader(text, delimiter=form.delimiter)
    number = 0
    while True:
        number += 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise Unreadable(_("Row %(row)d cannot be read: %(why)s.") % {"row": number, "why": error}) from error
        except UnicodeError as error:
            raise Unreadable(
                _("Row %(row)d is not %(encoding)s.") % {"row": number, "encoding": form.encoding}
            ) from error
        if row is None:
            text.detach()
            return
        yield _cells(row)


def _read_xlsx(file: IO[bytes]) -> Iterator[Row]:
    try:
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for row in sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS):
            yield _cells([_text(value) for value in row])
        book.close()
    except _BROKEN as error:
        raise Unreadable(_("This is no spreadsheet we can read: save it as XLSX or CSV once more.")) from error


def _cells(row: Sequence[str]) -> Row:
    cells = [unescaped(cell.replace("\x00", "").strip()) for cell in row[:MAX_COLUMNS]]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)[:MAX_CELL]


def _byte_order(start: bytes) -> str:
    return "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ""


def _check_text(file: IO[bytes], encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    line = 1
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
            line += chunk.count(b"\n")
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        told = {"encoding": encoding.removesuffix("-sig").upper(), "line": line}
        raise Unreadable(
            _("This file is not %(encoding)s, from about line %(line)d: choose the encoding it was saved in.") % told
        ) from error


def _delimiter(text: str) -> str:
    first = text.splitlines()[0] if text.strip() else ""
    return max(DELIMITERS, key=first.count)


def _check_archive(file: IO[bytes]) -> None:
    """A spreadsheet is a ZIP of XML: neither may grow beyond what its size promises."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            strings = sum(part.file_size for part in parts if part.filename.endswith("sharedStrings.xml"))
            if strings > MAX_STRINGS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise Unreadable(_("This spreadsheet is too large to be read as XLSX: save it as CSV."))
            if any(_DOCTYPE.search(_beginning(archive, part)) for part in parts if part.filename.endswith(".xml")):
                raise Unreadable(_("This spreadsheet holds definitions that no spreadsheet program writes."))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise Unreadable(_("This is no spreadsheet we can read: save it as XLSX or CSV once more.")) from error


def _beginning(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    with archive.open(part) as stream:
        return stream.read(_CHUNK)
