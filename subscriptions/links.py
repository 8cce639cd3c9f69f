"""Tokens and the addresses that carry them: one purpose each, 128 bits, stored hashed."""

import base64
import hashlib
import hmac
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse

from subscriptions.models import Subscriber, Token

Purpose = Token.Purpose

# STANDARDS S04. None: no expiry, revoked by a change of address or erasure.
LIFETIMES: dict[str, timedelta | None] = {
    Purpose.CONFIRM: timedelta(hours=72),
    Purpose.UNSUBSCRIBE: None,
    Purpose.MANAGE: timedelta(days=7),
    Purpose.EMAIL: timedelta(minutes=30),
}
SINGLE_USE = frozenset({Purpose.CONFIRM, Purpose.EMAIL})


def secret(token: Token) -> str:
    """The 22 characters that go into the link. The same every time, until SECRET_KEY changes."""
    return _derive(settings.SECRET_KEY, token.purpose, token.nonce)


def hashed(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def build(subscriber: Subscriber, purpose: str, now: datetime, payload: dict[str, Any] | None = None) -> Token:
    """An unsaved token; for bulk_create. `issue` saves one."""
    life = LIFETIMES[purpose]
    token = Token(
        subscriber=subscriber,
        purpose=purpose,
        nonce=uuid.uuid4(),
        payload=payload or {},
        created_at=now,
        expires_at=now + life if life else None,
    )
    token.digest = hashed(secret(token))
    return token


def issue(subscriber: Subscriber, purpose: str, now: datetime, payload: dict[str, Any] | None = None) -> Token:
    """Make and save a token. Does not revoke older ones: that is the caller's decision."""
    token = build(subscriber, purpose, now, payload)
    token.save()
    return token


def find(value: str, purpose: str, now: datetime) -> Token | None:
    """The live token behind a link: right purpose, not expired, not used; else None.

    Looked up by the unique index over its hash, so nothing secret is compared in Python.
    """
    token = Token.objects.select_related("subscriber").filter(digest=hashed(value), purpose=purpose).first()
    if token is None or (token.expires_at and token.expires_at <= now):
        return None
    if token.used_at and token.purpose in SINGLE_USE:
        return None
    return token


def url(token: Token) -> str:
    """The absolute address of a token's page, under SITE_URL whatever the request's Host was."""
    return absolute(f"subscriptions:{token.purpose}", secret(token))


def absolute(name: str, *args: object) -> str:
    return settings.SITE_URL + reverse(name, args=args)


def address_hmac(email: str) -> str:
    """The key under which an address stands on the suppression list (STANDARDS S21)."""
    return hmac.new(settings.SUPPRESSION_KEY.encode(), email.lower().encode(), hashlib.sha256).hexdigest()


def _derive(key: str, purpose: str, nonce: uuid.UUID) -> str:
    mac = hmac.new(key.encode(), f"paper-round:{purpose}:{nonce}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac[:16]).rstrip(b"=").decode()
