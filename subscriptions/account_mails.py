"""The mails that are not digests: about the subscription itself. Reads only; nothing typed by anybody stands in a mail
to an address that has not been confirmed."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any

from django.conf import settings

from papers.models import Paper
from papers.text import MAX_NAME, clean
from subscriptions import links
from subscriptions.blocks import facts_of, title_of
from subscriptions.composing import compose_preview
from subscriptions.digest_links import keep_link
from subscriptions.issue import CannotRender
from subscriptions.message import Message
from subscriptions.models import Delivery, Token
from subscriptions.parts import fill
from subscriptions.preferences import Preferences
from subscriptions.signup import FIRST_WINDOW
from subscriptions.sunsetting import GRACE
from subscriptions.windows import Windows
from subscriptions.wording import byline, lifetime

Kind = Delivery.Kind

Purpose = Token.Purpose

# What each mail's link does. The notice to an old address must never carry the link that confirms the new one.
LINKS: dict[str, str] = {
    Kind.CONFIRM: Purpose.CONFIRM,
    Kind.ALREADY: Purpose.MANAGE,
    Kind.LINK: Purpose.MANAGE,
    Kind.NEW_ADDRESS: Purpose.EMAIL,
    Kind.OLD_ADDRESS: Purpose.MANAGE,
    Kind.WELCOME: Purpose.MANAGE,
    Kind.STILL_WANTED: Purpose.MANAGE,
}
NEEDS_TOKEN = frozenset({Kind.CONFIRM, Kind.LINK, Kind.NEW_ADDRESS})
# These belong to the digests they speak of: sent from the same address, with a link to leave in their header.
LIST_MAIL = frozenset({Kind.WELCOME, Kind.STILL_WANTED})
MAX_SHOWN = 3


def account_mail(delivery: Delivery, unsubscribe: Token | None, now: datetime) -> Message:
    """The message of one delivery, to be handed over at `now`. Raises CannotRender."""
    token = live_token(delivery, LINKS[delivery.kind], now)
    if token is None and delivery.kind in NEEDS_TOKEN:
        raise CannotRender("the link this mail should bring has ended")
    context = {
        "link": links.url(token) if token else links.absolute("subscriptions:preferences_link"),
        "lifetime": lifetime(token.expires_at - token.created_at) if token and token.expires_at else "",
    }
    if delivery.kind not in LIST_MAIL:
        return _message(delivery, settings.ACCOUNT_FROM_EMAIL, now, context)
    if unsubscribe is None:
        raise CannotRender("the reader has no token to unsubscribe with, and no list mail may leave without it")
    about = _welcome if delivery.kind == Kind.WELCOME else _still_wanted
    leave = links.url(unsubscribe)
    context |= about(delivery, unsubscribe) | {"unsubscribe": leave}
    return _message(delivery, settings.DEFAULT_FROM_EMAIL, now, context, unsubscribe_url=leave)


def live_token(delivery: Delivery, purpose: str, now: datetime) -> Token | None:
    token = delivery.token
    return token if token and token.purpose == purpose and links.is_live(token, now) else None


def _message(
    delivery: Delivery, sender: str, now: datetime, context: dict[str, Any], *, unsubscribe_url: str = ""
) -> Message:
    return Message(
        key=delivery.key,
        sender=sender,
        to=_recipient(delivery),
        sent_at=now,
        unsubscribe_url=unsubscribe_url,
        **fill(delivery.kind, context),
    )


def _recipient(delivery: Delivery) -> str:
    """The reader's address; in a move, the one its token names, whichever of the two is the reader's by now."""
    if delivery.kind in {Kind.NEW_ADDRESS, Kind.OLD_ADDRESS} and delivery.token:
        return str(delivery.token.payload["email"])
    return delivery.subscriber.email


def _welcome(delivery: Delivery, _unsubscribe: Token) -> dict[str, Any]:
    """What was subscribed to, and what a digest would have brought at the moment of confirming: the same on a retry."""
    reader, now = delivery.subscriber, delivery.created_at
    since = now - FIRST_WINDOW
    window = Windows(now).covering(since).window
    draft = compose_preview(list(reader.interests.all()), window, now, since=since, max_papers=reader.max_papers)
    entries = list(islice(draft.entries(), len(draft.choices.ranked)))
    wanted = Preferences.of(reader)
    return {
        "rhythm": wanted.rhythm,
        "max_papers": wanted.max_papers,
        "interests": [clean(keyword.text) for keyword in wanted.keywords if not keyword.is_muted],
        "muted": [clean(keyword.text) for keyword in wanted.keywords if keyword.is_muted],
        "papers": [
            brief(entry.paper, (reason["interest"] for reason in entry.reasons)) for entry in entries[:MAX_SHOWN]
        ],
        "more": max(len(entries) - MAX_SHOWN, 0),
    }


def brief(paper: Paper, interests: Iterable[str]) -> dict[str, Any]:
    """A paper as the welcome shows it, and the interests that found it."""
    facts = facts_of(paper)
    return {
        "title": title_of(facts),
        "byline": byline([clean(name, MAX_NAME) for name in facts.authors], facts.author_count),
        "url": facts.page_url,
        "interests": [clean(interest) for interest in interests],
    }


def _still_wanted(_delivery: Delivery, unsubscribe: Token) -> dict[str, Any]:
    return {"keep": keep_link(unsubscribe), "grace": lifetime(GRACE)}
