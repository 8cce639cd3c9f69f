"""One case's whole site: readers, workers, broker, provider, clock; and the history that is judged at its end."""

import base64
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min
from django.test import Client
from django.urls import reverse
from kombu import Connection
from kombu.exceptions import OperationalError

from digest_site.celery import app
from papers.models import Paper
from subscriptions import composing, leaving, links, suppressing
from subscriptions.consent import Shown
from subscriptions.delivery import LEASE
from subscriptions.models import Delivery, Digest, Interest, Subscriber, Suppression, Token
from subscriptions.schedule import edition_of
from tests.factories import make_paper
from tests.faults.broker import Broker
from tests.faults.checker import Departure, Due, Entry, History, Verdict, check
from tests.faults.clock import Clock
from tests.faults.ledger import Handed, Ledger, fingerprint
from tests.faults.processes import Process
from tests.faults.provider import Provider
from tests.journeys.processes import NOWHERE, database_url

PATIENCE = 60.0
TASKS = ("subscriptions.tasks.compose_due", "subscriptions.tasks.send_queued", "subscriptions.tasks.sweep")
WORKER = ("celery", "--app", "digest_site", "worker", "--without-gossip", "--without-mingle", "--without-heartbeat")
HELD = (Delivery.State.CLAIMED, Delivery.State.SENDING)
OPEN = (Delivery.State.QUEUED, *HELD)
EMAIL_TIMEOUT = 2
WEBHOOK_SECRET = "hooks:for-tests-only"


class Site:
    def __init__(self, name: str, folder: Path, clock: Clock, broker: Broker, provider: Provider) -> None:
        self.name, self.folder, self.clock, self.broker, self.provider = name, folder, clock, broker, provider
        self.ledger: Ledger = provider.ledger
        self.environment = {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "DATABASE_URL": database_url(),
            "REDIS_URL": broker.url,
            "ANYMAIL_PROVIDER": "postmark",
            "ANYMAIL_POSTMARK_API_URL": provider.url,
            "ANYMAIL_POSTMARK_SERVER_TOKEN": "for-tests-only",
            "EMAIL_TIMEOUT": str(EMAIL_TIMEOUT),
            "TICK_SECONDS": "1",
            "READ_MINUTES": "1440",
            "FAULT_CLOCK": str(clock.path),
            "LOG_LEVEL": "INFO",
            **dict.fromkeys(("HUGGINGFACE_URL", "ARXIV_URL", "ARXIV_RSS_URL", "ARXIV_API_URL"), NOWHERE),
        }
        self.due: set[Due] = set()
        self.departures: list[Departure] = []
        self.deaths = 0
        self.copies = 1  # of every task that is sent
        self.verdict: Verdict | None = None
        self._processes: list[Process] = []

    # Who and what ----------------------------------------------------------------------------------

    def make_readers(self, count: int, domains: int = 1, **fields: Any) -> list[Subscriber]:
        """Active readers, due half a minute ago, who want the three papers there are."""
        now = self.clock.now()
        if not Paper.objects.exists():
            for number in (1, 2, 3):
                make_paper(number, first_seen_at=now - timedelta(hours=number))
        first = Subscriber.objects.count() + 1
        values = {
            "status": Subscriber.Status.ACTIVE,
            "confirmed_at": now - timedelta(days=30),
            "cutoff_at": now - timedelta(days=1),
            "next_digest_at": now - timedelta(seconds=30),
            "created_at": now - timedelta(days=30),
        } | fields
        numbers = range(first, first + count)
        emails = [f"reader{n}@{f'mail{n % domains}.' if domains > 1 else ''}example.org" for n in numbers]
        readers = Subscriber.objects.bulk_create(Subscriber(email=email, email_key=email, **values) for email in emails)
        Interest.objects.bulk_create(Interest(subscriber=each, text="grokking", normal="grokking") for each in readers)
        Token.objects.bulk_create(
            links.build(each, Token.Purpose.UNSUBSCRIBE, now - timedelta(days=30)) for each in readers
        )
        self.due |= {(each.pk, edition_of(each.next_digest_at, each.zone)) for each in readers if each.next_digest_at}
        return readers

    def leave(self, reader: Subscriber) -> None:
        with self._departing(reader):
            leaving.leave(reader.pk, self.clock.now(), Shown(form="unsubscribe link"))

    def suppress(self, reader: Subscriber) -> None:
        with self._departing(reader):
            suppressing.suppress(links.address_hmac(reader.email), Suppression.Reason.COMPLAINT, self.clock.now())

    def erase(self, reader: Subscriber) -> None:
        self.due = {(pk, day) for pk, day in self.due if pk != reader.pk}
        with self._departing(reader, erased=True):
            Subscriber.objects.filter(pk=reader.pk).delete()

    @contextmanager
    def _departing(self, reader: Subscriber, *, erased: bool = False) -> Iterator[None]:
        """Remember when a reader went, and what was on the wire at that very moment."""
        with transaction.atomic():
            # From here on nothing of this reader's can begin to be sent before we commit.
            Subscriber.objects.select_for_update(no_key=True).get(pk=reader.pk)
            sending = Delivery.objects.filter(subscriber_id=reader.pk, state=Delivery.State.SENDING)
            keys = frozenset(sending.values_list("key", flat=True))
            yield
        self.departures.append(Departure(reader.email, time.monotonic(), keys, erased))

    # Programs --------------------------------------------------------------------------------------

    def start(self, *command: str, **environment: str) -> Process:
        name = f"{len(self._processes) + 1}-{command[0]}"
        process = Process(name, list(command), self.folder, self.environment | environment)
        self._processes.append(process)
        return process

    def start_workers(self, count: int = 2, *options: str, **environment: str) -> list[Process]:
        """Celery workers of two processes each."""
        return [self.start(*WORKER, "--concurrency", "2", *options, **environment) for _ in range(count)]

    def remember_keys(self) -> None:
        """From here on the provider is one that takes the same key twice for one message: Resend."""
        self.environment |= {
            "ANYMAIL_PROVIDER": "resend",
            "ANYMAIL_RESEND_API_URL": self.provider.url,
            "ANYMAIL_RESEND_API_KEY": "for-tests-only",
        }

    def start_struck_workers(self, failpoint: str, count: int = 2) -> list[Process]:
        """Workers of which one process, once, comes to grief at that point."""
        self.deaths += 1
        return self.start_workers(count, FAILPOINT=failpoint, FAILPOINT_MARK=str(self.mark))

    @property
    def workers(self) -> list[Process]:
        """Those that run."""
        return [process for process in self._processes if process.is_running]

    @contextmanager
    def worker_held_at(self, place: str) -> Iterator[list[Subscriber]]:
        """A worker that stands still at a failpoint; the readers of the window it holds."""
        self.start_workers(1, FAILPOINT=f"{place}:wait", FAILPOINT_MARK=str(self.mark))
        held = Delivery.objects.filter(state__in=HELD)
        self.until(lambda: self.mark.exists() and held.count() == settings.SEND_WINDOW, "one window that is held")
        yield [row.subscriber for row in held.select_related("subscriber")]
        self.mark.with_name(f"{self.mark.name}.done").touch()

    @property
    def mark(self) -> Path:
        return self.folder / "struck"

    def kill_workers(self) -> None:
        """SIGKILL for every worker with its two processes."""
        for process in self.workers:
            process.kill()
            self.deaths += 2

    def stop(self) -> None:
        for process in self._processes:
            process.kill()

    # The provider's webhooks ------------------------------------------------------------------------

    def report_delivered(self) -> None:
        """The provider tells, message by message, what it delivered."""
        for message in self.ledger.accepted:
            assert self.post_webhook(delivered(message, self.clock.now())) == 200

    def post_webhook(self, event: dict[str, Any], secret: str = WEBHOOK_SECRET) -> int:
        """The status that the provider gets for it."""
        basic = base64.b64encode(secret.encode()).decode()
        headers = {"Authorization": f"Basic {basic}"}
        path = reverse("hooks:postmark")
        return Client().post(path, event, content_type="application/json", headers=headers).status_code

    def compose(self) -> None:
        composing.compose_due(self.clock.now())

    # Time ------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Do what beat does, unless plenty is waiting already."""
        try:
            if self.broker.waiting < len(TASKS) * (1 + self.copies):
                self.send(*TASKS)
        except (OSError, OperationalError, *Connection(self.broker.url).connection_errors):
            pass  # the broker is down, as the case wants it; beat would fare the same

    def send(self, *names: str) -> None:
        with Connection(self.broker.url, transport_options={"max_retries": 0}) as connection:
            for name in names * self.copies:
                app.send_task(name, connection=connection, retry=False)

    def until(self, done: Callable[[], bool], what: str, *, ticking: bool = True, patience: float = PATIENCE) -> None:
        """Wait for `done`, ticking the while. Fails with the workers' words when it does not come."""
        end = time.monotonic() + patience
        while not done():
            if time.monotonic() > end:
                raise AssertionError(f"{self.name} waited for {what} in vain; there is {self.last_words()}")
            if ticking:
                self.tick()
            time.sleep(0.05)

    def until_states(self, **wanted: int) -> None:
        self.until(lambda: self.states() == wanted, f"{wanted}")

    def until_accepted(self, count: int) -> None:
        self.until(lambda: len(self.ledger.accepted) >= count, f"{count} accepted messages")

    def outlive_lease(self) -> None:
        """Where the clock was set back, rows may be held since a later moment than it shows."""
        held = Delivery.objects.filter(state__in=HELD).aggregate(Max("claimed_at"))["claimed_at__max"]
        self.clock.set(max(self.clock.now(), held or self.clock.now()) + LEASE + timedelta(seconds=1))

    def finish(self) -> None:
        """Let the workers end everything, moving the clock on where all that is left waits for later.

        Nothing is held by a process that lives when the clock is moved, so no lease runs out under it.
        """
        self.until(self._is_over, "the end of every digest")

    def _is_over(self) -> bool:
        now = self.clock.now()
        if Subscriber.objects.due(now).exists():
            return False
        rows = Delivery.objects.filter(state__in=OPEN)
        if not rows.exists():
            return True
        later = rows.aggregate(Min("not_before"))["not_before__min"]
        if later and later > now and not rows.filter(state__in=HELD).exists():
            self.clock.set(later)
        return False

    # What there is ---------------------------------------------------------------------------------

    def states(self) -> Counter[str]:
        return Counter(Delivery.objects.values_list("state", flat=True))

    def waits_since(self, now: datetime) -> bool:
        """Whether all that is open waits for a later moment."""
        rows = Delivery.objects.filter(state__in=OPEN)
        waiting = rows.filter(state=Delivery.State.QUEUED, not_before__gt=now)
        return not Subscriber.objects.due(now).exists() and rows.count() == waiting.count() > 0

    def is_idle(self) -> bool:
        """Nothing waits and nothing runs. Not to be asked where a worker was killed: its tasks count as running."""
        return self.broker.waiting == self.broker.running == 0

    def redelivered(self) -> int:
        """Tasks that were handed to a worker more than once."""
        received = re.findall(r"Task \S+\[(\S+)\] received", self.logs())
        return sum(count > 1 for count in Counter(received).values())

    def logs(self) -> str:
        return "\n".join(f"--- {process.name}\n{process.words}" for process in self._processes)

    def last_words(self) -> str:
        """What the processes said last, without the lines that every task leaves."""
        lines = [line for line in self.logs().splitlines() if " Task subscriptions.tasks." not in line]
        return "\n".join([str(self.states()), *lines[-60:]])

    def history(self) -> History:
        return History(self.due, list(_entries()), self.ledger.handed, self.departures, self.deaths)

    def judge(self, *, accepted: int | range | None = None, unknown: int | range = 0) -> None:
        """Stop everything and judge what happened. Where nothing else is said, all that is due was accepted."""
        self.stop()
        verdict = self.verdict = check(self.history())
        assert verdict.violations == [], self.last_words()
        wanted = verdict.due if accepted is None else accepted
        assert verdict.accepted in (wanted if isinstance(wanted, range) else {wanted})
        assert verdict.unknown in (unknown if isinstance(unknown, range) else {unknown})


def delivered(message: Handed, at: datetime) -> dict[str, Any]:
    """https://postmarkapp.com/developer/webhooks/delivery-webhook"""
    return {
        "RecordType": "Delivery",
        "MessageID": str(uuid.uuid5(uuid.NAMESPACE_OID, message.key)),
        "Recipient": message.recipient,
        "DeliveredAt": at.isoformat(),
        "Details": "250 ok",
        "Metadata": {"key": message.key},
    }


def bounced(message: Handed, at: datetime) -> dict[str, Any]:
    """https://postmarkapp.com/developer/webhooks/bounce-webhook"""
    return {
        "RecordType": "Bounce",
        "ID": int(fingerprint(message.key.encode())[:12], 16),
        "Type": "HardBounce",
        "MessageID": str(uuid.uuid5(uuid.NAMESPACE_OID, message.key)),
        "Email": message.recipient,
        "BouncedAt": at.isoformat(),
        "Description": "The server was unable to deliver your message.",
        "Details": "550 5.1.1 no such reader",
        "Metadata": {"key": message.key},
    }


def _entries() -> Iterator[Entry]:
    for digest in Digest.objects.select_related("delivery").order_by("pk"):
        sent: Delivery | None = getattr(digest, "delivery", None)
        if sent is None:
            yield Entry(digest.subscriber_id, digest.edition, "", digest.outcome, digest.reason)
        else:
            yield Entry(digest.subscriber_id, digest.edition, sent.key, sent.state, sent.reason)
