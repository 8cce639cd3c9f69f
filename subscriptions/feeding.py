"""A reader's digests as a private feed: its secret address, and what stands in it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from subscriptions import links
from subscriptions.digest_links import DigestLinks
from subscriptions.models import Digest, DigestItem, Subscriber, Token

SHOWN = 30
Purpose = links.Purpose


class Entry(NamedTuple):
    """A digest with its papers, and the address of its page, which opens without a visit."""

    digest: Digest
    items: Sequence[DigestItem]
    url: str


def address_of(reader: Subscriber, now: datetime) -> str | None:
    """The secret part of the reader's feed address, where they have one that works."""
    token = _living(reader, now)
    try:
        return links.secret(token) if token else None
    except LookupError:
        return None


def open_feed(reader: Subscriber, now: datetime) -> Token:
    """Give the reader an address; one they had before ends, so this is how to reset it."""
    with transaction.atomic():
        Subscriber.objects.select_for_update(no_key=True).get(pk=reader.pk)
        close_feed(reader, now)
        return links.issue(reader, Purpose.FEED, now)


def close_feed(reader: Subscriber, now: datetime) -> None:
    links.revoke(reader, now, Purpose.FEED)


def reader_of(secret: str, now: datetime) -> Subscriber | None:
    token = links.find(secret, Purpose.FEED, now)
    return token.subscriber if token and token.subscriber.is_active else None


def entries(reader: Subscriber, now: datetime) -> Iterator[Entry]:
    """The newest digests that held something, with the papers that may still be shown."""
    root = reader.tokens.filter(purpose=Purpose.UNSUBSCRIBE).order_by("-created_at").first()
    shown = reader.digests.filter(outcome=Digest.Outcome.QUEUED).prefetch_related("items__paper")
    for digest in shown.order_by("-edition")[:SHOWN]:
        items = [item for item in digest.items.all() if not item.paper.is_hidden]
        if items:
            yield Entry(digest, items, _page(root, digest, now))


def _page(root: Token | None, digest: Digest, now: datetime) -> str:
    if root is None or not links.is_live(root, now):
        return links.absolute("subscriptions:digest", digest.edition.isoformat())
    try:
        return DigestLinks(root, digest.edition).view
    except LookupError:
        return links.absolute("subscriptions:digest", digest.edition.isoformat())


def _living(reader: Subscriber, now: datetime) -> Token | None:
    token = reader.tokens.filter(purpose=Purpose.FEED).order_by("-created_at", "-pk").first()
    return token if token and links.is_live(token, now) else None
