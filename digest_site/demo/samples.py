"""The invented papers: what stands in the TOML files beside this module, checked and typed."""

import tomllib
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

LABEL = "An invented sample paper."
DAYS = 5

_FOLDER = Path(__file__).parent
_SATURDAY = 5


class Votes(BaseModel):
    """How Hugging Face shows a paper."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    votes: int
    comments: int


class Sample(BaseModel):
    """One invented paper and where the sample sites show it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str  # there is no month 00, so arXiv can never give such an id away
    title: str
    authors: tuple[str, ...]
    hidden: tuple[str, ...] = ()  # authors whose names the site withholds
    organisation: str = ""
    organisation_name: str = ""
    categories: tuple[str, ...]
    day: int  # 1 is the oldest of the sample days
    published: int  # days before `day`
    huggingface: Votes | None = None  # None: Hugging Face does not show it
    also: tuple[int, ...] = ()  # further days on which Hugging Face shows it
    arxiv: Literal["", "new", "cross", "replace", "replace-cross"] = ""  # how the newest day's feed announces it
    version: int = 1
    code: str = ""
    stars: int | None = None
    project: str = ""
    keywords: tuple[str, ...] = ()
    abstract: str

    @property
    def summary(self) -> str:
        """The abstract with its hard line breaks. The label stands first, where no mail cuts it off."""
        return f"{LABEL}\n{self.abstract.strip()}"

    @property
    def one_line_title(self) -> str:
        return " ".join(self.title.split())


def load_samples() -> list[Sample]:
    """Every sample paper, oldest day first."""
    names = _load("organisations.toml")
    return [
        Sample(**paper, day=day, organisation_name=names.get(paper.get("organisation", ""), ""))
        for day in range(1, DAYS + 1)
        for paper in _load(f"papers/day_{day}.toml")["papers"]
    ]


def sample_days(today: date) -> Sequence[date]:
    """The five weekdays up to `today`, oldest first: the sites list nothing at weekends."""
    newest_first = (today - timedelta(days=back) for back in range(2 * DAYS))
    weekdays = [day for day in newest_first if day.weekday() < _SATURDAY]
    return sorted(weekdays[:DAYS])


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))
