"""Who runs this, where papers come from, what is kept; and what search engines may read."""

from email.utils import parseaddr
from xml.sax.xmlreader import AttributesImpl

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from papers.browsing import listings
from papers.sources import SOURCES

# Pages that are a reader's own, or that only a program wants.
CLOSED = (
    "/api/",
    "/a/",
    "/c/",
    "/d/",
    "/f/",
    "/k/",
    "/m/",
    "/p/",
    "/u/",
    "/v/",
    "/preferences",
    "/papers?",
    "/topics/",
)
PAGES = ("papers:latest", "papers:trending", "papers:feeds", "subscriptions:subscribe", "about", "status")
DAYS = 1_000


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    context = {
        "sources": [(source.name, source.base_url) for source in SOURCES.values()],
        "operator": settings.POSTAL_ADDRESS,
        "contact": parseaddr(settings.REPLY_TO_EMAIL)[1],
        "days": settings.RETENTION_DAYS,
    }
    return render(request, "site/about.html", context)


@require_safe
@cache_control(public=True, max_age=86_400)
def robots(request: HttpRequest) -> HttpResponse:
    """https://www.rfc-editor.org/rfc/rfc9309"""
    closed = "\n".join(f"Disallow: {path}" for path in CLOSED)
    sitemap = settings.SITE_URL + reverse("sitemap")
    return HttpResponse(f"User-agent: *\n{closed}\n\nSitemap: {sitemap}\n", content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=3_600)
def sitemap(request: HttpRequest) -> HttpResponse:
    """The pages that stay, and the newest days: https://www.sitemaps.org/protocol.html"""
    response = HttpResponse(content_type="application/xml; charset=utf-8")
    handler = SimplerXMLGenerator(response, "utf-8")
    handler.startDocument()
    handler.startElement("urlset", AttributesImpl({"xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9"}))
    for path in _paths():
        handler.startElement("url", AttributesImpl({}))
        handler.addQuickElement("loc", settings.SITE_URL + path)
        handler.endElement("url")
    handler.endElement("urlset")
    return response


def _paths() -> list[str]:
    days = listings().order_by("-day").values_list("day", flat=True).distinct()[:DAYS]
    return [reverse(name) for name in PAGES] + [reverse("papers:day", args=[day.isoformat()]) for day in days]
