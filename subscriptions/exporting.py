"""Everything stored about one person, as plain values for JSON. No secret of a link, nothing about anybody else."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Model

from papers.models import Paper
from subscriptions import links
from subscriptions.consent import TEXTS
from subscriptions.models import Delivery, DeliveryEvent, Subscriber, Suppression

# Our own numbers, what opens a door, what stands elsewhere in the export or says the same once more.
LEFT_OUT = frozenset(
    {
        "id", "email_key", "subscriber_id", "digest", "digest_id", "nonce", "token_id", "claim", "fingerprint",
        "address_hmac", "delivery_id", "paper_id", "alike_id", "text_hash",
    }
)  # fmt: skip


def export(subscriber: Subscriber) -> dict[str, Any]:
    """Read everything; see the module."""
    address_hmac = links.address_hmac(subscriber.email)
    return {
        "reader": _row(subscriber),
        "interests": _rows(subscriber.interests.all()),
        "consents": [_row(event) | _words(event.text_version) for event in subscriber.consents.all()],
        "digests": [
            _row(digest) | {"papers": [_row(item) | _paper(item.paper) for item in digest.items.all()]}
            for digest in subscriber.digests.prefetch_related("items__paper")
        ],
        "mails": [_mail(mail) for mail in subscriber.deliveries.select_related("digest").prefetch_related("events")],
        "events": _rows(DeliveryEvent.objects.filter(address_hmac=address_hmac)),
        "feedback": [_row(word) | _paper(word.paper) for word in subscriber.feedback.select_related("paper")],
        "links": _rows(subscriber.tokens.all()),
        "suppressed": _rows(Suppression.objects.filter(address_hmac=address_hmac)),
    }


def _mail(mail: Delivery) -> dict[str, Any]:
    edition = mail.digest.edition.isoformat() if mail.digest else None
    return _row(mail) | {"edition": edition, "events": _rows(mail.events.all())}


def _words(version: str) -> dict[str, str]:
    """The words that were agreed to."""
    return {"text": TEXTS[version]} if version in TEXTS else {}


def _paper(paper: Paper) -> dict[str, Any]:
    return {"title": paper.title, "arxiv_id": paper.arxiv_id}


def _rows(rows: Iterable[Model]) -> list[dict[str, Any]]:
    return [_row(row) for row in rows]


def _row(row: Model) -> dict[str, Any]:
    names = (field.attname for field in row._meta.concrete_fields)  # noqa: SLF001 -- the documented way
    return {name: _plain(getattr(row, name)) for name in names if name not in LEFT_OUT}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
