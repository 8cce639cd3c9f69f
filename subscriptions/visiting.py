"""A reader's way to their own pages: a mailed link, exchanged for a short visit. No password, no session row."""

from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from subscriptions import limiting, links, queueing
from subscriptions.discretion import discreetly, row_of
from subscriptions.models import Delivery, Subscriber, Token

LENGTH = timedelta(minutes=30)
FRESH = timedelta(hours=1)
OWN_DATA = "own data"
_SALT = "subscriptions.visiting"


def send_link(email: str, now: datetime, *, to: str = "") -> bool:
    """Queue a mail with a link to the preferences, or to OWN_DATA, for an active reader; False: no mail.

    Raises TooManyRequests.
    """
    return discreetly(email, limiting.LINK, now, lambda: _write_to(row_of(email, now), now, to))


def begin(response: HttpResponse, token: Token) -> None:
    """Let the browser come back without the token in the address.

    The cookie is signed and names the token, so opening a link writes nothing, and what ends the token
    (a new address, leaving, time) ends the visit.
    """
    response.set_signed_cookie(
        cookie_name(),
        str(token.pk),
        salt=_SALT,
        max_age=LENGTH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def visitor(request: HttpRequest, now: datetime) -> Subscriber | None:
    """The active reader whose visit this is."""
    token = _opened(request, now)
    return token.subscriber if token else None


def leads_to_own_data(token: Token) -> bool:
    return bool(token.payload.get("to") == OWN_DATA)


def is_fresh(request: HttpRequest, now: datetime) -> bool:
    """Whether the visit began with a link that was asked for just now, for what a forwarded digest must not open."""
    token = _opened(request, now)
    return token is not None and leads_to_own_data(token) and now - token.created_at < FRESH


def _opened(request: HttpRequest, now: datetime) -> Token | None:
    value = request.get_signed_cookie(cookie_name(), default=None, salt=_SALT, max_age=LENGTH)
    if value is None:
        return None
    token = Token.objects.select_related("subscriber").filter(pk=value, purpose=links.Purpose.MANAGE).first()
    if token is None or not links.is_live(token, now) or not token.subscriber.is_active:
        return None
    return token


def end(response: HttpResponse) -> None:
    response.delete_cookie(cookie_name(), samesite="Lax")


def cookie_name() -> str:
    return "__Host-reader" if settings.SESSION_COOKIE_SECURE else "reader"


def _write_to(subscriber: Subscriber, now: datetime, to: str) -> bool:
    token = links.issue(subscriber, links.Purpose.MANAGE, now, {"to": to} if to else None)
    return queueing.queue(Delivery.Kind.LINK, subscriber, now, token) is not None and subscriber.is_active
