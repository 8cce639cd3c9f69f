"""STANDARDS M35: what mails are made of, against caniemail's data, where UPSTREAM_SAMPLES names a folder with it."""

import os
import re
from pathlib import Path

import pytest
import yaml

from subscriptions.gallery import cases
from tests.subscriptions.mails import Page

SAMPLES = os.environ.get("UPSTREAM_SAMPLES")
if not SAMPLES:
    pytest.skip("UPSTREAM_SAMPLES is not set", allow_module_level=True)

pytestmark = pytest.mark.samples
FEATURES = Path(SAMPLES) / "corpora" / "caniemail" / "_features"
CLIENTS = [
    ("gmail", "desktop-webmail"),
    ("gmail", "ios"),
    ("gmail", "android"),
    ("gmail", "mobile-webmail"),
    ("outlook", "windows"),
    ("apple-mail", "macos"),
    ("apple-mail", "ios"),
]
# Refused somewhere, and what is seen there instead.
ENHANCEMENTS = {
    "css-at-media": "the layout is fluid without it",
    "css-at-media-prefers-color-scheme": "the program's own dark mode, or light",
    "css-border-radius": "square corners",
    "css-color-scheme": "the program's own dark mode, or light",
    "css-display-none": "the preheader stands above the mail, and sums it up",
    "css-max-height": "the preheader is hidden otherwise",
    "css-overflow": "the preheader is hidden otherwise",
    "css-selector-class": "every element has its style",
    "css-selector-grouping": "every element has its style",
    "css-selector-type": "every element has its style",
    "css-table-layout": "a word longer than the column widens it",
    "css-word-wrap": "a word longer than the column widens it",
    "html-bdi": "`dir` gives titles and abstracts their direction",
    "html-doctype": "Word knows none",
    "html-meta-color-scheme": "the program's own dark mode, or light",
    "html-style": "every element has its style",
}
PROPERTIES = {
    "background-color": "css-background-color",
    "border": "css-border",
    "border-color": "css-border",
    "border-radius": "css-border-radius",
    "border-top": "css-border",
    "color-scheme": "css-color-scheme",
    "display": "css-display",
    "font-family": "css-font",
    "font-size": "css-font-size",
    "font-weight": "css-font-weight",
    "line-height": "css-line-height",
    "margin": "css-margin",
    "max-height": "css-max-height",
    "max-width": "css-max-width",
    "overflow": "css-overflow",
    "padding": "css-padding",
    "padding-left": "css-padding",
    "padding-right": "css-padding",
    "table-layout": "css-table-layout",
    "text-decoration": "css-text-decoration",
    "width": "css-width",
    "word-wrap": "css-word-wrap",
}
# Older than the data, or not for these programs.
NOT_LISTED = {"color", "mso-hide", "supported-color-schemes"}
ELEMENTS = {
    "b": "html-strong",
    "bdi": "html-bdi",
    "body": "html-body",
    "div": "html-div",
    "h1": "html-h1-h6",
    "h2": "html-h1-h6",
    "h3": "html-h1-h6",
    "p": "html-p",
    "span": "html-span",
    "strong": "html-strong",
    "style": "html-style",
    "table": "html-table",
    "tbody": "html-table",
    "td": "html-table",
    "tr": "html-table",
}
PLAIN_ELEMENTS = {"a", "br", "head", "html", "meta", "title"}
ATTRIBUTES = {name: f"html-{name}" for name in ("align", "aria-label", "cellpadding", "dir", "lang", "role", "width")}
ALWAYS = {"html-doctype", "html-meta-color-scheme", "css-selector-class", "css-selector-type", "css-selector-grouping"}
ALWAYS |= {"css-at-media", "css-at-media-prefers-color-scheme", "css-important", "css-display-none", "html-comments"}


def refused(feature: str) -> bool:
    """Whether the newest version of one of our programs refuses it."""
    front = (FEATURES / f"{feature}.md").read_text(encoding="utf-8").split("---")[1].replace("\t", "  ")
    stats = yaml.safe_load(front)["stats"]
    tested = [stats.get(family, {}).get(platform) or {} for family, platform in CLIENTS]
    return any(str(list(versions.values())[-1]).startswith("n") for versions in tested if versions)


def used(html: str) -> set[str]:
    page = Page(html)
    styles = [attrs["style"] for _, attrs in page.elements if attrs.get("style")]
    styles += re.findall(r"\{([^{}]+)\}", re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1])
    properties = {name.strip() for style in styles for name in re.findall(r"(?:^|;)\s*([\w-]+)\s*:", style)}
    elements = {tag for tag, _ in page.elements} - PLAIN_ELEMENTS
    attributes = {name for _, attrs in page.elements for name in attrs} & ATTRIBUTES.keys()
    found = {PROPERTIES[name] for name in properties - NOT_LISTED} | {ELEMENTS[name] for name in elements}
    return found | {ATTRIBUTES[name] for name in attributes}


def test_m35_only_what_gmail_outlook_and_apple_mail_understand_or_do_without():
    features = set().union(ALWAYS, *(used(case.message.html) for case in cases()))

    assert {feature for feature in features if refused(feature)} == ENHANCEMENTS.keys()
