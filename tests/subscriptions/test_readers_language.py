"""A reader's language: set by the page they sign up on, changed in their preferences, spoken by every mail."""

import re

import pytest
from django.test import Client
from django.utils.translation import override

from subscriptions import consent
from subscriptions.candidates import guess, read_row
from subscriptions.consent import in_language
from subscriptions.feeding import open_feed
from subscriptions.forms import PreferencesForm
from subscriptions.models import ConsentEvent, Delivery, Subscriber, Token
from subscriptions.rendering import render, render_many
from tests.factories import NOW, make_delivery, make_digest, make_interest, make_paper, make_subscriber
from tests.readers import path_of, preferences_fields, sign_up_fields, text_of, visit
from tests.subscriptions.mails import parsed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

GERMAN = {"accept-language": "de-CH, en;q=0.5"}


def test_sign_up_takes_the_language_of_its_page(client):
    client.post("/subscribe", sign_up_fields(), headers=GERMAN)

    question = render(Delivery.objects.get(), now=NOW)
    client.post(path_of(Token.objects.get(purpose="confirm")), headers={"accept-language": "en"})

    assert (question.subject, question.extra_headers["Content-Language"]) == (
        "Bestätigen Sie Ihr Abonnement von Paper Round", "de",
    )  # fmt: skip
    assert Subscriber.objects.get().language == "de"
    welcome = render(Delivery.objects.get(kind="welcome"), now=NOW)
    assert welcome.subject == "Willkommen bei Paper Round"
    assert "jeden Tag um 07:00 (Europe/Berlin)" in " ".join(welcome.body.split())
    assert list(ConsentEvent.objects.order_by("pk").values_list("locale", "text_version")) == [
        ("de", "sign-up-1-de"), ("en", "confirm-1"),
    ]  # fmt: skip


def test_repeated_sign_up_changes_nobodys_language(client):
    reader = make_subscriber(email="ada@example.org")

    client.post("/subscribe", sign_up_fields(), headers=GERMAN)

    reader.refresh_from_db()
    assert reader.language == "en"
    assert render(Delivery.objects.get(), now=NOW).subject == "You are already subscribed to Paper Round"


def test_page_of_a_language_without_words_of_consent_shows_the_english_ones():
    with override("fr"):
        assert in_language(consent.SIGN_UP) == "sign-up-1"


def test_german_digest_is_german_all_through():
    reader = make_subscriber(language="de")
    make_interest(reader, "grokking")
    row = make_delivery(subscriber=reader, papers=[make_paper(votes=1200, abstract="")])
    row.digest.items.update(reasons=[{"interest": "grokking", "terms": ["Grok"]}])

    message = parsed(render(row, now=NOW))

    text, html = (part.get_content() for part in message.iter_parts())
    assert (str(message["Subject"]), message["Content-Language"]) == ("1 neuer Artikel: grokking", "de")
    assert text.splitlines()[:5] == [
        "Paper Round", "Mittwoch, 12. August 2026 · Nr. 224", "", "20 neue Artikel, davon 1 passend.", "",
    ]  # fmt: skip
    assert '<html lang="de" dir="ltr">' in html
    words = set(re.sub(r"https?://\S+", "", text).lower().split())
    assert words.isdisjoint({"you", "your", "this", "the", "and", "unsubscribe", "votes", "view"})


def test_subject_of_a_german_mail_is_ascii_on_the_wire():
    reader = make_subscriber(language="de", wants_quiet_note=True)
    row = make_delivery(subscriber=reader, papers=[make_paper()])
    row.digest.items.all().delete()
    row.digest.outcome = "empty"

    raw = render(row, now=NOW).message().as_bytes()

    assert raw.isascii()
    assert parsed(render(row, now=NOW))["Subject"] == "Keine neuen Artikel für Sie am 12. August 2026"


def test_readers_of_both_languages_in_one_window_get_their_own():
    papers = [make_paper(votes=1200)]
    rows = [
        make_delivery(number, papers, subscriber=make_subscriber(number, language=code))
        for number, code in enumerate(("en", "de", "en"), start=1)
    ]

    mails = render_many(rows, now=NOW)

    assert [re.findall(r"1.200 \w+|More like this|Mehr davon", mails[row.pk].body) for row in rows] == [
        ["1,200 votes", "More like this"], ["1.200 Stimmen", "Mehr davon"], ["1,200 votes", "More like this"],
    ]  # fmt: skip


def test_reader_changes_the_language_of_their_mails(client):
    reader = make_subscriber()

    page = visit(reader, client=client).post("/preferences", preferences_fields(language="de"), follow=True)

    reader.refresh_from_db()
    assert (reader.language, page["Content-Language"]) == ("de", "en")
    assert 'value="de" selected' in page.text


@pytest.mark.parametrize(("typed", "kept"), [({}, "de"), ({"language": ""}, "de"), ({"language": "xx"}, "de")])
def test_form_without_a_language_leaves_it(client, typed, kept):
    reader = make_subscriber(language="de")

    visit(reader, client=client).post("/preferences", preferences_fields(**typed))

    reader.refresh_from_db()
    assert reader.language == kept


def test_site_with_one_language_asks_for_none(settings):
    settings.LANGUAGES = [("en", "English")]

    form = PreferencesForm(preferences_fields())

    assert ("language" in form.fields, form.is_valid(), form.preferences.language) == (False, True, "en")


def test_stored_reason_is_told_in_the_readers_language():
    reader = make_subscriber(language="de")
    make_digest(
        reader, [], outcome="empty", reason="No new papers came in since your last digest.",
        told={"reason": [{"kind": "none", "facts": {}}]},
    )  # fmt: skip

    page = visit(reader, client=Client(headers=GERMAN)).get("/preferences/digests/2026-08-12")

    assert "Seit Ihrer letzten Ausgabe kamen keine neuen Artikel" in text_of(page)


def test_own_feed_speaks_the_readers_language(client):
    reader = make_subscriber(language="de")
    make_digest(reader, [make_paper()])

    feed = client.get(path_of(open_feed(reader, NOW)))

    assert "<title>Ihre Ausgaben</title>" in feed.text
    assert "<title>12. August 2026: 1 Artikel</title>" in feed.text


@pytest.mark.parametrize(("cell", "language"), [("de", "de"), ("Deutsch", "de"), ("", "en")])
def test_imported_reader_has_the_language_of_their_row(cell, language):
    columns = guess(["E-Mail", "Sprache"])

    assert read_row(2, ["ada@example.org", cell], columns, "").preferences.language == language


def test_imported_language_that_is_none_is_a_fault():
    columns = guess(["E-Mail", "Sprache"])

    faults = read_row(2, ["ada@example.org", "tlh"], columns, "")

    assert [(fault.column, fault.problem) for fault in faults] == [("language", "Write one of en, de.")]
