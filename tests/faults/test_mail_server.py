"""F37: an SMTP server that says no, hangs up or is silent, at each verb; by its options in Postfix's smtp-sink."""

import pytest

from tests.faults.sink import Reply, open_sink

STRUCK = 2
GONE = Reply()


@pytest.fixture
def sink():
    with open_sink() as opened:
        yield opened


@pytest.fixture
def site(site, sink):
    """The same stage with a mail server in the provider's place."""
    site.ledger = sink.ledger
    site.environment |= {"ANYMAIL_PROVIDER": "none", "EMAIL_URL": sink.url}
    return site


def strike(site, sink, place: str, reply: Reply) -> None:
    """24 readers; the first time two of them come to `place`, the server says `reply`."""
    left = [reader.email for reader in site.make_readers(24)[:STRUCK]]

    def rule(at: str, recipient: str) -> Reply | None:
        if at == place and recipient in left:
            left.remove(recipient)
            return reply
        return None

    sink.rule = rule


@pytest.mark.parametrize(
    ("place", "reply", "accepted"),
    [
        pytest.param(".", GONE, 22, id="q-dot"),
        pytest.param(".", Reply(accepts=True), 24, id="q-dot-but-kept"),
        pytest.param(".", Reply("250 kept", accepts=True, stall=6), 24, id="W-dot"),
        pytest.param(".", Reply("451 no", stall=6), 22, id="W-dot-then-no"),
    ],
)
def test_f37_silence_is_unknown(site, sink, place, reply, accepted):
    strike(site, sink, place, reply)
    site.start_workers()

    site.finish()

    site.judge(accepted=accepted, unknown=STRUCK)


@pytest.mark.parametrize(
    ("place", "reply"),
    [
        pytest.param(".", Reply("451 later"), id="r-dot"),
        pytest.param("rcpt", Reply("450 later"), id="r-rcpt"),
        pytest.param("data", Reply("452 full"), id="r-data"),
        pytest.param("rcpt", GONE, id="q-rcpt"),
        # Better than the "unknown" of the checklist, which knows only Django's exception: no content had left.
        pytest.param("data", GONE, id="q-data"),
    ],
)
def test_f37_later_is_tried_again(site, sink, place, reply):
    strike(site, sink, place, reply)
    site.start_workers()

    site.finish()

    site.judge()


@pytest.mark.parametrize(
    ("place", "reply"),
    [
        pytest.param(".", Reply("554 no"), id="f-dot"),
        pytest.param("rcpt", Reply("550 no such reader"), id="f-rcpt"),
        pytest.param("data", Reply("550 ended early", drop=True), id="A-1"),
    ],
)
def test_f37_no_is_final(site, sink, place, reply):
    strike(site, sink, place, reply)
    site.start_workers()

    site.finish()

    assert site.states() == {"accepted": 22, "failed": STRUCK}
    site.judge(accepted=22)


@pytest.mark.parametrize(
    ("place", "reply"),
    [
        pytest.param("mail", Reply("421 too busy", drop=True), id="Q-mail"),
        pytest.param("mail", GONE, id="q-mail"),
        pytest.param("connect", Reply("421 come back", drop=True), id="Q-connect"),
        pytest.param("connect", GONE, id="q-connect"),
        pytest.param("quit", GONE, id="q-quit"),
    ],
)
def test_f37_trouble_before_anybody_is_named(site, sink, place, reply):
    """At every sixth message, so that several connections meet with it."""
    site.make_readers(24)
    seen = iter(range(10_000))
    sink.rule = lambda at, _: reply if at == place and next(seen) % 6 == 0 else None
    site.start_workers()

    site.finish()

    site.judge()
