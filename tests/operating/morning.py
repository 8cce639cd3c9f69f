"""A small site's morning, in a process of its own, on the database and the mail server of its environment:

`python -m tests.operating.morning prepare=20 compose` takes these steps and prints the states of the ledger as JSON.
`prepare=20` makes so many more readers who are due now, `run=24` composes and sends as if it were so many hours later,
`compose` only composes, `release` lets sending go on.
"""

import json
import os
import sys
from collections import Counter
from datetime import datetime, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digest_site.settings")
django.setup()

from django.utils import timezone  # noqa: E402

from papers.models import Paper  # noqa: E402
from subscriptions import braking, links  # noqa: E402
from subscriptions.composing import compose_due  # noqa: E402
from subscriptions.delivery import send_queued  # noqa: E402
from subscriptions.models import Delivery, Interest, Subscriber, Token  # noqa: E402
from tests.factories import make_paper  # noqa: E402


def prepare(count: int) -> None:
    now = timezone.now()
    if not Paper.objects.exists():
        make_paper(1, first_seen_at=now - timedelta(hours=2))
        make_paper(2, first_seen_at=now + timedelta(hours=8))
    first = Subscriber.objects.count()
    values = {"status": "active", "confirmed_at": now, "cutoff_at": now - timedelta(days=1), "next_digest_at": now}
    for number in range(first, first + count):
        email = f"reader{number}@example.org"
        reader = Subscriber.objects.create(email=email, email_key=email, hour=now.hour, **values)
        Interest.objects.create(subscriber=reader, text="grokking", normal="grokking")
        links.issue(reader, Token.Purpose.UNSUBSCRIBE, now)


def at(hours: int) -> datetime:
    return timezone.now() + timedelta(hours=hours)


def take(step: str, number: int) -> None:
    if step == "prepare":
        prepare(number)
    if step == "release":
        braking.release()
    if step in {"compose", "run"}:
        compose_due(at(number))
    if step == "run":
        send_queued(lambda: at(number))


if __name__ == "__main__":
    for word in sys.argv[1:]:
        name, _, value = word.partition("=")
        take(name, int(value or 0))
    print(json.dumps(Counter(Delivery.objects.values_list("state", flat=True))))
