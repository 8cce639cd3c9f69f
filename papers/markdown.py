"""Markdown of our own editors → HTML and text. Whatever they paste, no script, style, image or form comes out."""

from functools import lru_cache
from html.parser import HTMLParser

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_TAGS = {"a", "b", "blockquote", "br", "code", "em", "hr", "i", "li", "ol", "p", "strong", "ul"}
_BLOCKS = {"blockquote", "hr", "ol", "p", "ul"}
_MARKDOWN = MarkdownIt("commonmark", {"breaks": True})
# The page and the mail have headings of their own; a note's is a bold line.
_MARKDOWN.add_render_rule("heading_open", lambda *_: "<p><strong>")
_MARKDOWN.add_render_rule("heading_close", lambda *_: "</strong></p>\n")
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={"script", "style", "template", "title", "noscript", "iframe", "svg", "math"},
    attributes={"*": set(), "a": {"href"}},
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="noopener noreferrer",
)


@lru_cache(maxsize=64)
def to_html(markdown: str) -> SafeString:
    """HTML of a few tags without classes, styles or identifiers; links lead to the web or to an address."""
    return mark_safe(_CLEANER.clean(_MARKDOWN.render(markdown)).strip())  # noqa: S308 -- cleaned in this very line


@lru_cache(maxsize=64)
def to_text(markdown: str) -> str:
    """The same as plain text: paragraphs apart, items after a dash, a link's address after its words."""
    reader = _TextReader()
    reader.feed(to_html(markdown))
    reader.close()
    lines = [line.strip() for line in "".join(reader.pieces).splitlines()]
    return "\n".join(line for at, line in enumerate(lines) if line or (at and lines[at - 1])).strip()


class _TextReader(HTMLParser):
    """Reads what the cleaner wrote: well-formed, a few tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.pieces.append("\n\n")
        elif tag == "br":
            self.pieces.append("\n")
        elif tag == "li":
            self.pieces.append("\n- ")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self.pieces)))

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.pieces.append("\n\n")
        elif tag == "a" and self._links:
            address, start = self._links.pop()
            said = "".join(self.pieces[start:])
            if address and address.removeprefix("mailto:") != said:
                self.pieces.append(f" ({address.removeprefix('mailto:')})")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data.replace("\n", " "))
