"""What a reader asks for, as plain values: between a form, a confirmation link's payload and the reader's rows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from django.conf import settings
from django.utils.translation import gettext as _

from subscriptions.keywords import Keyword
from subscriptions.models import Interest, Subscriber


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """Field names are Subscriber's; `keywords` become its interests."""

    keywords: Sequence[Keyword] = ()
    frequency: str = Subscriber.Frequency.DAILY.value
    weekday: int = Subscriber.Weekday.MONDAY.value
    hour: int = 7
    zone: str = "UTC"
    max_papers: int = 10
    language: str = settings.LANGUAGE_CODE
    wants_trending: bool = False
    wants_quiet_note: bool = False

    @classmethod
    def of(cls, subscriber: Subscriber) -> Self:
        """What stands in the rows now."""
        interests = subscriber.interests.all()
        keywords = tuple(Keyword(row.text, row.normal, row.is_muted) for row in interests)
        return cls(keywords=keywords, **{name: getattr(subscriber, name) for name in COLUMNS})

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        keywords = tuple(Keyword(**keyword) for keyword in payload["keywords"])
        return cls(keywords=keywords, **{name: payload[name] for name in COLUMNS if name in payload})

    @property
    def rhythm(self) -> str:
        """When digests come, in words: "every Monday at 07:00 (UTC)"."""
        match self.frequency:
            case Subscriber.Frequency.PAUSED:
                return _("no digests for now")
            case Subscriber.Frequency.WEEKLY:
                days = _("every %(day)s") % {"day": Subscriber.Weekday(self.weekday).label}
            case _other:
                days = str(Subscriber.Frequency(self.frequency).label)
        return _("%(days)s at %(time)s (%(zone)s)") % {"days": days, "time": f"{self.hour:02}:00", "zone": self.zone}

    def as_payload(self) -> dict[str, Any]:
        return asdict(self)

    def write_columns(self, subscriber: Subscriber) -> list[str]:
        """Set the subscriber's own fields, without saving; return the names of those that differ now."""
        changed = [name for name in COLUMNS if getattr(subscriber, name) != getattr(self, name)]
        for name in changed:
            setattr(subscriber, name, getattr(self, name))
        return changed

    def write_interests(self, subscriber: Subscriber) -> bool:
        """Make the reader's interests these keywords; False when they are already."""
        if tuple(self.keywords) == type(self).of(subscriber).keywords:
            return False
        subscriber.interests.all().delete()
        Interest.objects.bulk_create(self.interests_of(subscriber))
        return True

    def interests_of(self, subscriber: Subscriber) -> list[Interest]:
        """Unsaved rows, one for each keyword."""
        return [
            Interest(subscriber=subscriber, position=position, **asdict(keyword))
            for position, keyword in enumerate(self.keywords)
        ]


COLUMNS = tuple(field.name for field in fields(Preferences) if field.name != "keywords")
