"""Every page keeps to its own origin, and is only read."""

import re

import pytest
from django.views.defaults import server_error

from tests.papers.views.pages import DAY, list_paper

PATHS = [
    "/", f"/papers/date/{DAY}", "/papers/week/2026-W33", "/papers/month/2026-08", "/papers/trending",
    "/papers/2608.00001", "/papers", "/papers?q=grokking", "/papers?q=(", "/topics/grokking", "/nowhere",
]  # fmt: skip
DATA = re.compile(r'<script type="application/ld\+json">.*?</script>')
OWN = {"/static/logo.svg", "/static/style.css", "/static/site.js"}


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_pages_keep_to_their_own_origin(client, path):
    """No inline style or script, nothing loaded from elsewhere; only reading methods."""
    list_paper()

    response = client.get(path)
    page = DATA.sub("", response.text)

    assert not re.search(r"<script(?! src)|<style|\sstyle=|\son[a-z]+=|javascript:", page)
    loaded = re.findall(r'<(?:link rel="(?:icon|stylesheet)"|img|script)[^>]+(?:href|src)="([^"]+)"', page)
    assert set(loaded) <= OWN
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert client.post(path).status_code in {404, 405}


def test_page_for_a_broken_request(rf):
    """Made without context processors or database: it must not break in its turn."""
    response = server_error(rf.get("/"))

    assert response.status_code == 500
    assert b"Something broke on our side" in response.content
