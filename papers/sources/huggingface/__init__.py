"""Hugging Face's Daily Papers: the JSON API first, the page behind it when the API fails."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from papers.sources.base import Batch, Get, NotModified, PaperRecord, SourceError, both
from papers.sources.huggingface.api import parse_api
from papers.sources.huggingface.page import parse_page

SITE = "https://huggingface.co"

_SATURDAY = 5
_ASKED = 100  # the API's maximum; its default of 50 cuts a busy day short without a word
_SHORT = 50  # Below its default a page is the last one, even should the API ever ignore what we ask.
_MAX_PAGES = 20


class HuggingFace:
    slug = "huggingface"
    name = "Hugging Face"
    grows = True

    def __init__(self, base_url: str = SITE) -> None:
        self.base_url = base_url.rstrip("/")

    def expects(self, day: date) -> bool:
        """Weekdays. On a handful of holidays the site lists nothing either, which only looks stale."""
        return day.weekday() < _SATURDAY

    def read(self, day: date, get: Get, *, categories: Sequence[str] = ()) -> Batch:
        """Everything featured on `day` so far: the list keeps growing, also after midnight."""
        try:
            return self._read_api(day, get)
        except SourceError as api_error:
            try:
                return parse_page(get(f"{self.base_url}/papers/date/{day}"), day=day)
            except SourceError as error:
                raise both(api_error, error) from error

    def _read_api(self, day: date, get: Get) -> Batch:
        """Page until a short page, a page that brings nothing new, or the limit of patience."""
        found = Batch(route="api", day=day)
        for page in range(_MAX_PAGES):
            try:
                body = get(f"{self.base_url}/api/daily_papers?date={day}&limit={_ASKED}&p={page}")
            except NotModified:
                if page == 0:
                    raise
                break  # This page has gone in before.
            batch = parse_api(body, day=day)
            longer = _joined(found, batch)
            is_last = len(batch.records) + len(batch.rejects) < _SHORT or len(longer.records) == len(found.records)
            found = longer
            if is_last:
                break
        return found


def _joined(found: Batch, page: Batch) -> Batch:
    """Add a page's papers, ranked on from where the last page ended, each once."""
    known = {record.arxiv_id for record in found.records}
    fresh: list[PaperRecord] = [record for record in page.records if record.arxiv_id not in known]
    ranked = [
        record.model_copy(update={"rank": len(found.records) + number}) for number, record in enumerate(fresh, start=1)
    ]
    return replace(
        found,
        records=[*found.records, *(ranked if found.records else fresh)],
        rejects=[*found.rejects, *(reject for reject in page.rejects if reject not in found.rejects)],
        warnings=[*found.warnings, *page.warnings],
    )
