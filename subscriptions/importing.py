"""Bring in a file of people who agreed elsewhere (STANDARDS S33): keep it, check each row, let the good ones join.

Either pass goes on where another worker stopped, or where its own time was up: a batch of rows and how far it came
are one transaction, and the row count is the fence between two workers. Rows are never in memory all at once.
"""

import io
import logging
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from itertools import islice
from typing import IO, Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from subscriptions import links, signup
from subscriptions.candidates import Candidate, Fault, read_address, read_row
from subscriptions.consent import Shown
from subscriptions.models import Import, ImportFault, ImportPart, Subscriber, Suppression
from subscriptions.spreadsheets import Format, Row, Unreadable, read, recognise

logger = logging.getLogger(__name__)

State = Import.State
Clock = Callable[[], datetime]

MAX_BYTES = 200 * 1024 * 1024
PART = 1024 * 1024
BATCH = 1_000
MAX_FAULTS = 100_000
LEASE = timedelta(minutes=5)
# One run of a pass; the next tick goes on. Far within the task's time limit.
LONGEST = timedelta(minutes=5)
KEPT = timedelta(days=7)
FAULTS_KEPT = timedelta(days=30)
SHOWN = Shown(form="import")


class _Lost(Exception):
    """Another worker is at this import."""


class _Paused(Exception):
    """There is more to do, in another run."""


def receive(file: IO[bytes], now: datetime, *, encoding: str = "", **fields: Any) -> Import:
    """Keep an uploaded file; `fields` are Import's. Raises Unreadable."""
    size = file.seek(0, io.SEEK_END)
    if size > MAX_BYTES:
        raise Unreadable(_("This file is larger than %d MB: import it in parts.") % (MAX_BYTES // PART))
    form = recognise(file, encoding)
    file.seek(0)
    with transaction.atomic():
        job = Import.objects.create(
            kind=form.kind, encoding=form.encoding, delimiter=form.delimiter, created_at=now, **fields
        )
        for number, content in enumerate(iter(lambda: file.read(PART), b"")):
            ImportPart.objects.create(of=job, number=number, content=content)
    return job


def first_rows(job: Import, count: int) -> list[Row]:
    """The headings and what follows. Raises Unreadable."""
    with _rows(job) as rows:
        return list(islice(rows, count))


def begin_check(job: Import, columns: dict[str, str]) -> bool:
    """Have every row looked at; False when the import is past that."""
    fresh = {"row": 0, "rows": 0, "good": 0, "bad": 0, "problem": "", "leased_until": None}
    before = (State.UPLOADED, State.CHECKED)
    with transaction.atomic():
        began = _move(job, before, state=State.CHECKING, columns=columns, **fresh)
        if began:
            job.faults.all().delete()
    return began


def begin_import(job: Import) -> bool:
    """Have the good rows join; False unless there are some, and no bad ones where it is all or none."""
    if not job.good or (job.only_whole and job.bad):
        return False
    return _move(job, (State.CHECKED,), state=State.IMPORTING, row=0, joined=0, leased_until=None)


def work(clock: Clock, is_stopping: Callable[[], bool] = lambda: False) -> None:
    """Go on with every import that waits and that no other worker is at."""
    for job in Import.objects.waiting(clock()):
        if Import.objects.waiting(clock()).filter(pk=job.pk).update(leased_until=clock() + LEASE):
            job.refresh_from_db()
            _go_on(job, clock, is_stopping)


def forget_old(now: datetime) -> int:
    """Delete the files of imports that nobody finished, and old faults; return how many imports were given up."""
    ImportFault.objects.filter(of__created_at__lt=now - FAULTS_KEPT).delete()
    old = Import.objects.filter(created_at__lt=now - KEPT).exclude(state__in=(State.DONE, State.FAILED))
    problem = _("Nobody finished it within %d days.") % KEPT.days
    return sum(_end(job, State.FAILED, now, problem) for job in old)


def _go_on(job: Import, clock: Clock, is_stopping: Callable[[], bool]) -> None:
    run = _check if job.state == State.CHECKING else _import
    try:
        run(job, clock, is_stopping)
    except Unreadable as error:
        _end(job, State.FAILED, clock(), str(error))
    except _Paused:
        Import.objects.filter(pk=job.pk, row=job.row).update(leased_until=None)
    except _Lost:
        logger.info("Import %d: another worker is at it", job.pk)


def _check(job: Import, clock: Clock, is_stopping: Callable[[], bool]) -> None:
    with closing(_Seen()) as seen:
        seen.remember(_read_before(job))
        for batch in _within(LONGEST, job, clock, is_stopping):
            people, faults = _parse(job, batch)
            people, again = seen.sift(people)
            people, known = _sift(people)
            found = sorted((*faults, *again, *known), key=lambda fault: fault.row)
            with transaction.atomic():
                room = max(MAX_FAULTS - job.bad, 0)
                ImportFault.objects.bulk_create(ImportFault(of=job, **vars(fault)) for fault in found[:room])
                bad = len({fault.row for fault in found})
                _advance(job, clock(), row=batch[-1][0], good=job.good + len(people), bad=job.bad + bad)
    _move(job, (State.CHECKING,), state=State.CHECKED, rows=job.good + job.bad, leased_until=None)


def _import(job: Import, clock: Clock, is_stopping: Callable[[], bool]) -> None:
    for batch in _within(LONGEST, job, clock, is_stopping):
        parsed = _unique(_parse(job, batch)[0])
        with transaction.atomic():
            joined = _join(_sift(parsed)[0], job, clock())
            _advance(job, clock(), row=batch[-1][0], joined=job.joined + joined)
    _end(job, State.DONE, clock())


def _within(
    time: timedelta, job: Import, clock: Clock, is_stopping: Callable[[], bool]
) -> Iterator[list[tuple[int, Row]]]:
    """The batches still to be done, for so long. Raises _Paused."""
    end = clock() + time
    for batch in _batches(job, after=job.row):
        if is_stopping() or clock() > end:
            raise _Paused
        yield batch


def _join(people: Sequence[Candidate], job: Import, now: datetime) -> int:
    asked = set(
        Subscriber.objects.filter(email_key__in=[_key(one) for one in people]).values_list("email_key", flat=True)
    )
    fresh = [one for one in people if _key(one) not in asked]
    evidence = [(one.email, one.preferences, one.evidence) for one in fresh]
    try:
        with transaction.atomic():
            signup.bring_in_many(evidence, now, SHOWN, source=job.source)
    except IntegrityError:  # somebody signed up at this moment
        return sum(_join_one(one, job, now) for one in people)
    return len(fresh) + sum(_join_one(one, job, now) for one in people if _key(one) in asked)


def _join_one(one: Candidate, job: Import, now: datetime) -> bool:
    if not _sift([one])[0]:
        return False
    signup.bring_in(one.email, one.preferences, now, SHOWN, source=job.source, evidence=one.evidence)
    return True


def _parse(job: Import, batch: Sequence[tuple[int, Row]]) -> tuple[list[Candidate], list[Fault]]:
    people, faults = [], []
    for number, cells in batch:
        found = read_row(number, cells, job.columns, job.evidence)
        if isinstance(found, Candidate):
            people.append(found)
        else:
            faults += found
    return people, faults


def _sift(people: Sequence[Candidate]) -> tuple[list[Candidate], list[Fault]]:
    """Leave out who must not, or need not, be brought in."""
    here = Subscriber.objects.filter(email_key__in=[_key(one) for one in people])
    status = dict(here.values_list("email_key", "status"))
    hmacs = {_key(one): links.address_hmac(one.email) for one in people}
    listed = Suppression.objects.filter(address_hmac__in=hmacs.values())
    suppressed = set(listed.values_list("address_hmac", flat=True))
    why = {
        Subscriber.Status.ACTIVE: _("This person is a reader already."),
        Subscriber.Status.LEFT: _("This person unsubscribed: only they can come back."),
    }
    good, faults = [], []
    for one in people:
        problem = why.get(Subscriber.Status(status[_key(one)])) if _key(one) in status else None
        if hmacs[_key(one)] in suppressed:
            problem = _("This address is on the suppression list: it must get no mail.")
        if problem:
            faults.append(Fault(one.row, "email", problem))
        else:
            good.append(one)
    return good, faults


def _unique(people: Sequence[Candidate]) -> list[Candidate]:
    return list({_key(one): one for one in reversed(people)}.values())[::-1]


def _key(one: Candidate) -> str:
    return one.email.lower()


class _Seen:
    """Which addresses stood in the file before: on disk, for a million of them would not be flat memory."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("")
        self._rows.execute("CREATE TABLE seen (address TEXT PRIMARY KEY, row INTEGER) WITHOUT ROWID")

    def sift(self, people: Sequence[Candidate]) -> tuple[list[Candidate], list[Fault]]:
        good, faults = [], []
        for one in people:
            added = self._rows.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (_key(one), one.row)).rowcount
            if added:
                good.append(one)
            else:
                (first,) = self._rows.execute("SELECT row FROM seen WHERE address = ?", (_key(one),)).fetchone()
                faults.append(Fault(one.row, "email", _("This address stands in row %d already.") % first))
        return good, faults

    def remember(self, people: Iterable[tuple[str, int]]) -> None:
        self._rows.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", people)

    def close(self) -> None:
        self._rows.close()


def _read_before(job: Import) -> Iterator[tuple[str, int]]:
    """The addresses in rows that earlier runs found good, and the rows: much less work than to check them again."""
    faulty = set(job.faults.values_list("row", flat=True)) if job.row else set()
    for batch in _batches(job) if job.row else ():
        for number, cells in batch:
            if number > job.row:
                return
            if number not in faulty and (address := read_address(cells, job.columns)):
                yield address.lower(), number


def _batches(job: Import, after: int = 0) -> Iterator[list[tuple[int, Row]]]:
    """Rows with their numbers, the headings and blank ones left out."""
    with _rows(job) as rows:
        numbered = ((number, cells) for number, cells in enumerate(rows, 1) if number > max(after, 1) and cells)
        while batch := list(islice(numbered, BATCH)):
            yield batch


@contextmanager
def _rows(job: Import) -> Iterator[Iterator[Row]]:
    form = Format(job.kind, job.encoding, job.delimiter)
    if job.kind == Import.Kind.CSV:
        yield read(io.BufferedReader(_Parts(job)), form)
        return
    with tempfile.TemporaryFile() as file:  # a spreadsheet is read from its end
        for content in _contents(job):
            file.write(content)
        file.seek(0)
        yield read(file, form)


class _Parts(io.RawIOBase):
    """The parts as one stream."""

    def __init__(self, job: Import) -> None:
        self._contents = _contents(job)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = memoryview(next(self._contents, b""))
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count


def _contents(job: Import) -> Iterator[bytes]:
    for pk in list(job.parts.values_list("pk", flat=True)):
        yield bytes(ImportPart.objects.values_list("content", flat=True).get(pk=pk))


def _advance(job: Import, now: datetime, **fields: int) -> None:
    """Note how far the pass has come, unless another worker did."""
    mine = Import.objects.filter(pk=job.pk, state=job.state, row=job.row)
    if not mine.update(leased_until=now + LEASE, **fields):
        raise _Lost
    for name, value in fields.items():
        setattr(job, name, value)


def _move(job: Import, before: Sequence[str], **fields: Any) -> bool:
    moved = Import.objects.filter(pk=job.pk, state__in=before).update(**fields)
    job.refresh_from_db()
    return moved == 1


def _end(job: Import, state: str, now: datetime, problem: str = "") -> bool:
    """Say how it ended, delete the file, and enter it in the list of what staff changed."""
    before = [one for one in State.values if one not in {State.DONE, State.FAILED}]
    with transaction.atomic():
        if not _move(job, before, state=state, problem=problem[:300], ended_at=now, leased_until=None):
            return False
        job.parts.all().delete()
        if job.operator_id:
            numbers = {"rows": job.rows, "good": job.good, "bad": job.bad, "joined": job.joined}
            note = [{"note": problem or str(job.get_state_display()), "after": {"state": state, **numbers}}]
            LogEntry.objects.log_actions(job.operator_id, [job], CHANGE, note)
    return True
