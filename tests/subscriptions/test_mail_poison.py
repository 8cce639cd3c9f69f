"""The big list of naughty strings in every place of a digest (STANDARDS M09, M10, M28), as far as there is one."""

import json
import os
from pathlib import Path

import pytest

from papers.text import clean
from subscriptions.issue import fill_digest
from tests.subscriptions.mails import ADDRESSES, FORBIDDEN, Page, build_message, digest, interest, item, paper, parsed

SAMPLES = os.environ.get("UPSTREAM_SAMPLES")
if not SAMPLES:
    pytest.skip("UPSTREAM_SAMPLES is not set", allow_module_level=True)

pytestmark = pytest.mark.samples
BLNS = json.loads((Path(SAMPLES) / "corpora" / "big-list-of-naughty-strings" / "blns.json").read_text(encoding="utf-8"))
ONCE = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "List-Id", "List-Unsubscribe", "Reply-To"]


@pytest.mark.parametrize("text", BLNS)
def test_m28_no_string_breaks_a_mail(text):
    row = paper(title=text, abstract=text, authors=[text], organisation=text, is_pinned=True, pick_note=text)
    found = [{"interest": text, "terms": [text, f"x{text}"]}]

    issue = fill_digest(
        digest(notices=[text]),
        [item(row, reasons=found), item(paper(2))],
        [interest(text), interest(text, is_muted=True)],
        ADDRESSES,
    )
    message = parsed(build_message(**issue._asdict()))

    assert (message.defects, message["Bcc"], len(message["To"].addresses)) == ([], None, 1)
    assert [len(message.get_all(name)) for name in ONCE] == [1] * len(ONCE)
    assert message["Subject"].startswith("2 new papers")
    plain, html = (part.get_content() for part in message.iter_parts())
    assert set(FORBIDDEN) & set(plain + html) <= {"\r", "\n"}
    page = Page(html)
    assert [tag for tag, _ in page.elements if tag in {"script", "img", "iframe", "svg", "form"}] == []
    assert clean(text) == "" or " ".join(clean(text).split()) in page.text
    assert "Grokking in circuit 2" in page.text
