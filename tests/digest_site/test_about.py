from datetime import date
from xml.etree import ElementTree as ET

import pytest
from bs4 import BeautifulSoup

from papers.models import Listing
from tests.factories import make_paper

pytestmark = pytest.mark.django_db


def test_about_names_sources_contact_and_the_ways_out(client, settings):
    settings.REPLY_TO_EMAIL = "The Editors <editors@digest.example.org>"
    settings.RETENTION_DAYS = 90

    page = BeautifulSoup(client.get("/about").content, "lxml").main

    links = {link["href"] for link in page.select("a")}
    assert links >= {
        "https://huggingface.co", "https://arxiv.org", "/status", "/feeds", "/api/", "/preferences/link",
        "mailto:editors@digest.example.org",
    }  # fmt: skip
    assert page.address.get_text() == "1 Reading Room, 12345 Papertown"
    assert "for 90 days" in page.get_text()


def test_robots_may_read_the_public_pages_only(client, settings):
    settings.SITE_URL = "https://papers.example.org"

    answer = client.get("/robots.txt")

    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == (
        "User-agent: *\n"
        "Disallow: /api/\nDisallow: /a/\nDisallow: /c/\nDisallow: /d/\nDisallow: /f/\nDisallow: /k/\nDisallow: /m/\n"
        "Disallow: /p/\nDisallow: /u/\nDisallow: /v/\nDisallow: /preferences\nDisallow: /papers?\nDisallow: /topics/\n"
        "\nSitemap: https://papers.example.org/sitemap.xml\n"
    )


def test_sitemap_names_pages_that_exist(client, settings):
    settings.SITE_URL = "https://papers.example.org"
    for number, day in enumerate((date(2026, 8, 11), date(2026, 8, 12), date(2026, 8, 12)), 1):
        Listing.objects.create(paper=make_paper(number), source="arxiv", day=day)
    Listing.objects.create(paper=make_paper(9, is_hidden=True), source="arxiv", day=date(2026, 8, 13))

    answer = client.get("/sitemap.xml")

    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    found = [one.text for one in ET.fromstring(answer.content).findall("s:url/s:loc", space)]
    assert found == [
        f"https://papers.example.org{path}"
        for path in (
            "/", "/papers/trending", "/feeds", "/subscribe", "/about", "/status",
            "/papers/date/2026-08-12", "/papers/date/2026-08-11",
        )
    ]  # fmt: skip
    assert {client.get(address.removeprefix("https://papers.example.org")).status_code for address in found} == {200}
