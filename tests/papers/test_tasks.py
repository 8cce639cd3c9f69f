import json
import re

import pytest

from papers import tasks
from papers.models import Category, Paper, Reading
from tests.papers.test_reading import ENTRY, item


@pytest.fixture
def sites(httpserver, settings):
    """Hugging Face with one paper a day, arXiv with nothing but its query API."""
    address = httpserver.url_for("").rstrip("/")
    settings.SOURCES_ALLOW_PRIVATE = True
    settings.HUGGINGFACE_URL = settings.ARXIV_URL = settings.ARXIV_RSS_URL = settings.ARXIV_API_URL = address
    httpserver.expect_request("/api/daily_papers").respond_with_data(json.dumps([item(1)]))
    httpserver.expect_request("/api/query").respond_with_data(ENTRY)
    httpserver.expect_request(re.compile("/(rss|list)/.*")).respond_with_data(status=404)
    return httpserver


@pytest.mark.django_db(transaction=True)
def test_read_sources_then_describes_what_is_new(sites):
    Category.objects.get_or_create(code="cs.LG")

    tasks.read_sources()

    assert list(Reading.objects.order_by("pk").values_list("source", "outcome")) == [
        ("huggingface", "new"),
        ("huggingface", "new"),
        ("arxiv", "failed"),
        ("arxiv-query", "unchanged"),
    ]
    assert list(Paper.objects.values_list("arxiv_id", "categories", "votes")) == [("2608.00001", ["cs.LG"], 3)]


@pytest.mark.django_db(transaction=True)
def test_read_again(sites):
    tasks.read_again("huggingface", "2026-08-11")

    assert list(Reading.objects.values_list("source", "day__day", "outcome")) == [("huggingface", 11, "new")]
