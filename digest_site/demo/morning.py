"""One morning with sample papers, through the code that runs every morning: read, sign up, compose, deliver.

The clock is the demo's own and stands at the morning of its first run. A later run, also on a later day,
comes to the same morning and finds every step done.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Min

from digest_site.demo.readers import Reader
from digest_site.demo.samples import sample_days
from papers.models import Reading
from papers.reading import describe_new, read_source
from papers.sources.arxiv import Arxiv
from papers.sources.huggingface import HuggingFace
from subscriptions.composing import compose_due
from subscriptions.consent import Shown
from subscriptions.delivery import LEASE, send_queued, sweep
from subscriptions.models import Delivery, Digest, Subscriber
from subscriptions.schedule import next_send_at
from subscriptions.signup import confirm, sign_up

# When both sites have shown their day, and before any sample reader's hour.
_READ_AT = time(4, 30, tzinfo=UTC)
_SIGNED_UP_AFTER = timedelta(minutes=20)
_UNDELIVERED = frozenset(Delivery.State) - {Delivery.State.ACCEPTED, Delivery.State.CANCELLED}
_DEMO = Shown(form="demo")  # no person agreed to any words here


class DemoFailed(Exception):
    """Something did not go as it should; the message is for the person who tries the demo."""


def day_of(today: date) -> date:
    """The weekday whose morning is played: the first run's, or the last one up to `today`."""
    first = Reading.objects.aggregate(first=Min("started_at"))["first"]
    return sample_days(first.date() if first else today)[-1]


def read_papers(base_url: str, day: date) -> Iterator[Reading]:
    """Read the five days of one site, the newest of the other, and what is still unknown of their papers."""
    now = datetime.combine(day, _READ_AT)
    huggingface, arxiv = HuggingFace(base_url), Arxiv(base_url, base_url, base_url)
    for listed_on in sample_days(day):
        yield _sound(read_source(huggingface, listed_on, now=now))
    yield _sound(read_source(arxiv, day, now=now))
    described = describe_new(now, arxiv)
    if described is not None:
        yield _sound(described)


def subscribe(readers: Sequence[Reader], day: date) -> list[Subscriber]:
    """Sign up whoever is not known yet, send the confirmations, follow their links, welcome them; return who is new."""
    now = datetime.combine(day, _READ_AT) + _SIGNED_UP_AFTER
    for reader in readers:
        if not Subscriber.objects.filter(email_key=reader.email).exists():
            sign_up(reader.email, reader.preferences, now, _DEMO)
    send_queued(_stopped(now))
    mails = Delivery.objects.filter(kind=Delivery.Kind.CONFIRM, subscriber__status=Subscriber.Status.PENDING)
    mails = mails.filter(state=Delivery.State.ACCEPTED).select_related("subscriber", "token").order_by("pk")
    new = [mail.subscriber for mail in mails if mail.token and confirm(mail.token, now, _DEMO)]
    send_queued(_stopped(now))
    return new


def deliver(readers: Sequence[Reader], day: date) -> list[Digest]:
    """Compose and send what falls due that day, each reader's at their own hour; return what was sent now."""
    emails = [reader.email for reader in readers]
    sent = Digest.objects.filter(subscriber__email_key__in=emails, delivery__state=Delivery.State.ACCEPTED)
    before = set(sent.values_list("pk", flat=True))
    # What a run that was killed still holds is given up first.
    sweep(datetime.combine(day, time.max, UTC) + LEASE)
    for due_at in _hours(day):
        if compose_due(due_at)["failed"]:
            raise DemoFailed("A digest could not be made; the log above says which.")
        send_queued(_stopped(due_at))
    mails = Delivery.objects.filter(subscriber__email_key__in=emails, state__in=_UNDELIVERED)
    for row in mails.select_related("subscriber"):
        raise DemoFailed(f"The {row.kind} mail to {row.subscriber.email} is {row.get_state_display()}: {row.reason}")
    return list(sent.exclude(pk__in=before).select_related("subscriber", "delivery").order_by("due_at", "pk"))


def _hours(day: date) -> list[datetime]:
    """When the readers' digests of that day fall due."""
    start = datetime.combine(day, _READ_AT) + _SIGNED_UP_AFTER
    hours = {next_send_at(row.zone, row.hour, row.days, start) for row in Subscriber.objects.active()}
    return sorted(at for at in hours if at and at < start + timedelta(days=1))


def _sound(reading: Reading) -> Reading:
    if reading.outcome == Reading.Outcome.FAILED:
        raise DemoFailed(f"Reading {reading.source} of {reading.day} failed: {reading.error}")
    return reading


def _stopped(now: datetime) -> Callable[[], datetime]:
    return lambda: now
