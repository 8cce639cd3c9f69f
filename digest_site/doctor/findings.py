"""What an examination finds."""

from dataclasses import asdict, dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Finding:
    """`check`: what was looked at. `hint`: what to do about it, empty where nothing is to be done."""

    check: str
    level: Level
    words: str
    hint: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def ok(check: str, words: str) -> Finding:
    return Finding(check, Level.OK, words)


def warning(check: str, words: str, hint: str) -> Finding:
    return Finding(check, Level.WARNING, words, hint)


def failed(check: str, words: str, hint: str) -> Finding:
    return Finding(check, Level.FAILED, words, hint)


def not_checked(check: str, words: str, hint: str = "") -> Finding:
    return Finding(check, Level.NOT_CHECKED, words, hint)
