"""What readers do in tests: fill in forms, follow links. And what an onlooker sees: the tables, the statements."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.test import Client

from subscriptions import forms, links, signup
from subscriptions.consent import Shown
from subscriptions.digest_links import DigestLinks, keep_link
from subscriptions.models import Subscriber, Token
from subscriptions.preferences import Preferences
from tests.factories import NOW, make_subscriber


def sign_up_fields(email: str = "ada@example.org", now: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """A sign-up form as a person would send it ten seconds after opening the page."""
    fields = {
        "email": email,
        "keywords": "diffusion models\n-survey",
        "frequency": "daily",
        "weekday": "0",
        "hour": "7",
        "zone": "Europe/Berlin",
        "max_papers": "10",
        "website": "",
        "shown": forms.stamp(now - timedelta(seconds=10)),
    }
    return fields | changes


def preferences_fields(**changes: Any) -> dict[str, Any]:
    fields = sign_up_fields(**changes)
    return {name: fields[name] for name in fields.keys() - {"email", "website", "shown"}}


def path_of(token: Token) -> str:
    return links.url(token).removeprefix(settings.SITE_URL)


def mailed_paths(reader: Subscriber, paper_id: int = 7, now: datetime = NOW) -> dict[str, str]:
    """The paths of the links of the reader's digest of that day, by what they do."""
    unsubscribe = reader.tokens.filter(purpose=Token.Purpose.UNSUBSCRIBE).latest("pk")
    own = DigestLinks(unsubscribe, now.date())
    wishes = own.feedback(paper_id)
    urls = {"pause": own.pause, "view": own.view, "more": wishes.more, "less": wishes.less}
    urls["keep"] = keep_link(unsubscribe)
    return {name: url.removeprefix(settings.SITE_URL) for name, url in urls.items()}


def pending(email: str = "ada@example.org") -> Token:
    """A confirm token, as a mail has brought it."""
    signup.sign_up(email, Preferences(), NOW, Shown(form="sign-up form"))
    return Token.objects.filter(purpose=Token.Purpose.CONFIRM).latest("pk")


def living_tokens() -> dict[str, Token]:
    """One of each purpose."""
    reader = make_subscriber()
    unsubscribe = reader.tokens.get()
    manage = links.issue(reader, Token.Purpose.MANAGE, NOW)
    email = links.issue(reader, Token.Purpose.EMAIL, NOW, {"email": "new@example.org"})
    return {"confirm": pending(), "unsubscribe": unsubscribe, "manage": manage, "email": email}


def visit(subscriber: Subscriber, now: datetime = NOW, client: Client | None = None) -> Client:
    """A browser that has just opened a link to the reader's preferences."""
    client = client or Client()
    client.get(path_of(links.issue(subscriber, Token.Purpose.MANAGE, now)))
    return client


def text_of(response: Any) -> str:
    """A page's words, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def told(response: Any) -> list[tuple[str, str]]:
    """A page's headers, but for the number that every request gets."""
    return sorted((name, value) for name, value in response.headers.items() if name != "X-Request-ID")


def main_of(response: Any) -> str:
    """A page's own part, without what stands around every page."""
    return response.content.decode().partition("<main")[2].partition("</main>")[0]


def dump() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in apps.get_models()}


def shape(queries: Iterable[dict[str, str]]) -> list[str]:
    """Statements without their values, and without savepoints, which end one way or the other."""
    plain = [re.sub(r"'(?:[^']|'')*'(?:::\w+)?|\b\d+\b|\bNULL\b", "?", query["sql"]) for query in queries]
    return [sql for sql in plain if "SAVEPOINT" not in sql]
