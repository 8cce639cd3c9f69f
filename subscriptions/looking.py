"""One reader, as an operator needs to see them. Reads only, and a bounded number of rows however long their story."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from papers.search import QueryError, parse
from subscriptions import history
from subscriptions.links import address_hmac
from subscriptions.models import ConsentEvent, Delivery, DeliveryEvent, Digest, Interest, Subscriber, Suppression
from subscriptions.recent import recent

DIGESTS = 10
ROWS = 20


@dataclass(frozen=True)
class Wanted:
    """An interest, and how many papers of the last 30 days it found; None where that cannot be told just now."""

    interest: Interest
    papers: int | None
    problem: str = ""


@dataclass(frozen=True)
class Overview:
    """The newest first, but interests in the reader's own order."""

    wanted: Sequence[Wanted]
    digests: Sequence[Digest]
    mails: Sequence[Delivery]
    events: Sequence[DeliveryEvent]
    consents: Sequence[ConsentEvent]
    suppression: Suppression | None


def look_at(reader: Subscriber, now: datetime) -> Overview:
    sealed = address_hmac(reader.email)
    return Overview(
        wanted=count_matches(reader.interests.all(), now),
        digests=list(history.digests_of(reader)[:DIGESTS]),
        mails=list(reader.deliveries.exclude(kind=Delivery.Kind.DIGEST)[:ROWS]),
        events=list(DeliveryEvent.objects.filter(address_hmac=sealed)[:ROWS]),
        consents=list(reader.consents.order_by("-at", "-pk")[:ROWS]),
        suppression=Suppression.objects.filter(address_hmac=sealed).first(),
    )


def count_matches(interests: Iterable[Interest], now: datetime) -> list[Wanted]:
    """From the index that visitors' previews use: nothing is read for it once that stands."""
    interests = list(interests)
    papers = recent(now) if interests else None
    if papers is None:
        return [Wanted(interest, None) for interest in interests]
    found = []
    with papers.lock:
        for interest in interests:
            try:
                query = parse(interest.text)
            except QueryError as error:
                found.append(Wanted(interest, None, str(error)))
            else:
                found.append(Wanted(interest, len(papers.window.answers([query])[query.normal])))
    return found
