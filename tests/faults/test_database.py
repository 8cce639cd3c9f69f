"""F15, F16 and F36: the database hangs up at a COMMIT, is gone for a while, or is full."""


import pytest

from tests.faults.wire import Cut, Wire, open_wire

CLAIM = b"""SET "state" = 'claimed'"""
FENCE = b"""SET "state" = 'sending'"""
RECORD = b"""SET "state" = (CASE"""

FULL = """
CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER disk_is_full BEFORE UPDATE ON subscriptions_delivery EXECUTE FUNCTION disk_is_full();
"""
ROOM_AGAIN = "DROP TRIGGER disk_is_full ON subscriptions_delivery; DROP FUNCTION disk_is_full"


@pytest.fixture
def wire():
    with open_wire() as opened:
        yield opened


def start_workers(site, wire: Wire, *cuts: Cut) -> None:
    wire.cuts = list(cuts)
    site.start_workers(DATABASE_URL=wire.database_url)


@pytest.mark.parametrize("arrives", [True, False], ids=["committed", "rolled-back"])
def test_f15_connection_dies_at_claim_commit(site, wire, arrives):
    site.make_readers(24)
    start_workers(site, wire, Cut(CLAIM, arrives))

    site.until(wire.struck.is_set, "the cut")
    if arrives:
        site.until_states(accepted=14, claimed=10)
        site.outlive_lease()
    site.finish()

    site.judge()


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


def test_f16_database_gone_at_record(site, wire):
    site.make_readers(24)
    start_workers(site, wire, Cut(RECORD, arrives=False, outage=True))

    site.until(wire.struck.is_set, "the cut")
    wire.cut_all()
    site.until(lambda: site.logs().count("OperationalError") > 3, "a worker that gave up")
    wire.mend()
    site.deaths += 1
    site.until(lambda: site.states()["accepted"] >= 14 - 10, "the others")
    site.outlive_lease()
    site.finish()

    site.judge(unknown=range(10, 21))
