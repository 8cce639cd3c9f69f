from datetime import date, timedelta
from zoneinfo import available_timezones

import pytest

from subscriptions import forms, keywords
from subscriptions.models import Subscriber
from subscriptions.preferences import Preferences
from tests.factories import NOW
from tests.readers import preferences_fields, sign_up_fields

TODAY = date(2026, 8, 12)


def sign_up_form(**changes: str) -> forms.SignUpForm:
    return forms.SignUpForm(sign_up_fields(**changes), now=NOW)


def test_sign_up_form_gives_address_and_preferences():
    form = sign_up_form(email=" Ada@Example.org ", frequency="weekly", weekday="4", hour="18", wants_quiet_note="on")

    assert form.is_valid(), form.errors
    assert form.cleaned_data["email"] == "Ada@example.org"
    assert form.preferences == Preferences(
        keywords=keywords.read("diffusion models\n-survey"),
        frequency="weekly",
        weekday=4,
        hour=18,
        zone="Europe/Berlin",
        max_papers=10,
        wants_quiet_note=True,
    )


def test_keywords_may_be_left_out():
    form = sign_up_form(keywords="")

    assert form.is_valid(), form.errors
    assert form.preferences.keywords == ()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("email", "", "Write your address here, such as ada@example.org."),
        ("email", "ada", "An address has an @ in it, such as ada@example.org."),
        ("email", "a\x00@example.org", "Null characters are not allowed."),
        ("email", "a@example.org\r\nBcc: b@example.org", "Write one address only."),
        ("keywords", "a$", None),
        ("keywords", "a\x00", "Null characters are not allowed."),
        ("keywords", "x," * 2401, "Ensure this value has at most 4800 characters (it has 4802)."),
        ("frequency", "hourly", "Select a valid choice. hourly is not one of the available choices."),
        ("frequency", "", "This field is required."),
        ("weekday", "7", "Select a valid choice. 7 is not one of the available choices."),
        ("hour", "24", "Select a valid choice. 24 is not one of the available choices."),
        ("hour", "-1", "Select a valid choice. -1 is not one of the available choices."),
        ("zone", "Mars/Olympus", "Select a valid choice. Mars/Olympus is not one of the available choices."),
        ("zone", "../../etc/passwd", "Select a valid choice. ../../etc/passwd is not one of the available choices."),
        ("max_papers", "0", "Write a number from 1 to 50."),
        ("max_papers", "51", "Write a number from 1 to 50."),
        ("max_papers", "9" * 5000, "Write a number from 1 to 50."),
        ("max_papers", "many", "Write a number from 1 to 50."),
    ],
)
def test_bad_value_is_refused_at_its_field(name: str, value: str, sentence: str | None):
    form = sign_up_form(**{name: value})

    assert list(form.errors) == [name]
    assert sentence is None or form.errors[name] == [sentence]


def test_errors_are_tied_to_their_field_for_those_who_listen():
    form = sign_up_form(keywords="(open")

    html = form["keywords"].as_field_group()

    assert 'aria-describedby="id_keywords_helptext id_keywords_error"' in html
    assert 'aria-invalid="true"' in html
    assert '<ul class="errorlist" id="id_keywords_error">' in html
    assert ">\n(open</textarea>" in html


@pytest.mark.parametrize(
    ("changes", "trapped"),
    [
        ({}, False),
        ({"website": "x"}, True),
        ({"shown": ""}, True),
        ({"shown": "1786518030"}, True),
        ({"shown": forms.stamp(NOW)[:-1]}, True),
        ({"shown": forms.stamp(NOW - timedelta(seconds=1))}, True),
        ({"shown": forms.stamp(NOW - timedelta(seconds=2))}, False),
        ({"shown": forms.stamp(NOW - timedelta(hours=24))}, False),
        ({"shown": forms.stamp(NOW - timedelta(hours=24, seconds=1))}, True),
        ({"shown": forms.stamp(NOW + timedelta(minutes=1))}, True),
    ],
)
def test_a05_a06_traps_tell_machines(changes: dict[str, str], trapped: bool):
    form = sign_up_form(**changes)

    assert (form.is_valid(), form.is_trapped) == (True, trapped)


def test_a05_trap_is_hidden_from_people_with_and_without_eyes():
    html = forms.SignUpForm(now=NOW)["website"].as_widget()

    assert 'tabindex="-1"' in html
    assert 'autocomplete="off"' in html


def test_a31_foreign_fields_are_ignored():
    form = sign_up_form(status="active", is_confirmed="1", confirmed_at="2026-01-01", id="1")

    assert form.is_valid()
    assert {"status", "is_confirmed", "confirmed_at", "id"}.isdisjoint(form.cleaned_data)


def test_zones_are_all_there_utc_first_then_by_region():
    choices = forms.zone_choices()

    names = [choices[0][0]] + [name for _, places in choices[1:] for name, _ in places]
    assert (choices[0], choices[-1][0]) == (("UTC", "UTC"), "Other")
    assert dict(dict(choices[1:])["America"])["America/Argentina/Buenos_Aires"] == "Argentina, Buenos Aires"
    assert len(names) == len(set(names))
    assert set(names) == available_timezones() - {"localtime", "Factory"}


def test_preferences_form_shows_what_stands():
    preferences = Preferences(keywords=keywords.read("grokking\n-survey"), hour=22, zone="Asia/Tokyo", max_papers=3)

    form = forms.PreferencesForm(preferences=preferences)

    assert {name: form[name].value() for name in ("keywords", "hour", "zone", "max_papers", "frequency")} == {
        "keywords": "grokking\n-survey",
        "hour": 22,
        "zone": "Asia/Tokyo",
        "max_papers": 3,
        "frequency": "daily",
    }


def test_preferences_form_gives_what_was_typed():
    form = forms.PreferencesForm(preferences_fields(zone="Asia/Tokyo"))

    assert form.is_valid(), form.errors
    assert form.preferences == Preferences(keywords=keywords.read("diffusion models\n-survey"), zone="Asia/Tokyo")


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        ("2026-08-13", None),
        ("2027-08-13", None),
        ("2026-08-12", "Choose a day after today."),
        ("2027-08-14", "Choose a day within a year, or “No digests for now” above."),
        ("soon", "Write a date such as 2026-05-04."),
        ("", "Write a date such as 2026-05-04."),
    ],
)
def test_pause_lasts_from_tomorrow_to_a_year(until: str, sentence: str | None):
    form = forms.PauseForm({"pause-until": until}, today=TODAY)

    assert form.errors.get("until", []) == ([sentence] if sentence else [])


def test_move_form_refuses_the_present_address_in_any_case():
    reader = Subscriber(email="Ada@example.org", email_key="ada@example.org")

    form = forms.MoveForm({"move-email": "aDA@EXAMPLE.org"}, subscriber=reader)

    assert form.errors == {"email": ["This is your address already."]}
