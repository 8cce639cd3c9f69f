"""What people agreed to: the words shown, by version, and the append-only log of who answered them and when.

A text is never edited: a new wording is a new version, and the old one stays, so that the hash in the log
can be checked for as long as the log exists (STANDARDS S27). The database refuses UPDATE and DELETE.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language

from subscriptions.models import ConsentEvent, Subscriber

Kind = ConsentEvent.Kind

TEXTS = {
    "sign-up-1": (
        "I want research papers that match my keywords sent to this address, as often as I chose. "
        "My address is used for nothing else. I can leave with one click, from every digest."
    ),
    "confirm-1": "Yes, send me the digest I asked for. I can leave with one click, from every digest.",
    "sign-up-1-de": (
        "Ich möchte, dass Forschungsartikel zu meinen Stichwörtern an diese Adresse geschickt werden, so oft wie "
        "gewählt. Meine Adresse wird für nichts anderes verwendet. Mit einem Klick kann ich mich abmelden, aus jeder "
        "Ausgabe heraus."
    ),
    "confirm-1-de": (
        "Ja, schicken Sie mir die Ausgabe, um die ich gebeten habe. Mit einem Klick kann ich mich abmelden, aus jeder "
        "Ausgabe heraus."
    ),
}
SIGN_UP = "sign-up-1"
CONFIRM = "confirm-1"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Where somebody agreed or asked, and to which words: `text` is a version in TEXTS, "" where none stood."""

    form: str
    locale: str = ""
    text: str = ""


def in_language(version: str) -> str:
    """The same version in the active language, where it was written in that."""
    translated = f"{version}-{get_language()}"
    return translated if translated in TEXTS else version


def record(
    kind: str, subscriber: Subscriber, now: datetime, shown: Shown, *, source: str = "", evidence: str = ""
) -> ConsentEvent:
    """Add one event; `source` and `evidence` come from an operator who brings a consent given elsewhere."""
    event = build(kind, subscriber, now, shown, source=source, evidence=evidence)
    event.save()
    return event


def build(
    kind: str, subscriber: Subscriber, now: datetime, shown: Shown, *, source: str = "", evidence: str = ""
) -> ConsentEvent:
    """The same, unsaved: for bulk_create."""
    return ConsentEvent(
        subscriber=subscriber,
        kind=kind,
        at=now,
        form=shown.form,
        text_version=shown.text,
        text_hash=hash_of(shown.text) if shown.text else "",
        locale=shown.locale,
        source=source,
        evidence=evidence,
    )


def hash_of(version: str) -> str:
    return hashlib.sha256(TEXTS[version].encode()).hexdigest()
