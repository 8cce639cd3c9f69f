"""Try again what was put into quarantine: after an upgrade, or once what refused it has been mended."""

from datetime import datetime

from django.db import transaction
from pydantic import ValidationError

from papers.ingest import ingest
from papers.models import Rejected
from papers.sources.base import Batch, PaperRecord, SourceError
from papers.sources.saved import parse_saved


class NotWhole(Exception):
    """The record is not kept in a form that can be read alone: its day must be read again."""


def retry(rejected: Rejected, now: datetime) -> str:
    """Read one record again. "" when it went in, and its row is gone; else why it is still refused."""
    try:
        batch = _read(rejected.raw)
    except SourceError as error:
        rejected.reason = str(error)[: Rejected.MAX_REASON]
        rejected.save(update_fields=["reason"])
        return rejected.reason
    with transaction.atomic():
        rejected.delete()  # what is refused again comes back with its new reason
        ingest(rejected.source, rejected.day, batch, now=now)
        again = Rejected.objects.filter(source=rejected.source, first_seen_at=now).first()
    return again.reason if again else ""


def _read(raw: str) -> Batch:
    """A record of ours, or one of a JSON array. Raises SourceError, or NotWhole."""
    try:
        return Batch(records=[PaperRecord.model_validate_json(raw)])
    except ValidationError:
        if not raw.startswith("{") or not raw.endswith("}"):
            raise NotWhole from None
    return parse_saved(f"[{raw}]".encode())[1]
