"""What the tests of mails share: digests and messages made of rows in memory, and what a mail program sees."""

import sys
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser

from papers.models import Paper
from subscriptions.digest_links import Wishes
from subscriptions.issue import Addresses, fill_digest
from subscriptions.message import Message
from subscriptions.models import Digest, DigestItem, Interest

SENT_AT = datetime(2026, 8, 12, 7, 0, 30, tzinfo=UTC)
UNSUBSCRIBE = "https://digest.example.org/u/AbCdEfGhIjKlMnOpQrStUv"
# What no header may hold (STANDARDS M09), and the separators U+2028 and U+2029.
FORBIDDEN = [
    chr(code)
    for code in range(sys.maxunicode + 1)
    if code < 0x20
    or 0x7F <= code < 0xA0
    or code in {0x2028, 0x2029, 0xFEFF}
    or 0x202A <= code <= 0x202E
    or 0x2066 <= code <= 0x2069
    or 0xD800 <= code <= 0xDFFF
    or 0xFDD0 <= code <= 0xFDEF
    or code & 0xFFFE == 0xFFFE
]
ADDRESSES = Addresses(
    preferences="https://digest.example.org/m/AbCdEfGhIjKlMnOpQrStUv",
    unsubscribe="https://digest.example.org/u/ZyXwVuTsRqPoNmLkJiHgFe",
    digest="https://digest.example.org/v/AAAAAAABAAAAC00wrNfK8i1aXv3pQ0tYyWb9",
    pause="https://digest.example.org/p/AAAAAAABAAAAAAAbGh7rUuT2mXoQ5eZkLwPd",
    feedback=lambda paper_id: Wishes(*(f"https://digest.example.org/f/{paper_id}/{wish}" for wish in ("more", "less"))),
)
LONG = (
    "Networks trained on sparse parity generalise late, long after they fit their training set. "
    "We follow every weight through that moment and find a phase transition, e.g. in the rank of the first layer. "
)
VOID = {"meta", "br"}


def build_message(**values) -> Message:
    defaults = {
        "key": "digest-0123456789abcdef",
        "sender": "Paper Round <papers@digest.example.org>",
        "to": "reader@example.net",
        "subject": "6 new papers: grokking",
        "text": "Six papers.\n",
        "html": "<!doctype html><p>Six papers.</p>\n",
        "sent_at": SENT_AT,
        "unsubscribe_url": UNSUBSCRIBE,
    }
    return Message(**defaults | values)


def raw(message: Message) -> bytes:
    return message.message().as_bytes(linesep="\r\n")


def parsed(message: Message):
    return message_from_bytes(raw(message), policy=default)


def paper(number: int = 1, **fields) -> Paper:
    values = {
        "pk": number,
        "arxiv_id": f"2608.{number:05}",
        "title": f"Grokking in circuit {number}",
        "abstract": "It appears late.",
        "authors": ["Ada Example", "Ben Sample"],
    }
    return Paper(**values | fields)


def item(paper: Paper, section: str = "matched", reasons: list | None = None) -> DigestItem:
    found = [{"interest": "grokking", "terms": ["Grokking"]}] if section == "matched" else []
    return DigestItem(paper=paper, position=paper.pk, section=section, reasons=found if reasons is None else reasons)


def digest(**fields) -> Digest:
    at = datetime(2026, 8, 12, 5, tzinfo=UTC)
    values = {"edition": date(2026, 8, 12), "due_at": at, "window_start": at, "window_end": at}
    return Digest(**values | {"considered": 214, "matched": 1, "outcome": Digest.Outcome.QUEUED} | fields)


def interest(text: str, *, is_muted: bool = False) -> Interest:
    return Interest(text=text, normal=text, is_muted=is_muted)


def fill(*items: DigestItem, interests: tuple[Interest, ...] = (interest("grokking"),), **fields) -> dict[str, str]:
    subject, text, html = fill_digest(digest(**fields), items, interests, ADDRESSES)
    return {"subject": subject, "text": text.text, "html": html.text}


class Page(HTMLParser):
    """What a mail program would see: elements in order, attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if self.stack and self.stack[-1] not in {"style", "title"} and data.strip():
            self.text.append(" ".join(data.split()))

    @property
    def hrefs(self) -> list[str | None]:
        return [attrs["href"] for tag, attrs in self.elements if tag == "a"]


def full_digest() -> dict[str, str]:
    """One of everything."""
    return fill(
        item(
            paper(
                1,
                title="Grokking in sparse parity is a phase transition of the loss landscape, with $\\alpha$ & <think>",
                abstract=LONG * 6,
                authors=["Ada Example", "Ben Sample", "Chloé Muster"],
                author_count=12,
                organisation="example-lab",
                organisation_name="Example Lab",
                published_on=date(2026, 8, 11),
                votes=1210,
                comments=1,
                code_url="https://code.example.org/parity",
            ),
            reasons=[
                {"interest": '"phase transition"', "terms": ["phase transition"]},
                {"interest": "sparse parities", "terms": ["sparse parity", "Sparse parity", "sparse-parity"]},
            ],
        ),
        item(
            paper(2, arxiv_id=None, title="שלום: a title from right to left", abstract="", authors=[], author_count=64)
        ),
        item(
            paper(3, title="大规模语言模型的推理", abstract="我们研究推理。" * 20, authors=["张示例"], votes=7),
            "trending",
        ),
        interests=(interest('"phase transition"'), interest("sparse parities"), interest("survey", is_muted=True)),
        matched=5,
        notices=["arXiv could not be read for 11 August: papers announced there come in a later digest."],
    )
