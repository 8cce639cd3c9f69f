"""DOMPurify's own attacks as an editor's note, where UPSTREAM_SAMPLES names the folder that holds them."""

import json
import os
import re
from pathlib import Path

import pytest

from papers import markdown
from tests.papers.test_markdown import dangers

pytestmark = pytest.mark.samples
if not os.environ.get("UPSTREAM_SAMPLES"):
    pytest.skip("UPSTREAM_SAMPLES is not set", allow_module_level=True)

FIXTURES = Path(os.environ["UPSTREAM_SAMPLES"]) / "corpora/DOMPurify/test/fixtures/expect.mjs"
_PAYLOAD = re.compile(r'^\s*"payload":\s*("(?:[^"\\]|\\.)*")', re.MULTILINE)


def payloads() -> list[str]:
    return [json.loads(found) for found in _PAYLOAD.findall(FIXTURES.read_text(encoding="utf-8"))]


def test_the_corpus_is_there():
    assert len(payloads()) > 150


@pytest.mark.parametrize("wrap", ["{}", "# {}", "- {}", "> {}", "*a* {} [b](https://example.org)", "<p>\n{}\n</p>"])
def test_no_payload_survives(wrap):
    survived = {
        payload: found for payload in payloads() if (found := dangers(markdown.to_html(wrap.replace("{}", payload))))
    }

    assert survived == {}
