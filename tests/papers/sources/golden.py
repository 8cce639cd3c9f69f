"""Golden pairs: `tests/data/<site>/<format>/<case>` and what it must parse to, `<case>.expected.json`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from papers.sources.base import Batch, PaperRecord, SourceError

DATA = Path(__file__).resolve().parents[2] / "data"
BLANK = PaperRecord(title="-").model_dump(mode="json")


def cases(site: str) -> list[Path]:
    """Every sample of a site, whatever its format."""
    return sorted(path for path in (DATA / site).glob("*/*") if not path.name.endswith(".expected.json"))


def case_id(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def expected(path: Path) -> Any:
    return json.loads(path.with_name(f"{path.stem}.expected.json").read_text())


def outcome(parse: Callable[[], Batch]) -> dict[str, Any]:
    """What a parser gave, or the error it raised, as JSON; whatever a record leaves out is left out."""
    try:
        batch = parse()
    except SourceError as error:
        return {type(error).__name__: str(error)}
    return {
        "day": str(batch.day) if batch.day else None,
        "route": batch.route,
        "announces": batch.announces,
        "dropped": batch.dropped,
        "records": [said(record) for record in batch.records],
        "rejects": [reject.reason for reject in batch.rejects],
        "warnings": list(batch.warnings),
    }


def said(record: PaperRecord) -> dict[str, Any]:
    return {name: value for name, value in record.model_dump(mode="json").items() if value != BLANK[name]}
