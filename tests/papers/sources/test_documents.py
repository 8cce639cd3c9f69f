import codecs

import pytest

from papers.sources.base import UnexpectedShape
from papers.sources.documents import decode, load_html, load_json, load_xml


@pytest.mark.parametrize(
    "body",
    [
        "Kelp ≠ help".encode(),
        codecs.BOM_UTF8 + "Kelp ≠ help".encode(),
        "Kelp ≠ help".encode("utf-16"),
        codecs.BOM_UTF16_BE + "Kelp ≠ help".encode("utf-16-be"),
        "Kelp ≠ help".encode("utf-32"),
    ],
    ids=["bare", "utf-8", "utf-16", "utf-16-be", "utf-32"],
)
def test_decode_follows_the_byte_order_mark(body: bytes):
    assert decode(body) == "Kelp ≠ help"


def test_decode_replaces_what_it_cannot_read():
    assert decode(b"caf\xe9 \x00") == "caf\ufffd \x00"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[NaN]",
        b"[-Infinity]",
        b"[" + b"9" * 5_000 + b"]",
        b"",
        b"[1",
        b"\xff\xfe\xff",
    ],
    ids=["brackets", "objects", "NaN", "Infinity", "digits", "empty", "cut", "encoding"],
)
def test_load_json_refuses_poison_by_name(body: bytes):
    with pytest.raises(UnexpectedShape, match=r"^here: (not JSON|nested too deep)"):
        load_json(body, "here")


def test_load_json_reads_a_document_with_a_byte_order_mark():
    assert load_json(codecs.BOM_UTF8 + b'{"a": [1, null]}', "here") == {"a": [1, None]}


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"<!DOCTYPE a><a/>", "DOCTYPE"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "DOCTYPE"),
        ('<!DOCTYPE a SYSTEM "http://a.invalid/"><a/>'.encode("utf-16"), "DOCTYPE"),
        (b"<a><b></a>", "not whole"),
        (b"<a>", "not whole"),
        (b"<a>&undeclared;</a>", "not whole"),
        (b"<a>" * 100_000, "not whole"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "not XML"),
        (b"", "not XML"),
        (b"{}", "not XML"),
    ],
)
def test_load_xml_refuses_what_is_not_whole_and_plain(body: bytes, fault: str):
    with pytest.raises(UnexpectedShape, match=rf"^here: .*{fault}"):
        load_xml(body, "here")


def test_load_xml_reads_a_whole_document():
    root = load_xml(b'<?xml version="1.0"?><!-- one --><a b="&lt;">\xc3\xa9</a>', "here")

    assert (root.tag, root.get("b"), root.text) == ("a", "<", "é")


@pytest.mark.parametrize("load", [load_html, load_xml])
def test_document_of_nothing_but_tags_is_refused_unread(load):
    with pytest.raises(UnexpectedShape, match=r"^here: more than 300,000 tags$"):
        load(b"<b>" * 300_001, "here")


@pytest.mark.parametrize("body", [b"", b"/etc/passwd", b"https://a.invalid/", b"<?xml version='1.0'?><a/>", b"\x00<p"])
def test_load_html_takes_anything_in_silence(body: bytes):
    assert load_html(body, "here").select("h1") == []
