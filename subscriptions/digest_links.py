"""The links of mailed digests that need no row of their own: pause for a week, view in the browser, more or less like
this; and keep, which answers whether they are still wanted.

Each hangs on the reader's lasting token to unsubscribe: what ends that (a new address, erasure) ends them, and as
secrets they are derived like it (see subscriptions.links). The MAC covers the purpose, so no link opens another's
page, and who knows the link to leave can make none of these.
"""

import base64
import binascii
import hmac
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

from subscriptions import links
from subscriptions.models import Subscriber, Token

_TOKEN_BYTES, _NUMBER_BYTES, _MAC_BYTES = 6, 5, 16
_BYTES = _TOKEN_BYTES + _NUMBER_BYTES + _MAC_BYTES  # 27, so 36 characters without padding


class Act(StrEnum):
    """What a link is for: part of what its secret is made of."""

    PAUSE = "pause"
    VIEW = "view"
    FEEDBACK = "feedback"
    KEEP = "keep"


class Wishes(NamedTuple):
    """Two addresses, one authority: the page asks first for what its address says."""

    more: str
    less: str


class Opened(NamedTuple):
    """A link that is what it says: whose it is, and the number it was made for."""

    reader: Subscriber
    number: int

    @property
    def edition(self) -> date:
        """Of a link to view."""
        return date.fromordinal(self.number)


class DigestLinks:
    """Addresses that one digest of one reader carries. Never queries. Raises LookupError like links.url."""

    def __init__(self, unsubscribe: Token, edition: date) -> None:
        self._root = unsubscribe
        self._edition = edition

    @property
    def pause(self) -> str:
        return links.absolute("subscriptions:pause_week", self._secret(Act.PAUSE, 0))

    @property
    def view(self) -> str:
        return links.absolute("subscriptions:view_digest", self._secret(Act.VIEW, self._edition.toordinal()))

    def feedback(self, paper_id: int) -> Wishes:
        secret = self._secret(Act.FEEDBACK, paper_id)
        return Wishes(links.absolute("subscriptions:more", secret), links.absolute("subscriptions:less", secret))

    def _secret(self, act: Act, number: int) -> str:
        return _secret(self._key, self._root, act, number)

    @cached_property
    def _key(self) -> bytes:
        return links.key_of(self._root).encode()


def keep_link(unsubscribe: Token) -> str:
    """The address that answers whether digests are still wanted."""
    secret = _secret(links.key_of(unsubscribe).encode(), unsubscribe, Act.KEEP, 0)
    return links.absolute("subscriptions:keep", secret)


def find(value: str, act: Act, now: datetime) -> Opened | None:
    """What a link was made for, if it was made by us, for this purpose, and its reader's token lives."""
    raw = _decoded(value)
    if raw is None:
        return None
    token_id = int.from_bytes(raw[:_TOKEN_BYTES])
    number = int.from_bytes(raw[_TOKEN_BYTES : _TOKEN_BYTES + _NUMBER_BYTES])
    tokens = Token.objects.select_related("subscriber").filter(purpose=Token.Purpose.UNSUBSCRIBE)
    root = tokens.filter(pk=token_id).first()
    if root is None or not links.is_live(root, now):
        return None
    return Opened(root.subscriber, number) if _is_ours(value, root, act, number) else None


def _is_ours(value: str, root: Token, act: Act, number: int) -> bool:
    try:
        key = links.key_of(root).encode()
    except LookupError:
        return False
    return hmac.compare_digest(_secret(key, root, act, number), value)


def _secret(key: bytes, root: Token, act: Act, number: int) -> str:
    mac = hmac.digest(key, f"paper-round:{act}:{root.nonce}:{number}".encode(), sha256)[:_MAC_BYTES]
    raw = root.pk.to_bytes(_TOKEN_BYTES) + number.to_bytes(_NUMBER_BYTES) + mac
    return base64.urlsafe_b64encode(raw).decode()


def _decoded(value: str) -> bytes | None:
    try:
        raw = base64.b64decode(value.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    return raw if len(raw) == _BYTES else None
