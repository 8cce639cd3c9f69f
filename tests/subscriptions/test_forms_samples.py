"""The big list of naughty strings in every field, as far as UPSTREAM_SAMPLES names a folder with it."""

import json
import os
import unicodedata
from pathlib import Path

import pytest

from subscriptions.forms import SignUpForm
from subscriptions.keywords import KeywordsError, read
from tests.factories import NOW
from tests.readers import sign_up_fields

SAMPLES = os.environ.get("UPSTREAM_SAMPLES")
if not SAMPLES:
    pytest.skip("UPSTREAM_SAMPLES is not set", allow_module_level=True)

pytestmark = pytest.mark.samples
BLNS = json.loads((Path(SAMPLES) / "corpora" / "big-list-of-naughty-strings" / "blns.json").read_text(encoding="utf-8"))
SIGNS = frozenset(" -+./'#&\"():*,")


def test_a30_no_string_breaks_any_field():
    assert len(BLNS) == 515
    for text in BLNS:
        for name in SignUpForm(now=NOW).fields:
            form = SignUpForm(sign_up_fields(**{name: text}), now=NOW)

            form.is_valid()
            if name != "zone":  # a list of choices: what was sent is not shown again
                form[name].as_field_group().encode()


@pytest.mark.django_db
@pytest.mark.usefixtures("clock")
def test_a30_no_string_breaks_the_page(client):
    # Every fifth: the test above has tried them all, and a page takes long under test.
    statuses = {client.post("/subscribe", dict.fromkeys(sign_up_fields(), text)).status_code for text in BLNS[::5]}

    assert statuses == {200}


def test_a09_what_is_accepted_as_keywords_is_plain_text():
    accepted = 0
    for text in BLNS:
        try:
            keywords = read(text)
        except KeywordsError:
            continue
        accepted += 1
        for keyword in keywords:
            plain = all(char in SIGNS or unicodedata.category(char)[0] in "LMN" for char in keyword.text)
            assert (plain, unicodedata.is_normalized("NFC", keyword.text)) == (True, True), text
            assert "://" not in keyword.text
            assert 0 < len(keyword.text) <= 120
            assert len(keyword.normal) <= 480

    assert 100 < accepted < 400
