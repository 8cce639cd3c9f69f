"""A reader's digests in a feed reader: the feed itself, and its address."""

import json
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override
from django.views.decorators.http import conditional_page, require_POST, require_safe

from subscriptions import feeding, links
from subscriptions.feeding import Entry
from subscriptions.models import Subscriber
from subscriptions.views import answers
from subscriptions.views.doors import reader_page

ATOM, JSON = "atom", "json"


@require_safe
@login_not_required
@conditional_page
def feed(request: HttpRequest, token: str, form: str) -> HttpResponse:
    """The newest digests as Atom or JSON Feed 1.1. The secret in the address is all it takes."""
    now = timezone.now()
    reader = feeding.reader_of(token, now)
    if reader is None:
        return answers.dead_link(request)
    entries = list(feeding.entries(reader, now))
    with override(reader.language):
        response = _as_json(entries, token) if form == JSON else _as_atom(entries, token, reader)
    # Kept by the feed reader alone, which asks every time whether it has changed.
    response["Cache-Control"] = "private, no-cache"
    response["X-Robots-Tag"] = "noindex"
    return response


@require_POST
@reader_page
def address(request: HttpRequest, reader: Subscriber, now: datetime) -> HttpResponse:
    """Make the feed's address, or another one in its place; with `close`, end it."""
    if "close" in request.POST:
        feeding.close_feed(reader, now)
        return answers.saved(request, _("Your feed is closed; its address shows nothing any more."))
    feeding.open_feed(reader, now)
    return answers.saved(request, _("Your feed has a new address. One it had before shows nothing any more."))


def addresses(reader: Subscriber, now: datetime) -> dict[str, str] | None:
    """By format, where the reader's feed is."""
    secret = feeding.address_of(reader, now)
    return {form: _url(secret, form) for form in (ATOM, JSON)} if secret else None


def _as_atom(entries: list[Entry], token: str, reader: Subscriber) -> HttpResponse:
    newest = max((entry.digest.created_at for entry in entries), default=reader.created_at)
    made = _Atom(
        title=_("Your digests"),
        link=links.absolute("papers:latest"),
        description=None,
        feed_url=_url(token, ATOM),
        feed_guid=_tag("digests", reader.pk, reader.created_at),
        newest=newest,
    )
    for entry in entries:
        made.add_item(
            title=_title(entry),
            link=entry.url,
            description=_content(entry),
            unique_id=_tag("digest", entry.digest.pk, entry.digest.created_at),
            pubdate=entry.digest.created_at,
            updateddate=entry.digest.created_at,
        )
    return HttpResponse(made.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


def _as_json(entries: list[Entry], token: str) -> HttpResponse:
    # https://www.jsonfeed.org/version/1.1/
    items = [
        {
            "id": _tag("digest", entry.digest.pk, entry.digest.created_at),
            "url": entry.url,
            "title": _title(entry),
            "content_html": _content(entry),
            "date_published": entry.digest.created_at.isoformat(),
        }
        for entry in entries
    ]
    made: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _("Your digests"),
        "home_page_url": links.absolute("papers:latest"),
        "feed_url": _url(token, JSON),
        "items": items,
    }
    body = json.dumps(made, ensure_ascii=False)
    return HttpResponse(body, content_type="application/feed+json; charset=utf-8")


class _Atom(Atom1Feed):
    """Empty feeds have an age as well: the same answer every time can be told by its ETag."""

    def latest_post_date(self) -> datetime:
        newest: datetime = self.feed["newest"]
        return newest


def _title(entry: Entry) -> str:
    count = len(entry.items)
    papers = ngettext("%(count)d paper", "%(count)d papers", count) % {"count": count}
    return f"{date_format(entry.digest.edition)}: {papers}"


def _content(entry: Entry) -> str:
    return render_to_string(
        "subscriptions/feed_entry.html", {"entry": entry, "site_url": links.absolute("papers:latest")}
    )


def _tag(kind: str, pk: int, moment: datetime) -> str:
    """A name for ever, whatever the address (RFC 4151)."""
    host = links.absolute("papers:latest").split("://")[1].split("/")[0].split(":")[0]
    return f"tag:{host},{moment:%Y-%m-%d}:{kind}/{pk}"


def _url(secret: str, form: str) -> str:
    return links.absolute(f"subscriptions:{'feed' if form == ATOM else 'feed_json'}", secret)
