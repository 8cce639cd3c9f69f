"""Write every mail, with the cases that are hard to set, into a folder with an index page."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.loader import render_to_string

from subscriptions.gallery import Case, cases


class Command(BaseCommand):
    help = "Write all mails, of invented papers, as HTML, text and .eml. Reads nothing that is stored, sends nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        default = settings.DATA_DIR / "mail-gallery"
        parser.add_argument("--to", type=Path, default=default, metavar="FOLDER", help=f"default: {default}")

    def handle(self, *args: Any, to: Path, **options: Any) -> None:
        shown = list(cases())
        try:
            to.mkdir(parents=True, exist_ok=True)
            for case in shown:
                _write(to, case)
            index = to / "index.html"
            index.write_text(render_to_string("subscriptions/mail_gallery.html", {"cases": shown}), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"--to {to}: {error.strerror}.") from error
        self.stdout.write(f"{len(shown)} mails: open {index}")


def _write(folder: Path, case: Case) -> None:
    message = case.message
    (folder / f"{case.name}.html").write_text(message.html, encoding="utf-8")
    (folder / f"{case.name}.txt").write_text(f"Subject: {message.subject}\n\n{message.body}", encoding="utf-8")
    (folder / f"{case.name}.eml").write_bytes(message.message().as_bytes(linesep="\r\n"))
