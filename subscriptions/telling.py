"""Sentences that are kept with a digest: as a kind and its facts, and put into words for whoever reads them.

A kind, once stored, stays here for as long as digests that name it are kept.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self, TypeAlias

from django.conf import settings
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override, pgettext

# Text, a number, names in a row, or days in a row.
Fact: TypeAlias = str | int | Sequence[str] | Sequence[date]

_DAYS_NAMED = 3


@dataclass(frozen=True)
class Sentence:
    kind: str
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def __str__(self) -> str:
        """In the active language."""
        form = _FORMS[self.kind](count if isinstance(count := self.facts.get("count"), int) else 0)
        return form % {name: _in_words(fact) for name, fact in self.facts.items()}

    def stored(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"kind": self.kind, "facts": {name: _plain(fact) for name, fact in self.facts.items()}}

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> Self:
        return cls(stored["kind"], {name: _fact(value) for name, value in stored["facts"].items()})


def in_english(sentence: Sentence) -> str:
    """As operators read it."""
    with override(settings.LANGUAGE_CODE):
        return str(sentence)


def tell(stored: Iterable[Mapping[str, Any]]) -> list[str]:
    """Stored sentences in the active language."""
    return [str(Sentence.restored(one)) for one in stored]


# By kind; the number decides between one and many.
_FORMS: Mapping[str, Callable[[int], str]] = {
    "late": lambda _count: _(
        "It could not be made within 12 hours of its time. Its papers come with your next digest."
    ),
    "pending": lambda _count: _("%(sources)s had published nothing new yet."),
    "unread": lambda _count: _("%(source)s could not be read for %(days)s: what it announced may be missing here."),
    "skipped": lambda _count: _(
        "Your interest “%(interest)s” was skipped, because it can no longer be read: %(error)s"
    ),
    "zone": lambda _count: _("The time zone “%(zone)s” is not known here. Until you choose another, it is UTC."),
    "left_out": lambda _count: _("Papers that came before %(days)s are left out: your last digest is too long ago."),
    "muted": lambda count: ngettext(
        "One new paper came in, but you muted it.", "%(count)s new papers came in, but you muted them all.", count
    ),
    "unmatched": lambda count: ngettext(
        "One new paper came in, but it does not match your interests.",
        "%(count)s new papers came in, but none matches your interests.",
        count,
    ),
    "unmatched_readable": lambda count: ngettext(
        "One new paper came in, but it does not match those of your interests that can be read.",
        "%(count)s new papers came in, but none matches those of your interests that can be read.",
        count,
    ),
    "none_failed": lambda _count: _("No new papers came in: %(sources)s could not be read."),
    "none_asked": lambda _count: _("No new papers came in: no source was read since your last digest."),
    "none_announced": lambda _count: _("No new papers came in: nothing was announced since your last digest."),
    "none": lambda _count: _("No new papers came in since your last digest."),
}


def _in_words(fact: Fact) -> str:
    if isinstance(fact, str):
        return fact
    if isinstance(fact, int):
        return number_format(fact, use_l10n=True, force_grouping=True)
    days = [one for one in fact if isinstance(one, date)]
    return _days(days) if days else _join([str(one) for one in fact])


def _days(days: Sequence[date]) -> str:
    if len(days) <= _DAYS_NAMED:
        return _join([_day(day) for day in days])
    span = {"count": len(days), "first": _day(days[0]), "last": _day(days[-1])}
    return _("%(count)d days from %(first)s to %(last)s") % span


def _day(day: date) -> str:
    return date_format(day, pgettext("format of a day without its year", "j F"))


def _join(words: Sequence[str]) -> str:
    *head, last = words
    return _("%(names)s and %(last)s") % {"names": ", ".join(head), "last": last} if head else last


def _plain(fact: Fact) -> Any:
    if isinstance(fact, str | int):
        return fact
    days = [one.isoformat() for one in fact if isinstance(one, date)]
    return {"days": days} if days else list(fact)


def _fact(value: Any) -> Fact:
    return [date.fromisoformat(day) for day in value["days"]] if isinstance(value, dict) else value
