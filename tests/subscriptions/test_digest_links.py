from datetime import timedelta

import pytest

from subscriptions import digest_links, links
from subscriptions.digest_links import Act
from tests.factories import NOW, make_subscriber
from tests.readers import mailed_paths

pytestmark = pytest.mark.django_db


def secrets_of(reader) -> dict[Act, str]:
    paths = mailed_paths(reader, paper_id=7)
    return {act: paths[name].split("/")[2] for act, name in zip(Act, ("pause", "view", "more", "keep"), strict=True)}


def found(secrets: dict[Act, str]) -> list[tuple]:
    return [digest_links.find(secrets[act], act, NOW) for act in Act]


def test_links_are_short():
    paths = mailed_paths(make_subscriber())

    assert {name: (path[:3], len(path)) for name, path in paths.items()} == {
        "pause": ("/p/", 39),
        "view": ("/v/", 39),
        "more": ("/f/", 44),
        "less": ("/f/", 44),
        "keep": ("/k/", 39),
    }


def test_a_link_tells_whose_it_is_and_what_it_was_made_for():
    reader = make_subscriber()

    pause, view, feedback, keep = found(secrets_of(reader))

    assert [pause, view, feedback, keep] == [(reader, 0), (reader, NOW.date().toordinal()), (reader, 7), (reader, 0)]
    assert view.edition == NOW.date()


def test_s04_link_opens_one_purpose_only():
    secrets = secrets_of(make_subscriber())

    opened = {(made, act) for made, secret in secrets.items() for act in Act if digest_links.find(secret, act, NOW)}

    assert opened == {(act, act) for act in Act}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda secret: secret[:-1],
        lambda secret: secret + "A",
        str.upper,
        str.swapcase,
        lambda secret: secret[:-4] + "====",
        lambda secret: secret[:-1] + "\n",
        lambda secret: "é" * len(secret),
        lambda secret: "",
    ],
)
def test_s04_spoilt_link_opens_nothing(spoil):
    secret = secrets_of(make_subscriber())[Act.FEEDBACK]

    assert digest_links.find(spoil(secret), Act.FEEDBACK, NOW) is None


def test_every_character_of_a_link_is_sealed():
    """Who may judge one paper, or see one digest, can make no link to another."""
    secret = secrets_of(make_subscriber())[Act.FEEDBACK]
    others = [secret[:at] + char + secret[at + 1 :] for at in range(len(secret)) for char in "AQgw-_+/"]

    opened = {other for other in others if digest_links.find(other, Act.FEEDBACK, NOW)}

    assert opened <= {secret}


def test_link_to_leave_makes_no_other():
    reader = make_subscriber()
    unsubscribe = links.secret(reader.tokens.get())

    assert [secret for secret in secrets_of(reader).values() if unsubscribe in secret] == []
    assert [digest_links.find(unsubscribe, act, NOW) for act in Act] == [None] * 4
    assert links.find(secrets_of(reader)[Act.PAUSE], "unsubscribe", NOW) is None


def test_s31_links_last_until_the_address_changes():
    reader = make_subscriber()
    before = secrets_of(reader)

    later = digest_links.find(before[Act.PAUSE], Act.PAUSE, NOW + timedelta(days=400))
    links.rotate(reader, NOW)

    assert later == (reader, 0)
    assert found(before) == [None] * 4
    assert None not in found(secrets_of(reader))


def test_s05_links_outlive_a_new_secret_key_while_the_old_one_is_named(settings):
    reader = make_subscriber()
    before, old = secrets_of(reader), settings.SECRET_KEY

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key " * 5, [old]
    with_old = secrets_of(reader) == before, None not in found(before)
    settings.SECRET_KEY_FALLBACKS = []

    assert with_old == (True, True)
    assert found(before) == [None] * 4


def test_finding_takes_one_query(django_assert_num_queries):
    secret = secrets_of(make_subscriber())[Act.VIEW]

    with django_assert_num_queries(1):
        digest_links.find(secret, Act.VIEW, NOW)
