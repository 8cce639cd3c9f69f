import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import environ
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from digest_site import environment_mail
from subscriptions import addresses, consent, keywords, limiting, links, signup
from subscriptions.consent import Shown
from subscriptions.discretion import TooManyRequests
from subscriptions.models import Allowance, ConsentEvent, Delivery, Interest, Subscriber, Suppression, Token
from subscriptions.preferences import Preferences
from tests.factories import NOW, make_interest, make_subscriber
from tests.readers import dump, shape

pytestmark = pytest.mark.django_db

WISHES = Preferences(
    keywords=keywords.read("diffusion models\n-survey"), frequency="weekly", weekday=4, hour=18, zone="Europe/Berlin"
)
FORM = Shown(form="sign-up form", locale="en", text=consent.SIGN_UP)
PAGE = Shown(form="confirmation page", locale="en", text=consent.CONFIRM)
DAY = timedelta(days=1)


def ask(email: str = "Ada@example.org", now: datetime = NOW, wishes: Preferences = WISHES) -> bool:
    return signup.sign_up(email, wishes, now, FORM)


def last_confirm_token() -> Token:
    return Token.objects.filter(purpose=Token.Purpose.CONFIRM).latest("pk")


def mails() -> list[tuple[str, str, str]]:
    return list(Delivery.objects.order_by("pk").values_list("subscriber__email", "kind", "state"))


# Asking ----------------------------------------------------------------------------------------------


def test_s01_sign_up_of_a_new_address_asks_and_waits():
    assert ask() is True

    reader = Subscriber.objects.get()
    token = last_confirm_token()
    assert (reader.email, reader.email_key, reader.status) == ("Ada@example.org", "ada@example.org", "pending")
    assert (reader.next_digest_at, reader.confirmed_at, reader.created_at) == (None, None, NOW)
    assert (token.subscriber, Preferences.from_payload(token.payload)) == (reader, WISHES)
    assert mails() == [("Ada@example.org", "confirm", "queued")]
    assert list(ConsentEvent.objects.values_list("subscriber_id", "kind", "form", "text_version", "at")) == [
        (reader.pk, "requested", "sign-up form", "sign-up-1", NOW)
    ]


def test_signing_somebody_up_changes_nothing_about_them():
    reader = make_subscriber(email="ada@example.org")
    make_interest(reader, "grokking")
    before = (Subscriber.objects.values().get(), list(Interest.objects.values()))

    ask("ADA@example.org")

    assert (Subscriber.objects.values().get(), list(Interest.objects.values())) == before
    assert mails() == [("ada@example.org", "already", "queued")]
    assert Token.objects.latest("pk").purpose == Token.Purpose.MANAGE


def test_a02_s07_one_mail_a_day_goes_to_an_address():
    asked = [ask(now=NOW + timedelta(hours=hours)) for hours in (0, 1, 23, 24, 25)]

    assert asked == [True, False, False, True, False]
    assert len(mails()) == 2


def test_s07_active_reader_is_told_once_a_day():
    make_subscriber(email="ada@example.org")

    for minutes in range(10):
        ask("ada@example.org", NOW + timedelta(minutes=minutes))

    assert mails() == [("ada@example.org", "already", "queued")]


def test_s18_tags_are_different_readers_with_one_limit():
    assert [ask("ada+x@example.org"), ask("ada+y@example.org"), ask("ada+y@example.org", NOW + DAY)] == [
        True,
        False,
        True,
    ]
    assert list(Subscriber.objects.order_by("pk").values_list("email", flat=True)) == [
        "ada+x@example.org",
        "ada+y@example.org",
    ]


def test_denied_request_leaves_nothing_behind_and_the_first_link_alive():
    ask()
    before = dump()

    assert ask(now=NOW + timedelta(hours=1)) is False

    assert dump() == before
    assert links.is_live(last_confirm_token(), NOW + timedelta(hours=1))


def test_newer_request_replaces_the_older_link_and_its_unsent_mail():
    ask()
    older = last_confirm_token()

    ask(now=NOW + DAY, wishes=Preferences())

    older.refresh_from_db()
    assert not links.is_live(older, NOW + DAY)
    assert mails() == [("Ada@example.org", "confirm", "cancelled"), ("Ada@example.org", "confirm", "queued")]


def test_s09_suppressed_address_gets_nothing_and_leaves_nothing():
    Suppression.objects.create(address_hmac=links.address_hmac("ada@example.org"), reason="complaint")

    assert ask() is False

    assert (mails(), Subscriber.objects.count(), ConsentEvent.objects.count()) == ([], 0, 0)


@pytest.mark.django_db(transaction=True)
def test_s19_twenty_at_once_make_one_reader_and_one_mail():
    def attempt(number: int) -> bool:
        try:
            return ask(("Alice@X.org", "alice@x.org")[number % 2])
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        asked = list(pool.map(attempt, range(20)))

    assert asked.count(True) == 1
    assert Subscriber.objects.values_list("email_key").get() == ("alice@x.org",)
    assert len(mails()) == 1


@pytest.mark.parametrize("email", ["ada@throw.example", "Ada@Sub.Throw.EXAMPLE", "ada@xn--fa-hia.example"])
def test_a07_refused_domain_gets_nothing_and_leaves_nothing(email, settings):
    settings.REFUSED_DOMAINS = frozenset({"throw.example", "xn--fa-hia.example"})
    make_subscriber(email="grace@throw.example")
    before = Subscriber.objects.count()

    assert [ask(email), ask("ada@thrown.example"), ask("grace@example")] == [False, True, True]
    assert (Subscriber.objects.count(), len(mails())) == (before + 2, 2)


@pytest.mark.samples
@pytest.mark.skipif("UPSTREAM_SAMPLES" not in os.environ, reason="UPSTREAM_SAMPLES is not set")
def test_a07_public_list_of_throw_away_domains_is_taken(settings, monkeypatch):
    path = next(Path(os.environ["UPSTREAM_SAMPLES"]).glob("corpora/disposable-email-domains/*.conf"))
    listed = path.read_text(encoding="utf-8").split()
    monkeypatch.setenv("REFUSED_DOMAINS_FILE", str(path))
    settings.REFUSED_DOMAINS = environment_mail.domains(environ.Env(), "REFUSED_DOMAINS_FILE")

    asked = {addresses.parse(f"ada@{prefix}{domain}") for domain in listed[::160] for prefix in ("", "a.b.")}

    assert len(asked) > 100
    assert [address for address in asked if not addresses.is_refused(address)] == []
    assert not addresses.is_refused("ada@example.org")


# Limits ----------------------------------------------------------------------------------------------


def test_a02_all_mails_together_are_capped_by_the_hour(settings):
    settings.ACCOUNT_MAILS_PER_HOUR = 3

    def attempt(number: int, now: datetime) -> str:
        try:
            return str(ask(f"r{number}@d{number}.example.org", now))
        except TooManyRequests:
            return "too many"

    first = [attempt(number, NOW) for number in range(6)]
    later = [attempt(number, NOW + timedelta(hours=1)) for number in range(3, 6)]

    assert first == ["True"] * 3 + ["too many"] * 3
    assert later == ["True"] * 3
    assert len(mails()) == 6


def test_a01_domain_is_capped_by_the_hour(monkeypatch):
    monkeypatch.setattr(limiting, "DOMAIN", limiting.Limit("domain", 2, limiting.HOUR))
    ask("a@example.org")
    ask("b@example.org")

    with pytest.raises(TooManyRequests):
        ask("c@example.org")

    assert ask("c@example.net") is True
    assert Subscriber.objects.filter(email="c@example.org").count() == 0


def test_refusal_for_all_does_not_use_up_the_address(settings):
    settings.ACCOUNT_MAILS_PER_HOUR = 1
    ask("first@example.net")
    with pytest.raises(TooManyRequests):
        ask()

    assert ask(now=NOW + timedelta(hours=1)) is True


def test_denied_requests_do_not_drain_the_cap_for_all(settings):
    settings.ACCOUNT_MAILS_PER_HOUR = 2
    ask()
    for _ in range(5):
        ask()

    assert ask("other@example.net") is True


# Who the address belongs to stays hidden -------------------------------------------------------------


def _new() -> None: ...


def _pending() -> None:
    make_subscriber(email="ada@example.org", status="pending", created_at=NOW - 2 * DAY)


def _pending_today() -> None:
    ask("ada@example.org", NOW - timedelta(hours=1))


def _active() -> None:
    make_subscriber(email="ada@example.org")


def _left() -> None:
    make_subscriber(email="ada@example.org", status="left", left_at=NOW - DAY)


def _suppressed() -> None:
    Suppression.objects.create(address_hmac=links.address_hmac("ada@example.org"), reason="bounce")


CLASSES = (_new, _pending, _pending_today, _active, _left, _suppressed)


@pytest.mark.parametrize("prepare", CLASSES)
def test_s06_same_work_whoever_is_asked(prepare: Callable[[], None]):
    ask("grace@example.net", NOW - 3 * DAY)
    with CaptureQueriesContext(connection) as new:
        ask("new@example.org")
    Allowance.objects.all().delete()
    prepare()

    with CaptureQueriesContext(connection) as queries:
        ask("ada@example.org")

    assert shape(queries) == shape(new)


def test_s06_a07_same_work_for_a_refused_domain(settings):
    settings.REFUSED_DOMAINS = frozenset({"throw.example"})
    ask("grace@example.net", NOW - 3 * DAY)
    with CaptureQueriesContext(connection) as new:
        ask("new@example.org")
    with CaptureQueriesContext(connection) as queries:
        ask("ada@throw.example")

    assert shape(queries) == shape(new)


# Confirming ------------------------------------------------------------------------------------------


def test_confirm_makes_the_subscription_that_was_asked_for():
    ask()
    now = NOW + timedelta(hours=1)

    assert signup.confirm(last_confirm_token(), now, PAGE) is True

    reader = Subscriber.objects.get()
    assert (reader.status, reader.confirmed_at, Preferences.of(reader)) == ("active", now, WISHES)
    # Friday at 18:00 in Berlin
    assert reader.next_digest_at == datetime(2026, 8, 14, 16, tzinfo=UTC)
    assert reader.cutoff_at == now - timedelta(hours=24)
    assert list(ConsentEvent.objects.values_list("kind", "text_version")) == [
        ("requested", "sign-up-1"),
        ("confirmed", "confirm-1"),
    ]
    live = {token.purpose for token in Token.objects.all() if links.is_live(token, now) and not token.used_at}
    assert live == {"unsubscribe", "manage"}
    assert list(Delivery.objects.filter(created_at=now).values_list("kind", flat=True)) == ["welcome"]


def test_s03_confirming_twice_is_done_once():
    ask()
    token = last_confirm_token()

    assert [signup.confirm(token, NOW, PAGE), signup.confirm(token, NOW, PAGE)] == [True, False]
    assert ConsentEvent.objects.filter(kind="confirmed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_s03_twenty_confirmations_at_once_make_one_subscription():
    ask()
    token = last_confirm_token()

    def attempt(_: int) -> bool:
        try:
            return signup.confirm(token, NOW, PAGE)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        confirmed = list(pool.map(attempt, range(20)))

    assert confirmed.count(True) == 1
    assert ConsentEvent.objects.filter(kind="confirmed").count() == 1
    assert Interest.objects.count() == 2
    assert Token.objects.filter(purpose="unsubscribe").count() == 1
    assert Delivery.objects.filter(kind="welcome").count() == 1


def test_s04_used_link_does_not_bring_back_one_who_left():
    ask()
    token = last_confirm_token()
    signup.confirm(token, NOW, PAGE)
    Subscriber.objects.update(status="left")

    assert signup.confirm(token, NOW, PAGE) is False

    assert Subscriber.objects.get().status == "left"


def test_confirmation_without_a_digest_wish_waits():
    ask(wishes=Preferences(frequency="paused"))

    signup.confirm(last_confirm_token(), NOW, PAGE)

    assert Subscriber.objects.get().next_digest_at is None


def test_link_of_an_earlier_time_does_not_touch_an_active_reader():
    ask()
    token = last_confirm_token()
    Subscriber.objects.update(status="active")
    before = Subscriber.objects.values().get()

    assert signup.confirm(token, NOW, PAGE) is False

    assert Subscriber.objects.values().get() == before


def test_s09_address_suppressed_meanwhile_cannot_be_confirmed():
    ask()
    Suppression.objects.create(address_hmac=links.address_hmac("ada@example.org"), reason="complaint")

    assert signup.confirm(last_confirm_token(), NOW, PAGE) is False

    assert Subscriber.objects.get().status == "pending"


def test_s08_coming_back_needs_a_new_confirmation_and_adds_to_the_history():
    ask()
    signup.confirm(last_confirm_token(), NOW, PAGE)
    first = ConsentEvent.objects.filter(kind="confirmed").values().get()
    cutoff_at = NOW + timedelta(days=2, hours=-1)
    Subscriber.objects.update(status="left", left_at=NOW + DAY, cutoff_at=cutoff_at, last_edition=NOW.date())

    ask(now=NOW + 2 * DAY, wishes=Preferences())
    assert Subscriber.objects.get().status == "left"
    signup.confirm(last_confirm_token(), NOW + 2 * DAY, PAGE)

    reader = Subscriber.objects.get()
    assert (reader.status, reader.left_at, Preferences.of(reader)) == ("active", None, Preferences())
    # Nothing that was sent before comes again.
    assert reader.cutoff_at == cutoff_at
    confirmed = ConsentEvent.objects.filter(kind="confirmed").order_by("pk").values()
    assert [confirmed[0], confirmed.count()] == [first, 2]
    # The links in older digests go on working.
    assert Token.objects.filter(purpose="unsubscribe").count() == 1


def test_returning_on_the_same_day_brings_no_second_edition():
    ask(wishes=Preferences())
    signup.confirm(last_confirm_token(), NOW, PAGE)
    due_at = datetime(2026, 8, 13, 7, tzinfo=UTC)
    Subscriber.objects.update(status="left", last_edition=due_at.date(), last_due_at=due_at)

    ask(now=due_at + DAY - timedelta(hours=1), wishes=Preferences(hour=9, zone="Pacific/Pago_Pago"))
    signup.confirm(last_confirm_token(), due_at + DAY - timedelta(hours=1), PAGE)

    assert Subscriber.objects.get().next_digest_at == datetime(2026, 8, 14, 20, tzinfo=UTC)


# In an operator's name -------------------------------------------------------------------------------


def test_invite_asks_for_confirmation_and_counts_for_no_limit():
    ask("ada+x@example.org")

    reader = signup.invite("ada+y@example.org", WISHES, NOW, Shown(form="admin"))

    assert reader.status == "pending"
    assert mails()[-1] == ("ada+y@example.org", "confirm", "queued")


def test_s33_bring_in_makes_an_active_reader_with_the_evidence_kept():
    ask()
    invitation = last_confirm_token()

    reader = signup.bring_in(
        "ada@example.org", WISHES, NOW, Shown(form="admin"), source="fair", evidence="paper form 7"
    )

    reader.refresh_from_db()
    assert (reader.status, Preferences.of(reader), reader.next_digest_at) == (
        "active",
        WISHES,
        datetime(2026, 8, 14, 16, tzinfo=UTC),
    )
    assert list(ConsentEvent.objects.values_list("kind", "form", "source", "evidence")) == [
        ("requested", "sign-up form", "", ""),
        ("confirmed", "admin", "fair", "paper form 7"),
    ]
    invitation.refresh_from_db()
    assert not links.is_live(invitation, NOW)
