"""Erasure, seen from outside: use the product, erase, and look for the person everywhere (STANDARDS S30)."""

import base64
import io
import json
import logging
import pickle
import re
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.core.cache.backends.filebased import FileBasedCache
from django.db import Error, connection, transaction

from digest_site.celery import app
from subscriptions import erasing, links, signup
from subscriptions.composing import compose_due
from subscriptions.consent import Shown
from subscriptions.models import ConsentEvent, Delivery, DeliveryEvent, Feedback, Subscriber, Suppression, Token
from subscriptions.preferences import Preferences
from tests.factories import NOW, make_paper, make_subscriber
from tests.readers import dump, path_of, preferences_fields, sign_up_fields, visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

ADDRESS, NEXT_ADDRESS, WORD = "zxqv.unique@example.org", "zxqv.next@example.net", "zxqvology"
SHOWN = Shown(form="own data")


def everything() -> str:
    """The database as a dump would show it: every table there is, ours or not."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows += cursor.fetchall()
    return json.dumps([*rows, dump()], default=str, ensure_ascii=False).lower()


def beside_the_database() -> str:
    """What else outlives a process: the files of cache, broker and outbox, and all that Redis holds."""
    found = [_content(path) for path in settings.DATA_DIR.rglob("*") if path.is_file() and "sqlite3" not in path.name]
    if settings.REDIS_URL:
        with redis.Redis.from_url(settings.REDIS_URL) as server:
            found += [key + _value(server, key) for key in server.scan_iter()]
    found += [base64.b64decode(body) for whole in list(found) for body in re.findall(rb'"body": ?"([\w+/=]+)"', whole)]
    return b"\n".join(found).decode(errors="replace").lower()


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix != FileBasedCache.cache_suffix:
        return content
    file = io.BytesIO(content)
    pickle.load(file)  # when it expires
    return zlib.decompress(file.read())


def _value(server: redis.Redis, key: bytes) -> bytes:
    match server.type(key):
        case b"string":
            return server.get(key) or b""
        case b"list":
            return b"".join(server.lrange(key, 0, -1))
        case b"hash":
            return b"".join(part for pair in server.hgetall(key).items() for part in pair)
        case b"zset":
            return b"".join(server.zrange(key, 0, -1))
    return b"".join(server.smembers(key))


def use_the_product(client) -> Subscriber:
    """All a reader can do: sign up, confirm, change, get digests, say more or less, move, be bounced."""
    make_paper(1, title="A paper on something")
    client.post("/subscribe", sign_up_fields(ADDRESS, keywords=WORD))
    client.post(path_of(Token.objects.get(purpose="confirm")))
    reader = Subscriber.objects.get()
    visit(reader, client=client)
    client.post("/preferences", preferences_fields(keywords=f"{WORD}\n-{WORD}phobia", preview="1"))
    client.post("/preferences", preferences_fields(keywords=f"{WORD}\n-{WORD}phobia"))
    client.post("/preferences/address", {"move-email": NEXT_ADDRESS})
    client.post("/preferences/feed")
    compose_due(NOW + timedelta(days=1))
    reader.refresh_from_db()
    paper = make_paper(2, title="Another")
    Feedback.objects.create(subscriber=reader, paper=paper, verdict=1, at=NOW)
    delivery = Delivery.objects.filter(subscriber=reader).first()
    DeliveryEvent.objects.create(
        fingerprint="1", delivery=delivery, kind="bounced", provider="x", at=NOW, detail=f"<{ADDRESS}> is unknown",
        address_hmac=links.address_hmac(ADDRESS),
    )  # fmt: skip
    Suppression.objects.create(address_hmac=links.address_hmac(ADDRESS), reason="bounce")
    return reader


def test_s30_nothing_of_the_person_is_left_but_the_suppression(client, caplog):
    caplog.set_level(logging.DEBUG)
    reader = use_the_product(client)
    before = everything()
    assert all(part in before for part in (ADDRESS, NEXT_ADDRESS, WORD))

    assert erasing.erase(reader, NOW, SHOWN)

    after = everything()
    assert [part for part in (ADDRESS, NEXT_ADDRESS, WORD, "zxqv") if part in after] == []
    assert "zxqv" not in caplog.text.lower()
    assert "zxqv" not in beside_the_database()
    assert Suppression.objects.get().address_hmac == links.address_hmac(ADDRESS)
    kinds = list(ConsentEvent.objects.values_list("subscriber_id", "kind"))
    assert kinds == [(reader.pk, kind) for kind in ("requested", "confirmed", "changed", "erased")]


def test_what_stands_beside_the_database_is_seen():
    cache.set("canary", "Zxqv sings")
    for name in ("queue", "processed", "control"):
        (settings.DATA_DIR / "broker" / name).mkdir(parents=True, exist_ok=True)
    app.send_task("subscriptions.tasks.sweep", ("zxqv works",))
    seen = beside_the_database()
    app.control.purge()

    assert ("zxqv sings" in seen, "zxqv works" in seen) == (True, True)


def test_erasing_again_does_nothing(client):
    reader = make_subscriber()

    assert erasing.erase(reader, NOW, SHOWN)
    assert not erasing.erase(reader, NOW, SHOWN)
    assert ConsentEvent.objects.count() == 1


def test_one_erased_reader_takes_nothing_from_another():
    one, other = make_subscriber(1), make_subscriber(2)
    Suppression.objects.create(address_hmac=links.address_hmac(other.email), reason="bounce")

    erasing.erase(one, NOW, SHOWN)

    assert list(Subscriber.objects.all()) == [other]
    assert other.tokens.count() == 1


def test_evidence_of_an_operator_is_emptied_and_the_rest_of_the_log_stays():
    shown = Shown(form="admin", locale="de", text="sign-up-1")
    reader = signup.bring_in(ADDRESS, Preferences(), NOW, shown, source="a fair", evidence=f"{ADDRESS} signed a list")

    erasing.erase(reader, NOW, SHOWN)

    kept = ConsentEvent.objects.order_by("pk").values_list(
        "kind", "form", "locale", "text_version", "source", "evidence"
    )
    assert list(kept) == [
        ("confirmed", "admin", "de", "sign-up-1", "", ""),
        ("erased", "own data", "", "", "", ""),
    ]


def consent_of_an_erased_reader() -> ConsentEvent:
    reader = signup.bring_in(ADDRESS, Preferences(), NOW, Shown(form="x"), source="a", evidence="b")
    event = reader.consents.get()
    Subscriber.objects.filter(pk=reader.pk).delete()
    return event


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "withdrawn"}, {"at": NOW - timedelta(days=1)}, {"form": "forged"}, {"text_version": "v"},
        {"text_hash": "x"}, {"locale": "fr"}, {"source": "forged"}, {"evidence": "forged"}, {"subscriber_id": 99},
        {"source": "", "evidence": "", "form": "forged"},
    ],
)  # fmt: skip
def test_s27_log_of_an_erased_person_can_be_emptied_but_not_forged(change):
    event = consent_of_an_erased_reader()

    with pytest.raises(Error, match="append-only"), transaction.atomic():
        ConsentEvent.objects.filter(pk=event.pk).update(**change)

    assert ConsentEvent.objects.filter(pk=event.pk).update(source="", evidence="") == 1
    assert ConsentEvent.objects.filter(pk=event.pk).delete()[0] == 1


def test_links_of_an_erased_reader_lead_to_the_page_with_ways_on(client):
    reader = make_subscriber()
    paths = [path_of(links.issue(reader, purpose, NOW)) for purpose in ("manage", "unsubscribe", "feed")]
    erasing.erase(reader, NOW, SHOWN)

    for path in paths:
        page = client.get(path)
        assert page.status_code == 404
        assert "ask for a new link" in page.content.decode()
