"""Every form a reader fills in. Whatever is typed is validated here, and shown again as it was typed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Self
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.text import format_lazy
from django.utils.translation import get_language, get_supported_language_variant, gettext_lazy
from django.utils.translation import gettext as _

from subscriptions import addresses, keywords
from subscriptions.keywords import Keyword
from subscriptions.models import Subscriber
from subscriptions.models.subscriber import MAX_INTEREST, MAX_INTERESTS, MAX_PAPERS, languages
from subscriptions.preferences import Preferences

MAX_ADDRESS_INPUT = 320
MAX_KEYWORDS_INPUT = 2 * MAX_INTERESTS * MAX_INTEREST
# STANDARDS A06: faster is no person, later a page somebody saved to use it again.
MIN_SECONDS = 2
MAX_SECONDS = 24 * 3600
FREQUENCIES = (
    (Subscriber.Frequency.DAILY.value, gettext_lazy("Every day")),
    (Subscriber.Frequency.WEEKDAYS.value, gettext_lazy("Monday to Friday")),
    (Subscriber.Frequency.WEEKLY.value, gettext_lazy("Once a week")),
    (Subscriber.Frequency.PAUSED.value, gettext_lazy("No digests for now")),
)
LONGEST_PAUSE = timedelta(days=366)
_SALT = "subscriptions.forms.shown"
# Not places: the machine's own setting, and a placeholder.
_NO_ZONES = frozenset({"localtime", "Factory"})


@cache
def zone_choices() -> list[tuple[str, Any]]:
    """Every IANA zone this machine knows, UTC first, the rest by region; areas without a region last."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones() - _NO_ZONES - {"UTC"}):
        region, _, place = name.partition("/")
        regions.setdefault(region if place else "Other", []).append((name, _place_name(place or name)))
    other = regions.pop("Other", [])
    return [("UTC", "UTC"), *sorted(regions.items()), ("Other", other)]


def _place_name(name: str) -> str:
    return name.replace("_", " ").replace("/", ", ")


class ReaderForm(forms.Form):
    """A form whose labels end without a colon."""

    def __init__(self, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)

    @classmethod
    def showing(cls, typed: Mapping[str, Any], **kwargs: Any) -> Self:
        """The form as it was typed, without judging anything in it."""
        initial = {
            name: name in typed if isinstance(field, forms.BooleanField) else typed[name]
            for name, field in cls.base_fields.items()
            if name in typed or isinstance(field, forms.BooleanField)
        }
        return cls(initial=initial, **kwargs)


class AddressField(forms.CharField):
    """One mail address, as it will be stored."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})
        errors = {"required": gettext_lazy("Write your address here, such as ada@example.org.")}
        super().__init__(max_length=MAX_ADDRESS_INPUT, widget=widget, error_messages=errors, **kwargs)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            return addresses.parse(text) if text else ""
        except addresses.AddressError as error:
            raise ValidationError(str(error), code="address") from None


class KeywordsField(forms.CharField):
    """A box of keywords; its value is a tuple of Keyword."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"rows": 6, "spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"}
        widget = forms.Textarea(attrs=attrs)
        super().__init__(max_length=MAX_KEYWORDS_INPUT, widget=widget, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else keywords.write(value)

    def clean(self, value: Any) -> tuple[Keyword, ...]:
        text = super().clean(value)
        try:
            return keywords.read(text)
        except keywords.KeywordsError as error:
            raise ValidationError(error.sentences, code="keywords") from None


class TrapForm(ReaderForm):
    """What strangers may send: with a field only machines fill in, and the signed moment the page was shown."""

    website = forms.CharField(
        label=gettext_lazy("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )
    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, now: datetime, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.now = now
        self.fields["shown"].initial = stamp(now)

    @property
    def is_trapped(self) -> bool:
        """Sent by a machine, as far as one can tell without asking anything of a person (STANDARDS A05, A06)."""
        if self.data.get("website"):
            return True
        try:
            shown_at = float(signing.Signer(salt=_SALT).unsign(self.data.get("shown", "")))
        except (signing.BadSignature, ValueError):
            return True
        return not MIN_SECONDS <= self.now.timestamp() - shown_at <= MAX_SECONDS


class PreferencesForm(ReaderForm):
    """What a reader gets and when."""

    keywords = KeywordsField(
        label=gettext_lazy("Keywords"),
        help_text=format_lazy(
            gettext_lazy(
                "One per line, or separated by commas; up to {most}. Leave it empty for each day’s trending papers."
            ),
            most=MAX_INTERESTS,
        ),
    )
    frequency = forms.ChoiceField(label=gettext_lazy("How often"), choices=FREQUENCIES, widget=forms.RadioSelect)
    weekday = forms.TypedChoiceField(
        label=gettext_lazy("Day of the week"),
        help_text=gettext_lazy("For a digest once a week."),
        choices=Subscriber.Weekday,
        coerce=int,
    )
    hour = forms.TypedChoiceField(
        label=gettext_lazy("Time of day"), coerce=int, choices=[(str(hour), f"{hour:02}:00") for hour in range(24)]
    )
    zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=zone_choices)
    max_papers = forms.IntegerField(
        label=gettext_lazy("Papers in a digest, at most"),
        min_value=1,
        max_value=MAX_PAPERS,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            format_lazy(gettext_lazy("Write a number from 1 to {most}."), most=MAX_PAPERS),
        ),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of the mails"), choices=languages, required=False)
    wants_trending = forms.BooleanField(
        label=gettext_lazy("Add up to three trending papers"),
        help_text=gettext_lazy("Beside those that match your keywords; never in their place."),
        required=False,
    )
    wants_quiet_note = forms.BooleanField(
        label=gettext_lazy("Send me a note on quiet days"),
        help_text=gettext_lazy("A short mail that says why, on days without a paper for you."),
        required=False,
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, preferences: Preferences | None = None, **kwargs: Any
    ) -> None:
        wanted = preferences or Preferences()
        initial = {name: getattr(wanted, name) for name in PreferencesForm.base_fields}
        super().__init__(data, initial=initial | kwargs.pop("initial", {}), **kwargs)
        if len(languages()) == 1:
            del self.fields["language"]

    @property
    def switches(self) -> list[BoundField]:
        return [self["wants_trending"], self["wants_quiet_note"]]

    @property
    def preferences(self) -> Preferences:
        """What was asked for; only of a valid form."""
        asked = {name: self.cleaned_data[name] for name in PreferencesForm.base_fields if name in self.cleaned_data}
        return Preferences(**asked | {"language": asked.get("language") or self.initial["language"]})


class SignUpForm(PreferencesForm, TrapForm):
    """Mails will be written in the language of the page it stood on."""

    email = AddressField(label=gettext_lazy("Your e-mail address"))

    def __init__(self, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields.pop("language", None)

    @property
    def preferences(self) -> Preferences:
        return replace(super().preferences, language=page_language())


class LinkForm(TrapForm):
    email = AddressField(label=gettext_lazy("Your e-mail address"))


class MoveForm(ReaderForm):
    email = AddressField(label=gettext_lazy("New e-mail address"))

    def __init__(self, data: Mapping[str, Any] | None = None, *, subscriber: Subscriber, **kwargs: Any) -> None:
        super().__init__(data, prefix="move", **kwargs)
        self.subscriber = subscriber

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email.lower() == self.subscriber.email_key:
            raise ValidationError(_("This is your address already."), code="same")
        return email


class PauseForm(ReaderForm):
    until = forms.DateField(
        label=gettext_lazy("First day with a digest again"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages=dict.fromkeys(("required", "invalid"), gettext_lazy("Write a date such as 2026-05-04.")),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, today: date, **kwargs: Any) -> None:
        super().__init__(data, prefix="pause", **kwargs)
        self.today = today
        self.fields["until"].widget.attrs |= {
            "min": (today + timedelta(days=1)).isoformat(),
            "max": (today + LONGEST_PAUSE).isoformat(),
        }

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if until <= self.today:
            raise ValidationError(_("Choose a day after today."), code="past")
        if until > self.today + LONGEST_PAUSE:
            raise ValidationError(_("Choose a day within a year, or “No digests for now” above."), code="far")
        return until


def page_language() -> str:
    """The language of the page, as one that mails can be written in."""
    return get_supported_language_variant(get_language() or settings.LANGUAGE_CODE)


def stamp(now: datetime) -> str:
    """The signed moment at which a form was shown."""
    return signing.Signer(salt=_SALT).sign(str(int(now.timestamp())))
