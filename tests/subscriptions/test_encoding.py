"""Bodies of pieces: the same bytes as if they had been encoded whole."""

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.encoding import Body, Piece

LINES = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=90), max_size=6)


@given(LINES, LINES)
def test_joined_pieces_are_the_whole_encoded(one, other):
    texts = ["".join(f"{line}\n" for line in lines) for lines in (one, other)]

    joined, whole = Body(map(Piece.of, texts)), Body.of("".join(texts))

    assert (joined.text, joined.encoding, joined.encoded) == (whole.text, whole.encoding, whole.encoded)
    decode = quopri.decodestring if joined.encoding == "quoted-printable" else base64.decodebytes
    assert decode(joined.encoded).decode().replace("\r\n", "\n") == joined.text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Nearly ASCII: Größe and such\n", "quoted-printable"), ("研究\n" * 20, "base64"), ("", "quoted-printable")],
)
def test_encoding_is_the_shorter_one(text, encoding):
    assert Body.of(text).encoding == encoding


@given(LINES)
def test_size_is_known_without_encoding(lines):
    body = Body(Piece.of(f"{line}\n") for line in lines)

    assert body.size == len(body.encoded.replace(b"\n", b"\r\n"))
