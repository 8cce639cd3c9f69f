"""F18 to F26: a provider that stalls, hangs up, is gone, is busy, refuses, or answers nonsense."""

from collections import Counter
from datetime import timedelta

import pytest
from django.test import Client

from subscriptions import braking
from subscriptions.models import Delivery
from tests.faults import provider as acts
from tests.faults.provider import ACCEPT, first_time, too_many

STRUCK = 2
BY_WEBHOOK_OR_KEY = pytest.mark.parametrize("oracle", ["webhook", "key"])


def strike(site, act: acts.Act) -> None:
    """24 readers; the first message to each of two of them meets with `act`."""
    readers = site.make_readers(24)
    site.provider.rule = first_time(dict.fromkeys((reader.email for reader in readers[:STRUCK]), act))


def end_doubt(site, oracle: str) -> None:
    """The provider tells what it has by webhook, or takes the same key twice for one message."""
    if oracle == "key":
        site.remember_keys()
        site.start_workers()
        site.finish()
    else:
        site.start_workers()
        site.until_states(accepted=24 - STRUCK, unknown=STRUCK)
        site.until_accepted(24)
        site.report_delivered()


@BY_WEBHOOK_OR_KEY
@pytest.mark.parametrize("act", [acts.ACCEPT_THEN_STALL, acts.STALL_THEN_ACCEPT], ids=["at-once", "late"])
def test_f18_accepts_and_stalls(site, act, oracle):
    strike(site, act)

    end_doubt(site, oracle)

    site.judge()


@pytest.mark.thorough
@pytest.mark.parametrize("act", [acts.STALL, acts.DROP_BEFORE, acts.BROKEN], ids=["stalls", "drops", "500"])
def test_f19_stalls_without_accepting(site, act):
    """Nobody can tell, so nothing is sent again, however long it takes."""
    strike(site, act)
    site.start_workers()

    site.until_states(accepted=24 - STRUCK, unknown=STRUCK)
    site.clock.advance(timedelta(hours=1))
    site.finish()

    site.judge(accepted=24 - STRUCK, unknown=STRUCK)


@pytest.mark.parametrize("act", [acts.STALL, acts.DROP_BEFORE, acts.BROKEN], ids=["stalls", "drops", "500"])
def test_f19_stalls_without_accepting_and_knows_keys(site, act):
    strike(site, act)

    end_doubt(site, "key")

    site.judge()


@BY_WEBHOOK_OR_KEY
@pytest.mark.parametrize(
    "act",
    [acts.DROP_AFTER, acts.RESET_AFTER, acts.CUT_AFTER, acts.GATEWAY_TIMEOUT],
    ids=["drop", "reset", "half-an-answer", "504"],
)
def test_f20_accepts_and_hangs_up(site, act, oracle):
    strike(site, act)

    end_doubt(site, oracle)

    site.judge()


@pytest.mark.thorough
@pytest.mark.parametrize("fault", ["refused", "name-unknown"])
def test_f21_unreachable_for_twenty_minutes(site, fault):
    site.make_readers(24)
    names = site.folder / "no-names"
    names.touch() if fault == "name-unknown" else site.provider.down()
    site.start_workers()

    until = site.clock.now() + timedelta(minutes=20)
    waits = set()
    while site.clock.now() < until:
        site.until(lambda: site.waits_since(site.clock.now()), "messages that wait")
        waits |= set(Delivery.objects.values_list("not_before", flat=True))
        site.clock.set(min(*Delivery.objects.values_list("not_before", flat=True), until))
    names.unlink(missing_ok=True) if fault == "name-unknown" else site.provider.up()
    site.finish()

    site.judge()
    assert len(waits) > 24


def test_f22_too_many_requests(site):
    """Nobody calls before the moment the provider named, but for what each process had on the wire."""
    site.make_readers(40)
    opens_at = site.clock.now() + timedelta(seconds=60)
    calls = []

    def rule(_):
        now = site.clock.now()
        calls.append(now)
        left = int((opens_at - now).total_seconds()) + 1
        return too_many(left) if now < opens_at else ACCEPT

    site.provider.rule = rule
    site.start_workers()
    site.until(lambda: calls and site.waits_since(site.clock.now()), "everything to wait")
    early = len(calls)
    site.finish()

    assert early <= 4
    assert len(calls) == 40 + early
    site.judge()


@pytest.mark.thorough
def test_f23_answer_that_cannot_be_read(site):
    strike(site, acts.TRUNCATED)
    site.start_workers()

    site.finish()

    site.judge()


@pytest.mark.parametrize("act", [acts.UNAUTHORISED, acts.FORBIDDEN], ids=["401", "403"])
@pytest.mark.parametrize("workers", [1, 2])
def test_f24_refused_credentials(site, act, workers):
    """Sending stops after three calls, and what the other processes had on the wire just then."""
    site.make_readers(40)
    site.provider.rule = lambda _: act
    site.start_workers(workers)
    site.until(braking.is_pulled, "the brake")
    site.until(lambda: site.waits_since(site.clock.now()) or site.is_idle(), "idle workers")
    site.clock.advance(timedelta(minutes=5))
    for _ in range(10):
        site.tick()
    calls = len(site.ledger.handed)
    alarm = Client().get("/readyz").json()["sending"]

    site.provider.rule = acts.accept
    braking.release()
    site.finish()

    assert calls <= 2 + 2 * workers
    assert (alarm["ok"], alarm["stopped"]) == (False, f"provider answered {act.status}")
    site.judge()


@pytest.mark.thorough
def test_f26_no_library_tries_again(site):
    """One POST for each message. The backend of every provider by itself: tests/subscriptions/test_providers.py."""
    readers = site.make_readers(24)
    trouble = (acts.STALL, acts.DROP_BEFORE, acts.DROP_AFTER, acts.BROKEN, acts.UNAVAILABLE, acts.GATEWAY_TIMEOUT)
    site.provider.rule = first_time({reader.email: act for reader, act in zip(readers, trouble, strict=False)})
    site.start_workers()

    site.finish()

    assert Counter(message.key for message in site.ledger.handed) == dict.fromkeys(
        Delivery.objects.values_list("key", flat=True), 1
    )
    site.judge(accepted=20, unknown=len(trouble))


def test_f25_one_recipient_refused(site):
    strike(site, acts.INACTIVE)
    site.start_workers()

    site.finish()

    site.judge(accepted=22)
    assert site.states() == {"accepted": 22, "failed": STRUCK}
