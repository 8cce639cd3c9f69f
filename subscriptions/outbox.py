"""Mail into files, for machines that send none: `<UTC time>-<key>.eml` with the exact bytes, and the HTML
part as `.html` beside it for a browser."""

import re
from collections.abc import Sequence
from datetime import UTC
from email.message import Message as MimeMessage
from email.utils import parsedate_to_datetime
from itertools import count
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

MAX_KEY = 80


class EmailBackend(BaseEmailBackend):
    """Writes into OUTBOX_DIR. Files appear whole, and none ever replaces another."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        written = 0
        for message in email_messages:
            try:
                written += self._write(message)
            except OSError:
                if not self.fail_silently:
                    raise
        return written

    def _write(self, message: EmailMessage) -> bool:
        if not message.recipients():
            return False
        mime = message.message()
        body = mime.as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own as_bytes takes it
        folder = Path(settings.OUTBOX_DIR)
        # Mails hold links that open preferences: for this user's eyes only.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stem = _stem(mime)
        names = (f"{stem}-{number}" if number > 1 else stem for number in count(1))
        return any(_write_pair(folder, name, body, _html(mime)) for name in names)


def _stem(mime: MimeMessage) -> str:
    """The message's own time and the left half of its Message-ID, in characters every file system takes."""
    at = parsedate_to_datetime(mime["Date"])
    at = at.astimezone(UTC) if at.tzinfo else at  # "-0000" is UTC too, and comes without a zone
    key = mime["Message-ID"].strip("<> ").split("@")[0]
    return f"{at:%Y%m%dT%H%M%SZ}-{re.sub(r'[^A-Za-z0-9_-]+', '-', key)[:MAX_KEY]}"


def _html(mime: MimeMessage) -> bytes:
    parts = (part.get_payload(decode=True) for part in mime.walk() if part.get_content_type() == "text/html")
    return next((part for part in parts if isinstance(part, bytes)), b"")


def _write_pair(folder: Path, name: str, body: bytes, page: bytes) -> bool:
    """False when another message has the name. Who holds the hidden file may give the name to its own."""
    final, claim = folder / f"{name}.eml", folder / f".{name}.part"
    try:
        claim.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return False
    try:
        if final.exists():
            return False
        claim.write_bytes(body)
        if page:
            _write_page(folder / f"{name}.html", page)
        claim.replace(final)
    finally:
        claim.unlink(missing_ok=True)
    return True


def _write_page(path: Path, page: bytes) -> None:
    draft = path.with_name(f".{path.name}.part")
    draft.touch(mode=0o600)
    draft.write_bytes(page)
    draft.replace(path)
