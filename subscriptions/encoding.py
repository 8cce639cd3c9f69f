"""Bodies in 7 bits, as quoted-printable or base64, whichever is shorter; joined from pieces that are encoded once."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Self


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines of a body. Quoted-printable keeps lines apart, so joined pieces have joined encodings."""

    text: str
    quoted: bytes
    octets: int
    lines: int

    @classmethod
    def of(cls, text: str) -> Self:
        raw = text.encode()
        # binascii, since the email package encodes quoted-printable in Python, five times slower.
        return cls(text, binascii.b2a_qp(raw, istext=True), len(raw), raw.count(b"\n"))


class Body:
    """One part of a message; every piece but the last ends its line."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self.pieces = tuple(pieces)

    @classmethod
    def of(cls, text: str) -> Self:
        return cls([Piece.of(text)])

    @cached_property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @cached_property
    def encoding(self) -> str:
        """Its Content-Transfer-Encoding."""
        quoted = sum(len(piece.quoted) for piece in self.pieces)
        return "quoted-printable" if quoted * 3 <= self._octets * 4 else "base64"

    @cached_property
    def encoded(self) -> bytes:
        """Lines of at most 76 characters, ended by LF."""
        if self.encoding == "quoted-printable":
            return b"".join(piece.quoted for piece in self.pieces)
        # RFC 2045, section 6.8: line breaks of text are CRLF before it is encoded.
        return base64.encodebytes(self.text.encode().replace(b"\n", b"\r\n"))

    @property
    def size(self) -> int:
        """Octets it takes on the wire, without encoding it."""
        if self.encoding == "quoted-printable":
            return sum(len(piece.quoted) + piece.quoted.count(b"\n") for piece in self.pieces)
        octets = self._octets + sum(piece.lines for piece in self.pieces)
        return (octets + 2) // 3 * 4 + (octets + 56) // 57 * 2

    @cached_property
    def _octets(self) -> int:
        return sum(piece.octets for piece in self.pieces)
