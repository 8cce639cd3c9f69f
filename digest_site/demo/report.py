"""What the demo says about what it did. Words only: nothing here changes anything."""

import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from django.conf import settings

from digest_site.demo.isolation import database_path, database_url
from digest_site.demo.readers import Reader
from papers.models import Paper, Reading
from papers.sources import SOURCES
from subscriptions.models import Delivery, Digest, DigestItem, Subscriber

_COLUMNS = "  {:<18} {:<10}  {:<10} {:<24} {:>5} {:>4} {:>8} {:>9}"


def opening(day: date) -> str:
    return f"Paper Round demo: the morning of {_long(day)}. Every paper, author and reader is invented."


def reading_heading(base_url: str) -> str:
    columns = ("source", "day", "read as", "outcome", "found", "new", "updated", "rejected")
    return f"Read over HTTP from the sample upstream on {base_url}\n{_COLUMNS.format(*columns)}"


def reading(row: Reading) -> str:
    source, outcome = "arXiv, by id", "known papers described"
    if row.source in SOURCES:
        source, outcome = SOURCES[row.source].name, row.get_outcome_display()
    return _COLUMNS.format(source, str(row.day), row.route, outcome, row.found, row.new, row.updated, row.rejected)


def reading_total() -> str:
    return f"  {Paper.objects.count()} papers are in {shown(database_path(settings.DATA_DIR))}."


def signed_up(readers: Sequence[Reader], new: Iterable[Subscriber]) -> str:
    """Who confirmed in this run, and what they asked for."""
    emails = {row.email for row in new}
    lines = [_wish(reader) for reader in readers if reader.email in emails]
    return "\n".join(["Signed up, and confirmed by the link in the mail", *lines])


def sent(digests: Iterable[Digest]) -> str:
    """Who got which papers and why, and where the mail lies."""
    return "\n".join(["Composed and delivered, each at its reader's hour", *map(_digest, digests)])


def nothing_new(readers: Sequence[Reader], day: date, today: date) -> str:
    """For a run that found every digest sent before."""
    lines = ["Nothing new: every reader already has today's digest. No mail was sent."]
    if day != today:
        lines.append(f"(The demo's today stays {_long(day)}, the day of its first run.)")
    for reader in readers:
        found = Delivery.objects.filter(subscriber__email_key=reader.email, digest__edition=day)
        lines += [f"  {reader.email}: {_file(delivery)}" for delivery in found]
    return "\n".join(lines)


def next_steps() -> str:
    """What to try; the last line's settings serve the demo's own papers and links."""
    database, url = database_path(settings.DATA_DIR), database_url(settings.DATA_DIR)
    manage = f"{shlex.quote(shown(Path(sys.executable)))} {shlex.quote(shown(settings.BASE_DIR / 'manage.py'))}"
    return f"""\
What next
  Open the .html files in {shown(settings.OUTBOX_DIR)} in a browser, or the .eml files in a mail program.
  make run     serves the site on http://127.0.0.1:8000 and reads today's real papers
  make test    runs the whole suite
  README.md, "How it works": the main path in six files
  To follow the links in these mails, serve the demo's own database:
    DATABASE_URL={shlex.quote(url)} {manage} runserver
  To see it all again from the start: rm {shlex.quote(shown(database))}*"""


def shown(path: Path) -> str:
    """The path as one would type it here."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _wish(reader: Reader) -> str:
    wish = reader.preferences
    asked = " · ".join(f"-{word.text}" if word.is_muted else word.text for word in wish.keywords) or "no keywords"
    when = f"{wish.frequency} at {wish.hour}:00 {wish.zone}, at most {wish.max_papers} papers"
    return f"  {reader.email}: {asked}\n    {when}. {reader.shows}"


def _digest(digest: Digest) -> str:
    items = digest.items.select_related("paper")
    among = "" if digest.matched == digest.considered else f"{digest.matched} that match, among "
    chosen = f"{len(items)} of {among}{digest.considered} new papers"
    head = f"  {digest.subscriber.email}, {digest.due_at:%H:%M} UTC: {chosen}"
    return "\n".join([head, *(_item(item) for item in items), f"    → {_file(digest.delivery)}"])


def _item(item: DigestItem) -> str:
    reasons = [f"{reason['interest']} → {', '.join(reason['terms'])}" for reason in item.reasons]
    why = "; ".join(reasons) or f"trending, with {item.paper.votes} votes"
    return f"    {item.position:>2}. {item.paper.title}\n        {item.paper.arxiv_id}  {why}"


def _file(delivery: Delivery) -> str:
    """Where the mail lies; the outbox names its files by time and key."""
    found = sorted(settings.OUTBOX_DIR.glob(f"*-{delivery.key}.html"))
    return shown(found[0]) if found else f"(its file is no longer in {shown(settings.OUTBOX_DIR)})"


def _long(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"
