"""Three sample readers. Each shows something else that a subscription can ask for."""

from dataclasses import dataclass

from subscriptions import keywords
from subscriptions.models import Subscriber
from subscriptions.preferences import Preferences


@dataclass(frozen=True)
class Reader:
    """`shows`: what to look for in this reader's digest."""

    email: str
    shows: str
    preferences: Preferences


READERS = (
    Reader(
        "noor@example.org",
        "Phrases: hyphens, blanks and plurals make no difference.",
        Preferences(
            keywords=keywords.read("state-space models\nmulti-agent\nretrieval-augmented generation"),
            hour=7,
            zone="Europe/Lisbon",
            max_papers=15,
        ),
    ),
    Reader(
        "tomas@example.org",
        "Fields and operators; surveys are muted.",
        Preferences(
            keywords=keywords.read('cat:cs.RO AND (grasp* OR "tactile sensing")\norg:quillfeather\n-survey'),
            frequency=Subscriber.Frequency.WEEKDAYS.value,
            hour=9,
            zone="Africa/Nairobi",
            max_papers=15,
        ),
    ),
    Reader(
        "wren@example.org",
        "No keywords: whatever is trending.",
        Preferences(hour=8, zone="America/Sao_Paulo", max_papers=5),
    ),
)
