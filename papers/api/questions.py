"""What may be asked of the API, with its limits."""

from typing import Annotated, Literal

from ninja import P, PathEx
from pydantic import BaseModel, Field, field_validator, model_validator

from papers.periods import Period, parse_day, parse_month, parse_week

MAX_LIMIT = 100
MAX_PAGE = 100
_READ = {"date": parse_day, "week": parse_week, "month": parse_month}

Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, description="Papers a page.")]
PageNumber = Annotated[int, Field(ge=0, le=MAX_PAGE, description="Which page; the first is 0.")]
PaperId = PathEx[str, P(description="An arXiv id, such as 2608.00001.")]


class DailyPapers(BaseModel):
    date: str = Field("", description="A day, such as 2026-08-12.")
    week: str = Field("", description="An ISO week, such as 2026-W33.")
    month: str = Field("", description="A month, such as 2026-08.")
    submitter: Literal[""] = Field("", description="Refused: who submitted a paper is not known here.")
    sort: Literal["publishedAt", "trending"] = "publishedAt"
    limit: Limit = 50
    p: PageNumber = 0

    @field_validator("date")
    @classmethod
    def _without_time(cls, value: str) -> str:
        return value.partition("T")[0]

    @field_validator("submitter", mode="before")
    @classmethod
    def _unknown(cls, value: str) -> str:
        if value:
            raise ValueError("Who submitted a paper is not known here: leave submitter out.")
        return value

    @model_validator(mode="after")
    def _one_period(self) -> "DailyPapers":
        if len(self._asked()) > 1:
            raise ValueError("Ask for a date, a week or a month, not for several of them.")
        return self

    @property
    def period(self) -> Period | None:
        """The days asked for; None for the newest. Raises BadPeriod."""
        return next((_READ[name](text) for name, text in self._asked().items()), None)

    def _asked(self) -> dict[str, str]:
        return {name: text for name in _READ if (text := getattr(self, name))}


class Search(BaseModel):
    q: str = Field(min_length=1, description='An interest, such as: title:jacobian OR "state space model"')
    limit: Limit = 20
    p: PageNumber = 0
