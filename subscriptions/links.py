"""Tokens and the addresses that carry them: one purpose each, 128 bits, stored hashed."""

import base64
import hashlib
import hmac
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from subscriptions.models import Delivery, Subscriber, Token

Purpose = Token.Purpose

# STANDARDS S04. None: no expiry, revoked by a change of address or erasure.
LIFETIMES: dict[str, timedelta | None] = {
    Purpose.CONFIRM: timedelta(hours=72),
    Purpose.UNSUBSCRIBE: None,
    Purpose.MANAGE: timedelta(days=7),
    Purpose.EMAIL: timedelta(minutes=30),
    Purpose.FEED: None,
}
SINGLE_USE = frozenset({Purpose.CONFIRM, Purpose.EMAIL})


def secret(token: Token) -> str:
    """The 22 characters that go into the link. The same every time, also after SECRET_KEY has moved to its fallbacks.

    Raises LookupError when no key we have makes this token's link.
    """
    return _derive(key_of(token), token.purpose, token.nonce)


def key_of(token: Token) -> str:
    """The SECRET_KEY, of today or before, under which the token was made. Raises LookupError when it is gone."""
    keys: list[str] = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    for key in keys:
        if hashed(_derive(key, token.purpose, token.nonce)) == token.digest:
            return key
    raise LookupError(f"Token {token.pk} was made with a SECRET_KEY that is no longer set: see SECRET_KEY_FALLBACKS.")


def hashed(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()


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
    token.digest = hashed(_derive(settings.SECRET_KEY, token.purpose, token.nonce))
    return token


def issue(subscriber: Subscriber, purpose: str, now: datetime, payload: dict[str, Any] | None = None) -> Token:
    """Make and save a token. Does not revoke older ones: that is the caller's decision."""
    token = build(subscriber, purpose, now, payload)
    token.save()
    return token


def find(value: str, purpose: str, now: datetime, *, used: bool = False) -> Token | None:
    """The live token behind a link: right purpose, not expired, not used; else None.

    Looked up by the unique index over its hash, so nothing secret is compared in Python. With `used`, a
    single-use link is found again after its work is done: for a friendly second page, nothing else.
    """
    token = Token.objects.select_related("subscriber").filter(digest=hashed(value), purpose=purpose).first()
    if token is None or not is_live(token, now):
        return None
    if token.used_at and token.purpose in SINGLE_USE and not used:
        return None
    return token


def is_live(token: Token, now: datetime) -> bool:
    """Neither expired nor revoked, which ends a token's life at that moment."""
    return token.expires_at is None or token.expires_at > now


def use(token: Token, now: datetime) -> bool:
    """Spend a single-use token: True for one caller only, however many try at once."""
    unused = Token.objects.filter(pk=token.pk, used_at=None, expires_at__gt=now)
    return unused.update(used_at=now) == 1


def revoke(subscriber: Subscriber, now: datetime, *purposes: str) -> None:
    """End the reader's unused tokens of these purposes. Retention deletes them later."""
    live = Token.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), subscriber=subscriber, used_at=None)
    live.filter(purpose__in=purposes).update(expires_at=now)


def rotate(subscriber: Subscriber, now: datetime) -> None:
    """End every link that may have been seen, and make a new one to leave.

    The tokens of digests still queued have been seen by nobody, and are about to be sent.
    """
    unsent = Delivery.objects.filter(
        subscriber=subscriber, kind=Delivery.Kind.DIGEST, state=Delivery.State.QUEUED, token__isnull=False
    )
    live = Token.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), subscriber=subscriber)
    live.exclude(pk__in=unsent.values("token_id")).update(expires_at=now)
    issue(subscriber, Purpose.UNSUBSCRIBE, now)


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
