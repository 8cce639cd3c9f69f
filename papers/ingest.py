"""Put what a source listed into the database: one transaction per source-day, safe to repeat."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from django.db import DataError, IntegrityError, connection, models, transaction

from papers.merging import merge_listing, merge_paper, title_key
from papers.models import MAX_RAW, Listing, Paper, Reading, Rejected
from papers.search.stored import FIELDS, remember
from papers.sources.base import Batch, PaperRecord, Reject
from papers.text import clean

_Row = TypeVar("_Row", bound=models.Model)

_LOCK = 0x7061_7065_7273  # any number, the same in every process
_CHUNK = 2_000  # two parameters a record, and SQLite takes 32,766
# What a database says to one record it cannot hold. OperationalError (disk, lock, connection) is no record's fault.
_REFUSALS = (DataError, IntegrityError, OverflowError, ValueError)


@dataclass(frozen=True)
class Counts:
    """What became of a batch. `updated`: known papers that changed; `listed`: sightings not stored before;
    `papers`: the primary keys of the new and the updated ones.
    """

    found: int = 0
    new: int = 0
    updated: int = 0
    rejected: int = 0
    listed: int = 0
    papers: frozenset[int] = field(default=frozenset(), repr=False, compare=False)


def ingest(source: str, day: date, batch: Batch, *, reading: Reading | None = None, now: datetime) -> Counts:
    """Store a batch's papers and, where it announces, their listings of `day`.

    1. Find each record's paper: by arXiv id, else by title. A paper kept without an id adopts the first
       one that comes under its title.
    2. Merge (see papers.merging); insert what is new and rewrite what changed, in bulk.
    3. Quarantine what cannot go in, also what the database refuses; the others go in.

    The same batch twice changes nothing. Two processes at once take turns.
    """
    good, premature = _parted(batch.records, (now + timedelta(hours=48)).date())
    rejects = [*batch.rejects, *premature]
    writing = _Writing(source, day if batch.announces else None, now)
    with transaction.atomic():
        take_turn()
        for start in range(0, len(good), _CHUNK):
            rejects += writing.put(good[start : start + _CHUNK])
        _quarantine(rejects, source, day, reading, now)
    return Counts(
        found=len(batch.records) + len(batch.rejects),
        new=len(writing.new),
        updated=len(writing.touched - writing.new),
        rejected=len(rejects),
        listed=writing.listed,
        papers=frozenset(writing.touched | writing.new),
    )


def take_turn() -> None:
    """Let no other ingest run until this transaction ends, so none inserts the paper we just looked for.

    On SQLite the transaction is IMMEDIATE, which says the same.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _parted(records: Sequence[PaperRecord], last: date) -> tuple[list[PaperRecord], list[Reject]]:
    """Part off the records dated after `last`: a slipped digit, and it would stay the newest for years."""
    good: list[PaperRecord] = []
    premature: list[Reject] = []
    for record in records:
        if record.published_on and record.published_on > last:
            reason = f"published_on: {record.published_on} lies in the future"
            premature.append(Reject(reason=reason, raw=record.model_dump_json()))
        else:
            good.append(record)
    return good, premature


@dataclass
class _Writing:
    """One source-day's writes, and what they came to."""

    source: str
    day: date | None
    now: datetime
    new: set[int] = field(default_factory=set)  # primary keys of papers
    touched: set[int] = field(default_factory=set)
    listed: int = 0

    def put(self, records: Sequence[PaperRecord]) -> list[Reject]:
        """Write all the database takes; return the rest. A refused batch is halved until the bad record is alone."""
        try:
            with transaction.atomic():
                papers = _Papers(records, self.day, self.now)
                papers.save()
                listings = self._list(papers.pairs)
        except _REFUSALS as error:
            if len(records) == 1:
                return [Reject(reason=f"the database refuses it: {error}", raw=records[0].model_dump_json())]
            half = len(records) // 2
            return self.put(records[:half]) + self.put(records[half:])
        self.new |= {paper.pk for paper in papers.new}
        self.touched |= {paper.pk for paper in papers.changed} | {row.paper_id for row in listings}
        return []

    def _list(self, pairs: Sequence[tuple[Paper, PaperRecord]]) -> list[Listing]:
        """Store the sightings; return those that are new or changed."""
        if self.day is None:
            return []
        known = {row.paper_id: row for row in Listing.objects.filter(source=self.source, day=self.day)}
        new: dict[int, Listing] = {}
        changed: dict[int, Listing] = {}
        fields: set[str] = set()
        for paper, record in pairs:
            row = known.get(paper.pk) or new.get(paper.pk)
            if row is None:
                row = new[paper.pk] = Listing(paper=paper, source=self.source, day=self.day, first_seen_at=self.now)
            names = merge_listing(row, record)
            if names and row.pk:
                changed[paper.pk] = row
                fields |= names
        Listing.objects.bulk_create(new.values())
        _rewrite(Listing, changed.values(), fields)
        self.listed += len(new)
        return [*new.values(), *changed.values()]


class _Papers:
    """The papers some records are about: known ones, merged, and new ones."""

    def __init__(self, records: Sequence[PaperRecord], day: date | None, now: datetime) -> None:
        self.now = now
        self.new: list[Paper] = []
        self.changed: list[Paper] = []
        self.pairs: list[tuple[Paper, PaperRecord]] = []
        self._fields: set[str] = set()
        self._by_id: dict[str, Paper] = {}
        self._by_title: dict[str, Paper] = {}
        self._nameless: dict[str, Paper] = {}
        keys = [title_key(record.title) for record in records]
        self._load({record.arxiv_id for record in records if record.arxiv_id}, set(keys))
        for record, key in zip(records, keys, strict=True):
            self._take(record, key, day)

    def save(self) -> None:
        _rewrite(Paper, self.changed, self._fields | {"updated_at"})
        Paper.objects.bulk_create(self.new)
        remember([*self.new, *(self.changed if self._fields & FIELDS else ())])

    def _load(self, ids: set[str], keys: set[str]) -> None:
        found = Paper.objects.filter(models.Q(arxiv_id__in=ids) | models.Q(title_key__in=keys))
        for paper in found.order_by("pk"):
            self._shelve(paper)

    def _shelve(self, paper: Paper) -> None:
        # Of several papers under one title the oldest stands for it, so that every reading picks the same.
        self._by_title.setdefault(paper.title_key, paper)
        if paper.arxiv_id:
            self._by_id[paper.arxiv_id] = paper
        else:
            self._nameless[paper.title_key] = paper

    def _take(self, record: PaperRecord, key: str, day: date | None) -> None:
        paper = self._find(record, key)
        if paper is None:
            paper = Paper(first_seen_at=self.now, updated_at=self.now)
            self.new.append(paper)
        names = merge_paper(paper, record, day)
        self._shelve(paper)
        self.pairs.append((paper, record))
        if names and paper.pk:
            self._fields |= names
            self.changed.append(paper)
            paper.updated_at = self.now

    def _find(self, record: PaperRecord, key: str) -> Paper | None:
        if record.arxiv_id is None:
            return self._by_title.get(key)
        return self._by_id.get(record.arxiv_id) or self._nameless.pop(key, None)


def _rewrite(model: type[_Row], rows: Iterable[_Row], fields: set[str]) -> None:
    """UPDATE many rows, each to its own values. An upsert on the primary key: bulk_update's CASE is far slower."""
    table: models.QuerySet[_Row] = models.QuerySet(model)
    unique = list({row.pk: row for row in rows}.values())
    if unique:
        table.bulk_create(unique, update_conflicts=True, unique_fields=["id"], update_fields=sorted(fields))


def _quarantine(rejects: Sequence[Reject], source: str, day: date, reading: Reading | None, now: datetime) -> None:
    rows = [
        Rejected(
            reading=reading,
            source=source,
            day=day,
            reason=clean(reject.reason, Rejected.MAX_REASON),
            raw=clean(reject.raw, MAX_RAW),
            digest=hashlib.sha256(reject.raw.encode(errors="backslashreplace")).hexdigest(),
            first_seen_at=now,
        )
        for reject in rejects
    ]
    Rejected.objects.bulk_create(rows, ignore_conflicts=True)
