"""Choose, freeze, queue: what each reader due now gets, a chunk of readers per transaction. Nothing is sent.

Two composers at once are harmless: a chunk's rows are claimed, and `one_digest_per_subscriber_and_edition` decides.
"""

import gc
import hashlib
import hmac
import logging
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import date, datetime, timedelta
from typing import TypeAlias

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q

from papers.models import Paper
from subscriptions import explaining, links
from subscriptions.drafting import Draft, choose, decide, due_moment, fill, prepare, window_start
from subscriptions.judging import judged_by
from subscriptions.matching import Asked, Window, match
from subscriptions.models import Delivery, Digest, DigestItem, Interest, Subscriber, Token
from subscriptions.windows import Windows

logger = logging.getLogger(__name__)

CHUNK = 500
PUT_OFF = timedelta(hours=1)
MAX_FAILURES = 20
# A digest of one edition is composed at most this long after its date began somewhere on earth.
_EDITION_SPREAD = timedelta(days=2)
_INSERT_ITEM = (
    "INSERT INTO subscriptions_digestitem (digest_id, paper_id, position, section, score, reasons, alike_id)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s)"
)

_Moments: TypeAlias = tuple[datetime, datetime | None, datetime | None, date | None, datetime | None]


class ComposingStopped(Exception):
    """So many failed in a row that the fault is not theirs; the rest stay due and are not put off."""


class Overtaken(Exception):
    """Another composer, or the reader, moved a row that this one had read."""


def compose_due(now: datetime, *, limit: int | None = None) -> Counter[str]:
    """Compose for every reader who is due, at most `limit`; return how many drafts had which outcome.

    Safe to run twice, at any time and beside others.
    """
    return Counter(draft.outcome for draft in compose(now, limit=limit))


def compose(now: datetime, *, limit: int | None = None, chunk: int = CHUNK, dry_run: bool = False) -> Iterator[Draft]:
    """The same, yielding each draft once it is committed; with `dry_run` nothing is written.

    A chunk that fails is done again reader by reader. A reader who fails even then is logged, put off by
    an hour and otherwise left as they were. Raises ComposingStopped.
    """
    windows = Windows(now)
    with _without_collector():
        for page in _pages(now, limit, chunk):
            yield from _compose_page(page, windows, dry_run)
            gc.collect(1)  # only what this page left behind: it is young


def preview_for(subscriber: Subscriber, now: datetime) -> Draft:
    """The reader's next digest if it were made now, pause or no pause. Writes nothing."""
    reader = copy(subscriber)
    due_at = max(reader.next_digest_at or now, now)
    interests, sent = list(reader.interests.all()), _sent_before([reader])[reader.pk]
    windows = Windows(now)
    judged = judged_by([reader], now, windows.judged)[reader.pk]
    return choose(Draft(reader, due_at), interests, windows, sent, judged)


def compose_preview(
    interests: Sequence[Asked],
    papers: Iterable[Paper] | Window,
    now: datetime,
    *,
    since: datetime | None = None,
    max_papers: int = 10,
) -> Draft:
    """What a digest with these interests, saved or not, would bring from `papers` seen `since`. Writes nothing."""
    window = papers if isinstance(papers, Window) else Window(papers)
    choices = match(interests, window, since=since, limit=max_papers)
    digest = Digest(edition=now.date(), due_at=now, window_start=since or now, window_end=now, created_at=now)
    fill(digest, choices)
    explaining.explain(digest, [] if choices.ranked else [explaining.none_chosen(choices)])
    return Draft(Subscriber(max_papers=max_papers), now, digest, choices)


def _pages(now: datetime, limit: int | None, chunk: int) -> Iterator[list[Subscriber]]:
    """Readers who are due, the longest waiting first, a chunk in memory at a time."""
    due = Subscriber.objects.due(now).order_by("next_digest_at", "pk")
    after = Q()
    left = limit
    while page := list(due.filter(after)[: chunk if left is None else min(chunk, left)]):
        yield page
        last_at, last_pk = page[-1].next_digest_at, page[-1].pk
        after = Q(next_digest_at__gt=last_at) | Q(next_digest_at=last_at, pk__gt=last_pk)
        left = None if left is None else left - len(page)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the garbage collector from walking all the indexed papers again and again: a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _compose_page(page: Sequence[Subscriber], windows: Windows, dry_run: bool) -> list[Draft]:
    try:
        # Outside the transaction: loading and indexing may take seconds, and SQLite has one writer.
        windows.load(window_start(reader, due_moment(reader)) for reader in page)
        return _compose_together([reader.pk for reader in page], windows, dry_run)
    except Exception as error:
        logger.warning("A chunk of %d readers failed (%s) and is done one by one", len(page), _place(error))
    drafts: list[Draft] = []
    for reader in page:
        drafts += _compose_alone(reader, windows, dry_run)
        if len(drafts) == MAX_FAILURES and all(draft.failed for draft in drafts):
            raise ComposingStopped(f"{MAX_FAILURES} readers in a row failed: see the log. The others are still due.")
    return drafts


def _compose_together(pks: Sequence[int], windows: Windows, dry_run: bool) -> list[Draft]:
    """One transaction: what is due is locked, decided, written and due again later; or nothing is."""
    with transaction.atomic():
        due = Subscriber.objects.due(windows.now).filter(pk__in=pks).order_by("next_digest_at", "pk")
        readers = list(due.select_for_update(skip_locked=True))
        interests, sent = _interests(readers), _sent_before(readers)
        judged = judged_by(readers, windows.now, windows.judged)
        prepare(((reader, interests[reader.pk]) for reader in readers), windows)
        drafts = [
            decide(reader, interests[reader.pk], windows, sent[reader.pk], judged[reader.pk]) for reader in readers
        ]
        if not dry_run:
            _write(drafts, windows.now)
    return drafts


def _compose_alone(reader: Subscriber, windows: Windows, dry_run: bool) -> list[Draft]:
    try:
        return _compose_together([reader.pk], windows, dry_run)
    except Exception as error:
        # No traceback: it ends in the error's words.
        logger.error("Subscriber %s: no digest could be made (%s)", reader.pk, _place(error))  # noqa: TRY400
    if not dry_run:
        due = Subscriber.objects.due(windows.now).filter(pk=reader.pk)
        due.update(next_digest_at=windows.now + PUT_OFF)
    return [Draft(reader, due_moment(reader), failed=True)]


def _place(error: Exception) -> str:
    """Which error and where in our code; not its words, which may hold an address or a keyword."""
    frames = [(frame.f_globals.get("__name__", ""), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    name, line = [frame for frame in frames if frame[0].startswith(("subscriptions.", "papers."))][-1]
    return f"{type(error).__name__} at {name}:{line}"


def _interests(readers: Iterable[Subscriber]) -> defaultdict[int, list[Asked]]:
    """What each reader asks for, in their order: bare rows, since they are by far the most that is read."""
    found: defaultdict[int, list[Asked]] = defaultdict(list)
    rows = Interest.objects.filter(subscriber__in=[reader.pk for reader in readers])
    for row in rows.values_list("subscriber_id", "text", "is_muted", named=True):
        found[row.subscriber_id].append(row)
    return found


def _sent_before(readers: Sequence[Subscriber]) -> defaultdict[int, set[int]]:
    """Papers each reader had in a digest whose window reaches into the one that is open now.

    None as a rule: windows follow one another. They overlap after one was given back or set back by hand.
    """
    found: defaultdict[int, set[int]] = defaultdict(set)
    if not readers:
        return found
    oldest = min(reader.cutoff_at or reader.created_at for reader in readers)
    cutoff_at = F("digest__subscriber__cutoff_at")
    items = DigestItem.objects.filter(
        Q(digest__window_end__gt=cutoff_at) | Q(digest__subscriber__cutoff_at=None),
        digest__subscriber__in=[reader.pk for reader in readers],
        digest__edition__gte=oldest.date() - _EDITION_SPREAD,
        digest__outcome=Digest.Outcome.QUEUED,
    )
    for reader_pk, paper_pk in items.values_list("digest__subscriber_id", "paper_id"):
        found[reader_pk].add(paper_pk)
    return found


def _write(drafts: Sequence[Draft], now: datetime) -> None:
    """Digests, items, tokens, deliveries, and when each reader is due again: a fixed number of statements."""
    made = [(draft.digest, draft) for draft in drafts if draft.digest]
    Digest.objects.bulk_create(digest for digest, _ in made)
    _insert_items(made)
    mailed = [(digest, draft.subscriber) for digest, draft in made if draft.is_mailed]
    manage = [links.build(reader, Token.Purpose.MANAGE, now) for _, reader in mailed]
    Token.objects.bulk_create(manage + _missing_unsubscribe_tokens([reader for _, reader in mailed], now))
    Delivery.objects.bulk_create(
        Delivery(
            key=_key(digest),
            kind=Delivery.Kind.DIGEST,
            subscriber=reader,
            digest=digest,
            token=token,
            not_before=now,
            created_at=now,
        )
        for (digest, reader), token in zip(mailed, manage, strict=True)
    )
    _move_on(drafts)


def _insert_items(made: Iterable[tuple[Digest, Draft]]) -> None:
    """One row a paper, and so by far the most rows: models and bulk_create take seven times as long."""
    as_json = connection.ops.adapt_json_value
    rows = [
        (
            digest.pk,
            entry.paper.pk,
            entry.position,
            entry.section,
            entry.score,
            as_json(entry.reasons, None),
            entry.alike.pk if entry.alike else None,
        )
        for digest, draft in made
        for entry in draft.entries()
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT_ITEM, rows)


def _missing_unsubscribe_tokens(readers: Sequence[Subscriber], now: datetime) -> list[Token]:
    """Each reader needs one that lives, since no digest may leave without it."""
    living = Q(expires_at=None) | Q(expires_at__gt=now)
    tokens = Token.objects.filter(living, subscriber__in=readers, purpose=Token.Purpose.UNSUBSCRIBE)
    have = set(tokens.values_list("subscriber_id", flat=True))
    return [links.build(reader, Token.Purpose.UNSUBSCRIBE, now) for reader in readers if reader.pk not in have]


def _key(digest: Digest) -> str:
    """The same for one reader and edition whenever it is made, and telling nothing of either."""
    name = f"{Delivery.Kind.DIGEST}:{digest.subscriber_id}:{digest.edition.isoformat()}"
    mac = hmac.new(settings.SECRET_KEY.encode(), name.encode(), hashlib.sha256)
    return f"{Delivery.Kind.DIGEST}-{mac.hexdigest()[:32]}"


def _move_on(drafts: Iterable[Draft]) -> None:
    """Save when readers are due again. Most share their moments, so a chunk takes few statements.

    Raises Overtaken, and so undoes the chunk, when a row is no longer as it was read.
    """
    groups: defaultdict[_Moments, list[int]] = defaultdict(list)
    for draft in drafts:
        reader = draft.subscriber
        moments = draft.due_at, reader.next_digest_at, reader.cutoff_at, reader.last_edition, reader.last_due_at
        groups[moments].append(reader.pk)
    for (due_at, next_digest_at, cutoff_at, last_edition, last_due_at), pks in groups.items():
        as_read = Subscriber.objects.active().filter(pk__in=pks, next_digest_at=due_at)
        moved = as_read.update(
            next_digest_at=next_digest_at, cutoff_at=cutoff_at, last_edition=last_edition, last_due_at=last_due_at
        )
        if moved != len(pks):
            raise Overtaken
