"""Every mail in a folder. No django_db mark: the gallery needs nothing stored."""

from email import message_from_bytes
from email.policy import default
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from subscriptions.gallery import cases
from subscriptions.issue import MAX_HTML
from subscriptions.models import Delivery

DIGESTS = ["ordinary", "one", "fifty", "hard", "trending", "quiet"]
KINDS = [kind.value for kind in Delivery.Kind if kind != Delivery.Kind.DIGEST]


def run(folder) -> str:
    out = StringIO()
    call_command("mail_gallery", "--to", str(folder), stdout=out)
    return out.getvalue()


def test_gallery_writes_every_mail_and_an_index(tmp_path):
    folder = tmp_path / "new" / "gallery"

    said = run(folder)

    names = [*DIGESTS, *KINDS]
    assert said == f"{len(names)} mails: open {folder / 'index.html'}\n"
    expected = {f"{name}.{ending}" for name in names for ending in ("html", "txt", "eml")}
    assert {path.name for path in folder.iterdir()} == expected | {"index.html"}
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert [f'src="{name}.html"' in index for name in names] == [True] * len(names)
    for name in names:
        message = message_from_bytes((folder / f"{name}.eml").read_bytes(), policy=default)
        assert (message.defects, message.get_content_type()) == ([], "multipart/alternative")


def test_gallery_says_where_it_could_not_write(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(CommandError, match=r"file/gallery: Not a directory\.$"):
        run(tmp_path / "file" / "gallery")


def test_gallery_shows_what_is_hard_to_set():
    mails = {case.name: case.message for case in cases()}

    hard = mails["hard"].html
    assert ["Graciela Nakpil and 661 more" in hard, "&lt;think&gt;" in hard, "שלום" in hard] == [True] * 3
    assert mails["one"].html.count("<h3") == 1
    fifty = mails["fifty"].html
    assert 1 < fifty.count("<h3") < 50
    assert f"And {50 - fifty.count('<h3')} more on the web" in fifty
    assert len(fifty.encode()) < MAX_HTML
