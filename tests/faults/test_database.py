"""F15, F16 and F36: the database hangs up at a COMMIT, is gone for a while, or is full; and full logs."""

import threading

import pytest
from django.db import connection

from subscriptions.models import Delivery
from tests.faults.provider import CUT_AFTER, Act, accept
from tests.faults.wire import Cut, Wire, open_wire

CLAIM = b"""SET "state" = 'claimed'"""
FENCE = b"""SET "state" = 'sending'"""
RECORD = b"""SET "state" = (CASE"""

FULL = """
CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER disk_is_full BEFORE UPDATE ON subscriptions_delivery EXECUTE FUNCTION disk_is_full();
"""
ROOM_AGAIN = "DROP FUNCTION IF EXISTS disk_is_full CASCADE"


@pytest.fixture
def wire():
    with open_wire() as opened:
        yield opened


@pytest.fixture
def _room_again():
    yield
    run(ROOM_AGAIN)


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def start_workers(site, wire: Wire, *cuts: Cut) -> None:
    wire.cuts = list(cuts)
    site.start_workers(DATABASE_URL=wire.database_url)


@pytest.mark.parametrize("arrives", [True, False], ids=["committed", "rolled-back"])
def test_f15_connection_dies_at_claim_commit(site, wire, arrives):
    site.make_readers(30)
    start_workers(site, wire, Cut(CLAIM, arrives))

    site.until(wire.struck.is_set, "the cut")
    if arrives:
        site.until_states(accepted=20, claimed=10)
        site.outlive_lease()
    site.finish()

    site.judge()


@pytest.mark.thorough
@pytest.mark.parametrize("arrives", [True, False], ids=["committed", "rolled-back"])
def test_f15_connection_dies_at_fence_commit(site, wire, arrives):
    site.make_readers(24)
    start_workers(site, wire, Cut(FENCE, arrives))

    site.until(wire.struck.is_set, "the cut")
    site.finish()

    site.judge()


@pytest.mark.parametrize("arrives", [True, False], ids=["committed", "rolled-back"])
def test_f16_connection_dies_at_record(site, wire, arrives):
    site.make_readers(24)
    start_workers(site, wire, Cut(RECORD, arrives))

    site.until(wire.struck.is_set, "the cut")
    site.finish()

    site.judge()


def test_f16_database_away_at_record(site, wire):
    """Restarted, say: workers wait for it, and nothing is in doubt."""
    site.make_readers(24)
    start_workers(site, wire, Cut(RECORD, arrives=False, outage=True))

    site.until(wire.struck.is_set, "the cut")
    wire.cut_all()
    site.until(lambda: "The database is away" in site.logs(), "a worker that waits")
    wire.mend()
    # A claim whose worker never learned of it is held by nobody, until its lease ends.
    site.until(site.is_idle, "idle workers", ticking=False)
    site.outlive_lease()
    site.finish()

    site.judge()


@pytest.mark.thorough
def test_f16_database_lost_at_record(site, wire):
    """It stays away for longer than the worker lives. The provider's webhooks know what became of each window."""
    site.make_readers(30)
    start_workers(site, wire, Cut(RECORD, arrives=False, outage=True))
    site.until(wire.struck.is_set, "the cut")
    wire.cut_all()
    site.until(lambda: "The database is away" in site.logs(), "a worker that waits")

    site.kill_workers()
    handed = {message.key for message in site.ledger.handed}
    unsent = Delivery.objects.filter(state="sending").exclude(key__in=handed).count()
    site.start_workers()
    site.until(lambda: "queued" not in site.states(), "what other workers can do")
    site.outlive_lease()
    site.finish()
    in_doubt = site.states()["unknown"]
    site.report_delivered()

    assert 10 <= in_doubt <= 30
    assert unsent <= 20  # of the windows that two others had fenced when they were killed
    site.judge(accepted=30 - unsent, unknown=unsent)


@pytest.mark.usefixtures("_room_again")
def test_f36_disk_full_while_sending(site):
    """Nothing is sent whose SENDING is not committed; once there is room again, all is."""
    site.make_readers(60)
    gate = threading.Event()
    site.provider.rule = lambda _: Act(gate=gate)
    site.start_workers(EMAIL_TIMEOUT="30")
    site.until(lambda: len(site.ledger.handed) == 4, "a message on the wire of each of four processes")

    run(FULL)
    site.provider.rule = accept
    gate.set()
    site.until(lambda: site.logs().count("The database is away") >= 4, "four processes that cannot write")
    committed = set(Delivery.objects.filter(state="sending").values_list("key", flat=True))
    handed = {message.key for message in site.ledger.handed}
    run(ROOM_AGAIN)
    site.finish()

    assert handed <= committed
    site.judge()


@pytest.mark.thorough
def test_f36_disk_full_under_the_logs(site):
    """Every message is worth a line here, since its reader comes to grief."""
    site.make_readers(24)
    site.provider.rule = lambda _: CUT_AFTER
    site.start_workers(FAULT_FILE_BYTES="4096")

    site.finish()

    assert len(site.logs()) < 2 * 4200
    site.judge(unknown=24)
