"""Turn bytes from outside into text, JSON, HTML and XML, with every bomb defused.

Knows no site and opens nothing. Whatever the bytes, the only error is UnexpectedShape.
"""

import codecs
import json
import warnings
from typing import Any, NoReturn
from xml.parsers import expat

from bs4 import BeautifulSoup
from lxml import etree

from papers.sources.base import UnexpectedShape

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_MAX_TAGS = 300_000  # arXiv's longest page, of 2,000 entries, has 80,000


def decode(body: bytes) -> str:
    """Read by the byte order mark, else as UTF-8; bytes that are neither become U+FFFD."""
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(encoding, "replace")
    return body.decode("utf-8", "replace")


def load_json(body: bytes | str, where: str) -> Any:
    """Load JSON and nothing but JSON: no NaN, no nesting that overflows the stack (STANDARDS R16)."""
    try:
        return json.loads(body, parse_constant=_no_constant)
    except RecursionError:  # not a ValueError: 100,000 opening brackets are enough
        raise UnexpectedShape(f"{where}: nested too deep") from None
    except json.JSONDecodeError as error:
        raise UnexpectedShape(f"{where}: not JSON from character {error.pos} on") from None
    except ValueError:  # not Unicode, NaN, integers of more than 4,300 digits
        raise UnexpectedShape(f"{where}: not JSON: its text or a number in it cannot be read") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def load_html(body: bytes, where: str) -> BeautifulSoup:
    """Parse a page however broken it is, but not one of nothing but tags: a tree costs 500 bytes for each."""
    if body.count(b"<") > _MAX_TAGS:
        raise UnexpectedShape(f"{where}: more than {_MAX_TAGS:,} tags")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bs4 warns of input that looks like a path, an address or XML
        return BeautifulSoup(decode(body), "lxml")


def load_xml(body: bytes, where: str) -> etree._Element:
    """Parse a whole, well-formed document without a DOCTYPE; a cut one is an error (STANDARDS A13)."""
    if body.count(b"<") > _MAX_TAGS:
        raise UnexpectedShape(f"{where}: more than {_MAX_TAGS:,} tags")
    _refuse_doctype(body, where)
    # Built per document: an lxml parser must not be shared between threads.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(body, parser)
    except (etree.LxmlError, LookupError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise UnexpectedShape(f"{where}: not whole XML: it breaks off or goes wrong in line {line}") from None


class _RootReached(Exception):
    pass


def _refuse_doctype(body: bytes, where: str) -> None:
    """Look at the prolog only: a DOCTYPE can come nowhere else, and nothing of it is processed."""

    def doctype(*_: object) -> NoReturn:
        raise UnexpectedShape(f"{where}: a document with a DOCTYPE is refused")

    def root(*_: object) -> NoReturn:
        raise _RootReached

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = root
    try:
        parser.Parse(body, True)
    except _RootReached:
        return
    except (expat.ExpatError, LookupError, ValueError):
        raise UnexpectedShape(f"{where}: not XML") from None
