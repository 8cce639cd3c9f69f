"""Joined from pieces or rendered straight: the reader gets the same."""

from datetime import date
from email import message_from_bytes
from email.policy import default
from random import Random

import pytest
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.translation import override

from subscriptions.issue import fill_digest
from tests.subscriptions.mails import ADDRESSES, LONG, build_message, digest, interest, item, paper, raw
from tests.subscriptions.plain import render_plainly

WORDS = [*LONG.split(), "研究。", "推理能力" * 30, "שלום", "$\\alpha$ & <b>", "👩‍🔬", "e\u0301", "x" * 90]
WORDS += ["—", "Größe", "=20", "."]
LANGUAGES = [code for code, _name in settings.LANGUAGES]
INTERESTS = ["grokking", '"phase transition"', "推理", "שלום", "a & b", "late*"]


def some_digest(seed: int):
    """Rows as they never were: any length, any script, any gaps."""
    pick = Random(seed)

    def words(most: int) -> str:
        return " ".join(pick.choices(WORDS, k=pick.randint(0, most)))

    def some_item(number: int):
        row = paper(
            number,
            title=words(20),
            abstract=words(200),
            authors=[words(3) for _ in range(pick.randint(0, 5))],
            organisation=words(4),
            votes=pick.choice([0, 1, 3000]),
            comments=pick.choice([0, 1, 12]),
            published_on=pick.choice([None, date(2026, 8, 11)]),
            code_url=pick.choice(["", "https://code.example.org/x"]),
            is_pinned=pick.random() < 0.2,
            pick_note=words(9),
        )
        found = [{"interest": pick.choice(INTERESTS), "terms": [words(2)]} for _ in range(pick.randint(0, 3))]
        made = item(row, pick.choice(["matched", "matched", "trending"]), found)
        made.alike = paper(number + 100, title=words(20)) if pick.random() < 0.3 else None
        return made

    most = 52 if seed % 20 == 0 else 14
    items = sorted((some_item(number) for number in range(1, pick.randint(2, most))), key=lambda each: each.section)
    interests = [interest(text, is_muted=pick.random() < 0.2) for text in pick.sample(INTERESTS, pick.randint(0, 5))]
    facts = {"matched": pick.randint(0, 99), "sources": 2, "sources_current": pick.randint(0, 2)}
    return digest(**facts, notices=[words(12)] * pick.randint(0, 2)), items, interests


def decoded(message_bytes: bytes) -> list[str]:
    message = message_from_bytes(message_bytes, policy=default)
    # Django folds a long subject before its first word, which leaves a blank there.
    return [
        str(message["Subject"]).strip(),
        *(part.get_content().replace("\r\n", "\n") for part in message.iter_parts()),
    ]


@pytest.mark.parametrize("batch", range(10))
def test_joined_digests_are_what_plain_rendering_makes(batch):
    for seed in range(20 * batch, 20 * batch + 20):
        rows = some_digest(seed)
        with override(LANGUAGES[seed % len(LANGUAGES)]):
            subject, text, html = render_plainly(*rows, ADDRESSES)
            plain = EmailMultiAlternatives(subject, text, "papers@digest.example.org", ["reader@example.net"])
            plain.attach_alternative(html, "text/html")

            joined = build_message(**fill_digest(*rows, ADDRESSES)._asdict())

        assert decoded(raw(joined)) == decoded(plain.message().as_bytes(linesep="\r\n")), seed
