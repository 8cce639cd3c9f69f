"""No django_db mark: sentences are put together from facts."""

import json
from datetime import date

import pytest
from django.utils.translation import override

from subscriptions import telling
from subscriptions.telling import Sentence, in_english, tell

SENTENCES = [
    (
        Sentence("unread", {"source": "arXiv", "days": [date(2026, 8, 7), date(2026, 8, 8)]}),
        "arXiv could not be read for 7 August and 8 August: what it announced may be missing here.",
        "arXiv ließ sich nicht abrufen (7. August und 8. August): Was dort angekündigt wurde, kann hier fehlen.",
    ),
    (
        Sentence("unread", {"source": "arXiv", "days": [date(2026, 3, day) for day in (3, 4, 5, 9)]}),
        "arXiv could not be read for 4 days from 3 March to 9 March: what it announced may be missing here.",
        (
            "arXiv ließ sich nicht abrufen (4 Tage vom 3. März bis zum 9. März): "
            "Was dort angekündigt wurde, kann hier fehlen."
        ),
    ),
    (
        Sentence("unmatched", {"count": 1}),
        "One new paper came in, but it does not match your interests.",
        "Ein neuer Artikel kam, aber er passt nicht zu Ihren Stichwörtern.",
    ),
    (
        Sentence("unmatched", {"count": 1240}),
        "1,240 new papers came in, but none matches your interests.",
        "1.240 neue Artikel kamen, aber keiner passt zu Ihren Stichwörtern.",
    ),
    (
        Sentence("none_failed", {"sources": ["arXiv", "Hugging Face"]}),
        "No new papers came in: arXiv and Hugging Face could not be read.",
        "Es kamen keine neuen Artikel. Nicht abrufbar: arXiv und Hugging Face.",
    ),
    (
        Sentence("skipped", {"interest": "100 % (", "error": "Add )"}),
        "Your interest “100 % (” was skipped, because it can no longer be read: Add )",
        "Ihr Stichwort „100 % (“ wurde übergangen, weil es nicht mehr gelesen werden kann: Add )",
    ),
]


@pytest.mark.parametrize(("sentence", "english", "german"), SENTENCES)
def test_sentence_is_said_in_the_language_of_whoever_reads_it(sentence, english, german):
    stored = json.loads(json.dumps([sentence.stored()]))

    with override("de"):
        assert (tell(stored), in_english(sentence)) == ([german], english)
    assert tell(stored) == [english]


@pytest.mark.parametrize("kind", telling._FORMS)
@pytest.mark.parametrize("count", [1, 5])
def test_every_kind_is_translated(kind, count):
    with override("de"):
        german = telling._FORMS[kind](count)

    assert german != telling._FORMS[kind](count)
