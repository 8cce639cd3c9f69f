"""Put a style sheet's rules into the `style` attributes of mail templates, once, when a template is loaded.

Templates name classes only; what a mail program drops from `<style>` it still finds on every element. A rule
sees one file at a time, so its selector may not reach over the files' edges: elements and classes, no ancestors.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from css_inline import CSSInliner
from django.template import Engine, Origin, TemplateDoesNotExist
from django.template.loaders.base import Loader as BaseLoader
from django.template.loaders.filesystem import Loader as FilesystemLoader

# A whole blocktranslate, since its words are the catalogue's key and must stay as they were written.
_TAG = re.compile(r"{% blocktrans(?:late)?\b.*?{% endblocktrans(?:late)? %}|{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
_MARK = re.compile("<!--\ue000(\\d+)-->|\ue000(\\d+)\ue001")
# Where a comment would be text or part of a value.
_NO_COMMENTS = re.compile(r"<(?:title|style)\b[^>]*>.*?</(?:title|style)>|<[^>]*>", re.DOTALL)


def inline(source: str, css: str) -> str:
    """A template's source with `css` on its elements; template tags stay where and as they are."""
    tags: list[str] = []

    def mark(match: re.Match[str]) -> str:
        tags.append(match[0])
        return f"\ue000{len(tags) - 1}\ue001"

    html = _inline_html(_hide(_TAG.sub(mark, source)), css)
    return _MARK.sub(lambda match: tags[int(match[1] or match[2])], html)


def _hide(html: str) -> str:
    """Marks between elements become comments: loose text would be moved out of a table."""
    pieces: list[str] = []
    end = 0
    for place in _NO_COMMENTS.finditer(html):
        pieces += [_comment(html[end : place.start()]), place[0]]
        end = place.end()
    return "".join([*pieces, _comment(html[end:])])


def _comment(text: str) -> str:
    return re.sub("\ue000(\\d+)\ue001", "<!--\ue000\\1-->", text)


def _inline_html(html: str, css: str) -> str:
    if not html.startswith("<!doctype"):
        fragments = CSSInliner(inline_style_tags=False, minify_css=True, load_remote_stylesheets=False)
        return fragments.inline_fragment(html, css)
    return (
        CSSInliner(
            extra_css=css, inline_style_tags=False, keep_style_tags=True, minify_css=True, load_remote_stylesheets=False
        )
        .inline(html)
        .replace("<!DOCTYPE html>", "<!doctype html>\n", 1)
    )


class Loader(BaseLoader):
    """Templates from the file system, those that are HTML with the style sheet `css` on their elements."""

    def __init__(self, engine: Engine, css: str) -> None:
        super().__init__(engine)
        self._files = FilesystemLoader(engine)
        self._css = css

    def get_template_sources(self, template_name: str) -> Iterator[Origin]:
        for origin in self._files.get_template_sources(template_name):
            yield Origin(name=origin.name, template_name=template_name, loader=self)

    def get_contents(self, origin: Origin) -> str:
        source = self._files.get_contents(origin)
        return inline(source, self._sheet) if origin.name.endswith(".html") else source

    @cached_property
    def _sheet(self) -> str:
        return read_sheet(self.engine.dirs, self._css)


def read_sheet(dirs: Iterable[str | Path], name: str) -> str:
    """A style sheet that lies among the templates."""
    for folder in dirs:
        if (path := Path(folder) / name).is_file():
            return path.read_text(encoding="utf-8")
    raise TemplateDoesNotExist(name)


def engine(dirs: Sequence[Any], css: str, libraries: dict[str, str]) -> Engine:
    """A template engine of its own for the HTML of mails, each file read and inlined once a process."""
    loader = ("django.template.loaders.cached.Loader", [("subscriptions.inlining.Loader", css)])
    return Engine(dirs=list(dirs), loaders=[loader], libraries=libraries)
