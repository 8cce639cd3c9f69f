"""Every page there is, over rows that hold whatever words a test gives them: for what must be true of all pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from digest_site.models import Alert
from papers.ingest import ingest
from papers.models import Announcement, Category, Paper, Reading, Rejected
from papers.sources.base import Batch, PaperRecord
from subscriptions import links, signup
from subscriptions.consent import Shown
from subscriptions.judging import Verdict, judge
from subscriptions.models import ConsentEvent, DeliveryEvent, Digest, DigestItem, Import, ImportFault, Subscriber, Token
from subscriptions.preferences import Preferences
from tests.factories import NOW, make_delivery, make_interest, make_subscriber
from tests.operators import enter, make_operator
from tests.readers import mailed_paths, path_of, visit

DAY = NOW.date()
# What the programs look things up by, and what the database lets nobody change.
KEPT = {"arxiv_id", "title_key", "normal", "email", "email_key", "zone", "language", "key", "digest", "host", "code"}
KEPT |= {"fingerprint", "address_hmac", "word", "outcome", "encoding", "delimiter", "mapping"}
APPEND_ONLY = {ConsentEvent}


class Browser(Client):
    """Comes over https, as everybody does on a public site."""

    def request(self, **request: Any) -> Any:
        return super().request(**request | {"wsgi.url_scheme": "https", "SERVER_PORT": "443"})


@dataclass(frozen=True)
class Visit:
    """A page and whoever may see it."""

    path: str
    client: Browser
    is_private: bool = False

    def answer(self) -> Any:
        return self.client.get(self.path)


def fill(words: str) -> Subscriber:
    """One row of nearly everything; `words` come in wherever words can, the papers' by way of ingesting them."""
    _papers(words)
    Announcement.objects.create(body=words, starts_on=DAY, ends_on=DAY + timedelta(days=1))
    reading = Reading.objects.create(source="arxiv", day=DAY, started_at=NOW, outcome="failed")
    Rejected.objects.create(reading=reading, source="arxiv", day=DAY, raw=words, digest="0" * 64)
    Alert.objects.create(name="delivery_unknown", words=words, opened_at=NOW, seen_at=NOW)
    Category.objects.get_or_create(code="cs.LG")
    reader = _reader(words)
    batch = Import.objects.create(name="a.csv", created_at=NOW)
    ImportFault.objects.create(of=batch, row=2)
    _say_everywhere(words)
    return reader


def _papers(words: str) -> None:
    facts = {"abstract": words, "authors": (words, "Ada Example"), "organisation": words, "organisation_name": words}
    facts |= {"keywords": (words,), "code_url": words, "project_url": words, "code_stars": 3, "comments": 2, "votes": 9}
    records = [
        PaperRecord(title=f"{words} {number}"[-500:], arxiv_id=f"2608.{number:05}", rank=number, **facts)
        for number in range(1, 4)
    ]
    ingest("huggingface", DAY, Batch(records=records, route="api"), now=NOW - timedelta(hours=2))
    Paper.objects.filter(arxiv_id="2608.00001").update(is_pinned=True, picked_at=NOW)


def _reader(words: str) -> Subscriber:
    papers = list(Paper.objects.order_by("pk"))
    reader = make_subscriber()
    make_interest(reader, words[:120])
    make_interest(reader, "muted", is_muted=True)
    delivery = make_delivery(subscriber=reader, papers=papers, state="failed")
    Digest.objects.update(notices=[words])
    DigestItem.objects.update(reasons=[{"interest": words, "terms": [words, words.split(maxsplit=1)[0]]}])
    DeliveryEvent.objects.create(fingerprint="x", delivery=delivery, kind="bounced", provider="sample", at=NOW)
    judge(reader, papers[0], Verdict.MORE, NOW)
    ConsentEvent.objects.create(
        subscriber=reader, kind="confirmed", at=NOW, form=words[:40], source=words[:100], evidence=words
    )
    return reader


def _say_everywhere(words: str) -> None:
    """Into every column of plain text that nothing is looked up by, without passing any form."""
    for model in apps.get_models():
        if model._meta.app_label not in {"papers", "subscriptions", "digest_site"} or model in APPEND_ONLY:
            continue
        texts = {field.name: words[: field.max_length] for field in model._meta.concrete_fields if _is_text(field)}
        if texts and model is not Paper:
            model._default_manager.update(**texts)
    Paper.objects.update(pick_note=words[:300], is_edited=True, source_words={"title": words, "abstract": words})


def _is_text(field: models.Field) -> bool:
    plain = isinstance(field, models.CharField | models.TextField) and not field.choices and not field.unique
    return plain and field.name not in KEPT


def everywhere(words: str) -> Iterator[Visit]:
    """Fill the tables, then come to every page; some twice, as `words` may be asked for."""
    reader = fill(words)
    stranger, own = Browser(), visit(reader, client=Browser())
    yield from (Visit(path, stranger) for path in _public(words))
    yield from (Visit(path, stranger, is_private=True) for path in _mailed(reader))
    yield from (Visit(path, own, is_private=True) for path in _own())
    operator = enter(Browser(), make_operator())
    operator.post(reverse("admin:papers_category_add"), {"code": "cs.ET", "name": words[:200], "is_read": "on"})
    yield from (Visit(path, operator, is_private=True) for path in _admin(words))


def _public(words: str) -> list[str]:
    asked = quote(words[:150], safe="")
    return [
        "/", "/?page=1", f"/papers/date/{DAY}", "/papers/week/2026-W33", "/papers/month/2026-08", "/papers/trending",
        "/papers/2608.00001", "/papers/2608.00002", "/papers", f"/papers?q={asked}", f"/papers?q={asked}&sort=date",
        f"/topics/{asked}", "/topics/example", f"/papers/date/{asked}", f"/papers?page={asked}", f"/feeds?q={asked}",
        "/subscribe", f"/subscribe?keywords={asked}", f"/subscribe/preview?keywords={asked}", "/subscribe/thanks",
        "/preferences/link", "/preferences/link/sent", "/api/", "/status", "/about", f"/nowhere/{asked}", "/feeds",
        "/preferences/pause", f"/u/{'A' * 22}", f"/c/{asked}",
        # And where something is wrong with what was asked.
        "/papers?q=(grokking", "/feeds?q=(grokking", "/topics/(grokking", "/subscribe?keywords=(grokking",
    ]  # fmt: skip


def _mailed(reader: Subscriber) -> list[str]:
    signup.sign_up("waiting@example.org", Preferences.of(reader), NOW, Shown(form="sign-up form"))
    tokens = [
        Token.objects.filter(purpose=Token.Purpose.CONFIRM).latest("pk"),
        reader.tokens.filter(purpose=Token.Purpose.UNSUBSCRIBE).latest("pk"),
        links.issue(reader, Token.Purpose.EMAIL, NOW, {"email": "new@example.org"}),
    ]
    return [*map(path_of, tokens), *mailed_paths(reader, Paper.objects.earliest("pk").pk).values()]


def _own() -> list[str]:
    pages = ("", "/digests", f"/digests/{DAY}", "/judgements", "/data")
    return [f"/preferences{page}" for page in pages]


def _admin(words: str) -> Iterator[str]:
    yield reverse("admin:index")
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield from _of_model(name, model, words)


def _of_model(name: str, model: type[models.Model], words: str) -> Iterator[str]:
    yield reverse(f"{name}_changelist")
    yield f"{reverse(f'{name}_changelist')}?q={quote(words[:150])}"
    newest = model._default_manager.order_by("-pk").first()
    if newest is not None:
        yield from (reverse(f"{name}_{page}", args=[newest.pk]) for page in ("change", "history", "delete"))
