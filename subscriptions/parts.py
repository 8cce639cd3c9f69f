"""Fill a mail's three files, `<kind>.subject.txt`, `<kind>.txt` and `<kind>.html`, from one context.

Contexts hold text and lists, never rows or querysets, so a template cannot run SQL.
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from django.conf import settings
from django.template import Engine
from django.utils.safestring import SafeString, mark_safe

from papers.text import clean
from subscriptions import inlining
from subscriptions.wording import fold

Context = Mapping[str, Any]

STYLE = "emails/style.css"


def fill(kind: str, context: Context) -> dict[str, str]:
    """`subject`, `text` and `html` of one mail."""
    return {
        "subject": fill_subject(kind, context),
        "text": fill_text(f"{kind}.txt", context),
        "html": fill_page(f"{kind}.html", context),
    }


def fill_subject(kind: str, context: Context) -> str:
    return clean(_text_engine().render_to_string(f"emails/{kind}.subject.txt", {**_site(), **context}))


def fill_text(name: str, context: Context) -> str:
    return fold(_text_engine().render_to_string(f"emails/{name}", {**_site(), **context}))


def fill_html(name: str, context: Context) -> SafeString:
    """A fragment, safe to stand in another template."""
    return _html_engine().render_to_string(f"emails/{name}", {**_site(), **context})


def fill_page(name: str, context: Context) -> str:
    """A whole HTML part, without the blanks that only indent the template."""
    lines = (line.strip() for line in fill_html(name, context).split("\n"))
    return "\n".join(line for line in lines if line) + "\n"


@lru_cache(maxsize=64)
def styled(html: SafeString) -> SafeString:
    """A fragment that came as HTML, with the mails' style sheet on its elements."""
    css = inlining.read_sheet(Engine.get_default().dirs, STYLE)
    return mark_safe(inlining.inline(html, css))  # noqa: S308 -- as safe as it was


@cache
def _text_engine() -> Engine:
    # Text is not HTML: an engine of its own, since what is escaped there would be read as written.
    site = Engine.get_default()
    return Engine(dirs=site.dirs, libraries=site.libraries, autoescape=False)


@cache
def _html_engine() -> Engine:
    site = Engine.get_default()
    return inlining.engine(site.dirs, STYLE, site.libraries)


def _site() -> dict[str, Any]:
    return {
        "site_name": clean(settings.SITE_NAME),
        "site_url": settings.SITE_URL,
        "postal_address": clean(settings.POSTAL_ADDRESS),
    }
