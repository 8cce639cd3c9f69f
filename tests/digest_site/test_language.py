"""Pages in the visitor's language, and catalogues that are whole."""

import gettext
import re
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.urls import reverse

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
