"""A row of a file → somebody to bring in, or what is wrong with it. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.db import models
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _

from subscriptions import addresses, keywords
from subscriptions.models import Subscriber
from subscriptions.models.subscriber import MAX_PAPERS
from subscriptions.preferences import Preferences
from subscriptions.spreadsheets import is_formula

MAX_EVIDENCE = 2_000
IGNORE = ""
# What a column can hold, and what its heading may be called.
FIELDS = {
    "email": (
        gettext_lazy("Address"),
        {"email", "e-mail", "mail", "address", "emailaddress", "adresse", "e-mail-adresse"},
    ),
    "keywords": (gettext_lazy("Interests"), {"keywords", "interests", "topics", "interessen", "stichwörter"}),
    "frequency": (gettext_lazy("How often"), {"frequency", "howoften"}),
    "weekday": (gettext_lazy("Weekday"), {"weekday", "day"}),
    "hour": (gettext_lazy("Hour"), {"hour", "time"}),
    "zone": (gettext_lazy("Time zone"), {"zone", "timezone", "tz"}),
    "max_papers": (gettext_lazy("Papers at most"), {"maxpapers", "papers"}),
    "language": (gettext_lazy("Language"), {"language", "lang", "locale", "sprache"}),
    "evidence": (gettext_lazy("Evidence of consent"), {"evidence", "consent", "proof"}),
}


@dataclass(frozen=True)
class Candidate:
    """Somebody whose row is right. `row` counts from 1, the headings."""

    row: int
    email: str
    preferences: Preferences
    evidence: str


@dataclass(frozen=True)
class Fault:
    row: int
    column: str
    problem: str


def guess(headings: Sequence[str]) -> dict[str, str]:
    """Which field each column holds, by its number as text; each field once."""
    found: dict[str, str] = {}
    for number, heading in enumerate(headings):
        plain = heading.lower().replace(" ", "").replace("_", "")
        name = next((name for name, (_label, known) in FIELDS.items() if plain in known), IGNORE)
        if name and name not in found.values():
            found[str(number)] = name
    return found


def read_row(row: int, cells: Sequence[str], columns: Mapping[str, str], evidence: str) -> Candidate | list[Fault]:
    """Somebody, or every fault of the row."""
    typed = _named(cells, columns)
    values: dict[str, Any] = {}
    faults = []
    for name, text in typed.items():
        if not text and name != "email":
            continue
        try:
            values[name] = _read(name, text)
        except ValueError as error:
            faults.append(Fault(row, name, str(error)[:300]))
    if faults:
        return faults
    email, proof = values.pop("email"), values.pop("evidence", evidence)
    return Candidate(row, email, Preferences(**values), proof)


def read_address(cells: Sequence[str], columns: Mapping[str, str]) -> str:
    """The row's address alone; empty when it cannot be read."""
    try:
        return str(_read("email", _named(cells, columns)["email"]))
    except ValueError:
        return ""


def _named(cells: Sequence[str], columns: Mapping[str, str]) -> dict[str, str]:
    return {name: cells[int(at)] if int(at) < len(cells) else "" for at, name in columns.items() if name}


def _read(name: str, text: str) -> Any:
    if is_formula(text):
        raise ValueError(_("This is a formula, not a value."))
    return _READERS[name](text)


def _email(text: str) -> str:
    if not text:
        raise ValueError(_("There is no address."))
    return addresses.parse(text)


def _frequency(text: str) -> str:
    known = _known(Subscriber.Frequency)
    if text.lower() not in known:
        raise ValueError(_("Write one of %s.") % ", ".join(Subscriber.Frequency.values))
    return str(known[text.lower()])


def _weekday(text: str) -> int:
    known = _known(Subscriber.Weekday)
    if text.lower() not in known:
        raise ValueError(_("Write a weekday such as Monday, or 0 for it."))
    return int(known[text.lower()])


def _known(choices: type[models.Choices]) -> dict[str, Any]:
    """By what a file may say for it, each value: itself, and its name in English and in the operator's language."""
    found: dict[str, Any] = {}
    for language in (settings.LANGUAGE_CODE, get_language() or settings.LANGUAGE_CODE):
        with override(language):
            found |= {str(word).lower(): value for value, label in choices.choices for word in (value, label)}
    return found


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        text = text.removesuffix(":00")
        if not (text.isascii() and text.isdecimal() and len(text) < 4 and low <= int(text) <= high):
            raise ValueError(_("Write a number from %(low)d to %(high)d.") % {"low": low, "high": high})
        return int(text)

    return read


def _zone(text: str) -> str:
    if text not in _zones():
        raise ValueError(_("This is no IANA time zone, such as Europe/Berlin."))
    return text


def _language(text: str) -> str:
    known = {str(word).lower(): code for code, name in settings.LANGUAGES for word in (code, name)}
    if text.lower() not in known:
        raise ValueError(_("Write one of %s.") % ", ".join(code for code, _name in settings.LANGUAGES))
    return known[text.lower()]


def _evidence(text: str) -> str:
    if len(text) > MAX_EVIDENCE:
        raise ValueError(_("At most %d characters can be kept.") % MAX_EVIDENCE)
    return text


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "Factory"})


_READERS: Mapping[str, Callable[[str], Any]] = {
    "email": _email,
    "keywords": keywords.read,
    "frequency": _frequency,
    "weekday": _weekday,
    "hour": _number(0, 23),
    "zone": _zone,
    "max_papers": _number(1, MAX_PAPERS),
    "language": _language,
    "evidence": _evidence,
}
