import json
from datetime import timedelta

import pytest
from django.core.serializers.json import DjangoJSONEncoder

from subscriptions import links
from subscriptions.models import Delivery, Token
from tests.factories import NOW, make_delivery, make_subscriber
from tests.readers import dump

pytestmark = pytest.mark.django_db

Purpose = Token.Purpose


def test_s04_secret_has_128_bits_and_is_stored_hashed():
    reader = make_subscriber()
    secrets = [links.secret(links.issue(reader, purpose, NOW)) for purpose in Purpose]

    stored = json.dumps(dump(), cls=DjangoJSONEncoder)

    assert {len(secret) for secret in secrets} == {22}
    assert len(set(secrets)) == len(secrets)
    assert [secret for secret in secrets if secret in stored] == []


def test_m20_address_of_an_unsubscribe_link_fits_one_line(settings):
    settings.SITE_URL = "https://digest.example.org"
    token = links.issue(make_subscriber(), Purpose.UNSUBSCRIBE, NOW)

    assert len(f"List-Unsubscribe: <{links.url(token)}>") <= 78


@pytest.mark.parametrize("purpose", Purpose)
def test_s04_link_opens_one_purpose_only(purpose: str):
    token = links.issue(make_subscriber(), purpose, NOW)

    opened = [other for other in Purpose if links.find(links.secret(token), other, NOW) == token]

    assert opened == [purpose]


@pytest.mark.parametrize(
    ("purpose", "life"),
    [
        (Purpose.CONFIRM, timedelta(hours=72)),
        (Purpose.MANAGE, timedelta(days=7)),
        (Purpose.EMAIL, timedelta(minutes=30)),
    ],
)
def test_s04_link_ends_with_its_life(purpose: str, life: timedelta):
    secret = links.secret(links.issue(make_subscriber(), purpose, NOW))

    moments = (NOW, NOW + life - timedelta(seconds=1), NOW + life)

    assert [links.find(secret, purpose, moment) is not None for moment in moments] == [True, True, False]


def test_s31_unsubscribe_link_does_not_end():
    secret = links.secret(links.issue(make_subscriber(), Purpose.UNSUBSCRIBE, NOW))

    assert links.find(secret, Purpose.UNSUBSCRIBE, NOW + timedelta(days=3650)) is not None


@pytest.mark.parametrize(
    "spoil", [str.upper, str.swapcase, lambda s: s[:-1], lambda s: s + "A", lambda s: "\ud800", lambda s: ""]
)
def test_s04_spoilt_link_opens_nothing(spoil):
    secret = links.secret(links.issue(make_subscriber(), Purpose.MANAGE, NOW))

    assert links.find(spoil(secret), Purpose.MANAGE, NOW) is None


@pytest.mark.parametrize("purpose", [Purpose.CONFIRM, Purpose.EMAIL])
def test_s04_single_use_link_is_spent_once(purpose: str):
    token = links.issue(make_subscriber(), purpose, NOW)
    secret = links.secret(token)

    assert [links.use(token, NOW), links.use(token, NOW)] == [True, False]
    assert links.find(secret, purpose, NOW) is None
    assert links.find(secret, purpose, NOW, used=True) == token


def test_use_of_an_ended_link_fails():
    token = links.issue(make_subscriber(), Purpose.CONFIRM, NOW)

    assert links.use(token, NOW + timedelta(hours=72)) is False


def test_s05_links_outlive_a_new_secret_key(settings):
    token = links.issue(make_subscriber(), Purpose.UNSUBSCRIBE, NOW)
    secret = links.secret(token)

    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-" + 50 * "1"

    assert links.find(secret, Purpose.UNSUBSCRIBE, NOW + timedelta(days=61)) == token
    assert links.secret(token) == secret


def test_s05_link_of_a_forgotten_secret_key_is_not_made_up(settings):
    token = links.issue(make_subscriber(), Purpose.UNSUBSCRIBE, NOW)
    settings.SECRET_KEY = "another-" + 50 * "1"

    with pytest.raises(LookupError, match="SECRET_KEY_FALLBACKS"):
        links.secret(token)


def test_revoke_ends_links_of_the_named_purposes_and_of_that_reader_only():
    one, other = make_subscriber(1), make_subscriber(2)
    for reader in (one, other):
        links.issue(reader, Purpose.MANAGE, NOW)
        links.issue(reader, Purpose.EMAIL, NOW)

    links.revoke(one, NOW, Purpose.MANAGE, Purpose.EMAIL)

    live = [(token.subscriber_id, token.purpose) for token in Token.objects.order_by("pk") if links.is_live(token, NOW)]
    assert live == [(one.pk, "unsubscribe"), (other.pk, "unsubscribe"), (other.pk, "manage"), (other.pk, "email")]


def test_s17_rotate_ends_all_but_links_nobody_has_seen():
    queued, sent = make_delivery(1), make_delivery(2, state=Delivery.State.ACCEPTED)
    reader = queued.subscriber
    Delivery.objects.filter(pk=sent.pk).update(subscriber=reader)
    Token.objects.filter(pk=sent.token_id).update(subscriber=reader)

    links.rotate(reader, NOW)

    live = [token for token in Token.objects.filter(subscriber=reader).order_by("pk") if links.is_live(token, NOW)]
    assert [(token.purpose, token.pk == queued.token_id) for token in live] == [
        ("manage", True),
        ("unsubscribe", False),
    ]


def test_s32_url_stands_under_the_configured_site(settings):
    settings.SITE_URL = "https://digest.example.org"
    token = links.issue(make_subscriber(), Purpose.CONFIRM, NOW)

    assert links.url(token) == f"https://digest.example.org/c/{links.secret(token)}"


def test_s21_suppression_key_ignores_case_and_outlives_the_secret_key(settings):
    settings.SUPPRESSION_KEY = "kept"
    before = links.address_hmac("Ada@example.org")

    settings.SECRET_KEY = "another-" + 50 * "1"

    assert links.address_hmac("ada@EXAMPLE.org") == before
