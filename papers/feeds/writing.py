"""Write a channel as Atom (RFC 4287) or as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit
from xml.sax.xmlreader import AttributesImpl

from django.conf import settings
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.xmlutils import SimplerXMLGenerator

from papers.feeds.channels import Channel
from papers.models import Paper

# A tag URI says who held a host's name, and when (RFC 4151): the year in which feeds were first served.
_TAGGED_IN = "2026"


def atom(channel: Channel, feed_url: str, changed_at: datetime) -> str:
    feed = _Atom(
        title=f"{channel.title} · {settings.SITE_NAME}",
        link=settings.SITE_URL + channel.path,
        description="",
        language=get_language(),
        author_name=settings.SITE_NAME,
        author_link=settings.SITE_URL,
        feed_url=feed_url,
        feed_guid=_tag(channel.path),
        changed_at=changed_at,
    )
    for paper in channel.papers:
        feed.add_item(
            title=paper.title,
            link=settings.SITE_URL + paper.get_absolute_url(),
            description=_html(paper),
            unique_id=_paper_tag(paper),
            pubdate=paper.first_seen_at,
            updateddate=paper.updated_at,
            categories=paper.categories,
            authors=paper.authors,
        )
    return feed.writeString("utf-8")


class _Atom(Atom1Feed):
    """Django's, with every author of an entry and a feed's own date."""

    def latest_post_date(self) -> datetime:
        changed_at: datetime = self.feed["changed_at"]
        return changed_at

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        for name in item["authors"]:
            handler.startElement("author", AttributesImpl({}))
            handler.addQuickElement("name", name)
            handler.endElement("author")


def json_feed(channel: Channel, feed_url: str) -> dict[str, Any]:
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"{channel.title} · {settings.SITE_NAME}",
        "home_page_url": settings.SITE_URL + channel.path,
        "feed_url": feed_url,
        "language": get_language(),
        "authors": [{"name": settings.SITE_NAME, "url": settings.SITE_URL}],
        "items": [_item(paper) for paper in channel.papers],
    }


def _item(paper: Paper) -> dict[str, Any]:
    item = {
        "id": _paper_tag(paper),
        "url": settings.SITE_URL + paper.get_absolute_url(),
        "external_url": paper.abstract_url,
        "title": paper.title,
        "content_html": _html(paper),
        "date_published": paper.first_seen_at.isoformat(timespec="seconds"),
        "date_modified": paper.updated_at.isoformat(timespec="seconds"),
        "authors": [{"name": name} for name in paper.authors],
        "tags": paper.categories,
    }
    return {key: value for key, value in item.items() if value}


def _html(paper: Paper) -> SafeString:
    links = {"arXiv": paper.abstract_url, "PDF": paper.pdf_url, "Code": paper.code_url, "Project": paper.project_url}
    given = [(address, name) for name, address in links.items() if address]
    return format_html("<p>{}</p><p>{}</p>", paper.abstract, format_html_join(" · ", '<a href="{}">{}</a>', given))


def _paper_tag(paper: Paper) -> str:
    """The row, not the arXiv id: that may come later than the paper."""
    return _tag(f"/paper/{paper.pk}")


def _tag(path: str) -> str:
    host = urlsplit(settings.SITE_URL).hostname
    return f"tag:{host},{_TAGGED_IN}:{quote(path.strip('/'), safe='/?=&%+') or 'papers'}"
