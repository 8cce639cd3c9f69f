"""Pages in the visitor's language, and catalogues that are whole."""

import gettext
import re
from datetime import date
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from papers.models import Listing
from tests.factories import make_paper

LOCALE = Path(settings.LOCALE_PATHS[0])
CATALOGUES = sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|</?\w+[^>]*>")


def read(path: Path) -> polib.POFile:
    return polib.pofile(str(path))


def strings(entry: polib.POEntry) -> list[tuple[str, str]]:
    """Pairs of what was written and its translation."""
    if not entry.msgid_plural:
        return [(entry.msgid, entry.msgstr)]
    return [(entry.msgid_plural, text) for number, text in sorted(entry.msgstr_plural.items()) if number]


def test_every_language_but_english_has_a_catalogue():
    assert [path.parent.parent.name for path in CATALOGUES] == [code for code, _ in settings.LANGUAGES if code != "en"]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_catalogue_is_complete(path):
    catalogue = read(path)

    assert len(catalogue) > 500
    assert [entry.msgid for entry in catalogue if not entry.translated() or entry.obsolete] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_translations_keep_places_and_markup(path):
    """A name that is missing or misspelt would be a broken page in that language only."""
    pairs = [pair for entry in read(path) for pair in strings(entry)]

    assert [
        msgid for msgid, text in pairs if sorted(PLACEHOLDER.findall(msgid)) != sorted(PLACEHOLDER.findall(text))
    ] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_compiled_catalogue_is_of_this_one(path):
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)

    simple = [entry for entry in read(path) if not entry.msgid_plural and not entry.msgctxt]
    assert [entry.msgid for entry in simple if compiled.gettext(entry.msgid) != entry.msgstr] == []


@pytest.mark.django_db
@pytest.mark.parametrize(("asked", "word"), [("de-AT,de;q=0.9,en;q=0.5", "Zum Inhalt"), ("fr", "Skip to the content")])
def test_page_follows_the_browsers_language(client, asked, word):
    page = client.get("/about", headers={"accept-language": asked})

    assert (page.status_code, word in page.text) == (200, True)


@pytest.mark.django_db
def test_language_is_chosen_and_kept(client):
    back = client.post(reverse("language"), {"language": "de", "next": "/about?from=footer"})
    page = client.get("/about")

    assert (back.status_code, back["Location"]) == (302, "/about?from=footer")
    assert ('lang="de"' in page.text, page["Content-Language"]) == (True, "de")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "next_page"), [("xx", "/about"), ("\x00", "https://elsewhere.example/"), ("", "//x")]
)
def test_language_that_is_none_changes_nothing(client, language, next_page):
    back = client.post(reverse("language"), {"language": language, "next": next_page})

    assert back.status_code in (204, 302)
    assert back.get("Location", "/").startswith("/")
    assert not back.get("Location", "/").startswith("//")
    assert client.get("/about")["Content-Language"] == "en"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/", 200, "Noch keine Artikel"),
        ("/papers/trending", 200, "Noch hat kein Artikel der letzten zwei Wochen Stimmen."),
        ("/papers?q=grokking", 200, "Kein Artikel passt."),
        ("/papers?q=(grokking", 400, "Diese Klammer wird nie geschlossen."),
        ("/papers/date/2026-13-01", 404, "„2026-13-01“ ist kein Datum; schreiben Sie es wie 2026-08-12."),
        ("/subscribe", 200, "Ich möchte, dass Forschungsartikel zu meinen Stichwörtern"),
        ("/preferences/link", 200, "Es gibt kein Passwort."),
        ("/status", 200, "Was jede Quelle gebracht hat"),
        ("/feeds", 200, "Ein eigener Feed"),
        ("/u/AAAAAAAAAAAAAAAAAAAAAA", 404, "Dieser Link geht nicht"),
        ("/nowhere", 404, "Unter dieser Adresse gibt es nichts"),
    ],
)
def test_german_page_is_german(client, path, status, words):
    page = client.get(path, headers={"accept-language": "de"})

    assert (page.status_code, page["Content-Language"], words in page.text) == (status, "de", True)
    assert '<html lang="de"' in page.text


def test_error_page_is_german():
    with override("de"):
        page = render_to_string("500.html")

    assert ('<html lang="de">' in page, "Bei uns ging etwas kaputt" in page) == (True, True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "words"), [("en", "Tuesday, August 11, 2026"), ("de", "Dienstag, 11. August 2026")]
)
def test_day_is_printed_as_the_language_does(client, language, words):
    Listing.objects.create(paper=make_paper(), source="arxiv", day=date(2026, 8, 11))

    page = client.get("/papers/date/2026-08-11", headers={"accept-language": language})

    assert re.findall(r'<time datetime="2026-08-11">([^<]+)</time>', page.text)[0] == words


@pytest.mark.django_db
def test_languages_are_named_in_themselves(client):
    page = client.get("/about", headers={"accept-language": "de"})

    assert re.findall(r'value="(\w+)"\s+lang="\w+"[^>]*>(\w+)<', page.text) == [("en", "English"), ("de", "Deutsch")]


@pytest.mark.django_db
def test_shared_caches_keep_languages_apart(client):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"

    feed = client.get("/papers/trending/feed.atom")

    assert "Artikel im Trend" in feed.text
    assert {name.strip() for name in feed["Vary"].split(",")} >= {"Accept-Language", "Cookie"}
