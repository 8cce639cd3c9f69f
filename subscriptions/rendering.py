"""Ledger rows → messages. Reads only; nothing is sent, and no template can reach the database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Q, prefetch_related_objects
from django.utils.translation import override

from papers.models import Announcement
from subscriptions import links
from subscriptions.account_mails import LIST_MAIL, account_mail, live_token
from subscriptions.digest_links import DigestLinks, Wishes
from subscriptions.issue import Addresses, Announced, CannotRender, fill_digest
from subscriptions.message import Message
from subscriptions.models import Delivery, Digest, DigestItem, Interest, Token

Kind = Delivery.Kind

Purpose = Token.Purpose


@dataclass(frozen=True)
class _Run:
    """What the deliveries rendered together share."""

    unsubscribe: Mapping[int, Token]
    announcements: Sequence[Announcement]
    now: datetime


def render(delivery: Delivery, *, now: datetime) -> Message:
    """The message of one delivery of any kind, to be handed over at `now`.

    Raises CannotRender, or whatever a template or a broken row raised.
    """
    result = render_many([delivery], now=now)[delivery.pk]
    if isinstance(result, Exception):
        raise result
    return result


def render_many(deliveries: Sequence[Delivery], *, now: datetime) -> dict[int, Message | Exception]:
    """Messages by primary key; in place of one that cannot be rendered, the reason. The others go on.

    A fixed number of queries, however many deliveries; a paper many readers get is rendered once.
    """
    prefetch_related_objects(
        deliveries, "token", "subscriber__interests", "digest__items__paper", "digest__items__alike"
    )
    run = _Run(_unsubscribe_tokens(deliveries, now), _announcements(deliveries), now)
    return {delivery.pk: _attempt(delivery, run) for delivery in deliveries}


def render_preview(
    digest: Digest,
    items: Sequence[DigestItem],
    interests: Sequence[Interest],
    announcements: Iterable[Announced] = (),
    *,
    to: str,
    now: datetime,
    language: str = "",
) -> Message:
    """A digest as its reader would get it, from rows that need not be saved.

    Its personal links lead to the site's first page, and it is no list mail.
    """
    site = settings.SITE_URL
    addresses = Addresses(
        preferences=site, unsubscribe=site, digest=site, pause=site, feedback=lambda _paper_id: Wishes(site, site)
    )
    with override(language or settings.LANGUAGE_CODE):
        parts = fill_digest(digest, items, interests, addresses, announcements)
        return Message(key="preview", sender=settings.DEFAULT_FROM_EMAIL, to=to, sent_at=now, **parts._asdict())


def _unsubscribe_tokens(deliveries: Iterable[Delivery], now: datetime) -> dict[int, Token]:
    """Each reader's newest living token; composing makes it, since rendering only reads."""
    readers = {one.subscriber_id for one in deliveries if one.kind == Kind.DIGEST or one.kind in LIST_MAIL}
    living = Q(expires_at=None) | Q(expires_at__gt=now)
    tokens = Token.objects.filter(living, subscriber__in=readers, purpose=Purpose.UNSUBSCRIBE)
    return {token.subscriber_id: token for token in tokens.order_by("created_at", "pk")}


def _announcements(deliveries: Iterable[Delivery]) -> list[Announcement]:
    """What the editors say on any day of these digests."""
    days = [delivery.digest.edition for delivery in deliveries if delivery.digest]
    if not days:
        return []
    return list(Announcement.objects.filter(starts_on__lte=max(days), ends_on__gte=min(days)))


def _attempt(delivery: Delivery, run: _Run) -> Message | Exception:
    try:
        with override(_language(delivery)):
            return (
                _render_digest(delivery, run)
                if delivery.kind == Kind.DIGEST
                else account_mail(delivery, run.unsubscribe.get(delivery.subscriber_id), run.now)
            )
    except Exception as error:
        # Whatever is wrong with one reader's rows must not keep the others' mail.
        return error


def _language(delivery: Delivery) -> str:
    """The reader's; of a sign-up that nobody has confirmed yet, the page's it was made on."""
    token = delivery.token
    asked = token.payload.get("language") if token and token.purpose == Purpose.CONFIRM else None
    return asked or delivery.subscriber.language


def _render_digest(delivery: Delivery, run: _Run) -> Message:
    digest, reader = delivery.digest, delivery.subscriber
    unsubscribe = run.unsubscribe.get(delivery.subscriber_id)
    if digest is None:
        raise CannotRender("this delivery has no digest")
    if unsubscribe is None:
        raise CannotRender("the reader has no token to unsubscribe with, and no digest may leave without it")
    manage = live_token(delivery, Purpose.MANAGE, run.now)
    own = DigestLinks(unsubscribe, digest.edition)
    addresses = Addresses(
        preferences=links.url(manage) if manage else links.absolute("subscriptions:preferences"),
        unsubscribe=links.url(unsubscribe),
        digest=own.view,
        pause=own.pause,
        feedback=own.feedback,
    )
    items = [item for item in digest.items.all() if not (item.paper.is_hidden or item.paper.is_withdrawn)]
    if not items and digest.outcome != Digest.Outcome.EMPTY:
        raise CannotRender("every paper of this digest was hidden or withdrawn")
    issue = fill_digest(
        digest,
        items,
        reader.interests.all(),
        addresses,
        [one for one in run.announcements if one.starts_on <= digest.edition <= one.ends_on],
        names_interests=reader.confirmed_at is not None,
    )
    return Message(
        key=delivery.key,
        sender=settings.DEFAULT_FROM_EMAIL,
        to=reader.email,
        sent_at=run.now,
        unsubscribe_url=addresses.unsubscribe,
        **issue._asdict(),
    )
