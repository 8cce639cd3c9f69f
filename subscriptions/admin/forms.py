"""What operators fill in about readers, checked by the same rules as the readers' own forms."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from subscriptions.forms import AddressField, KeywordsField, zone_choices
from subscriptions.links import address_hmac
from subscriptions.models import Subscriber, Suppression
from subscriptions.models.subscriber import MAX_SOURCE
from subscriptions.preferences import COLUMNS, Preferences
from subscriptions.queueing import is_suppressed

if TYPE_CHECKING:
    SubscriberModelForm = forms.ModelForm[Subscriber]
    SuppressionModelForm = forms.ModelForm[Suppression]
else:
    SubscriberModelForm = SuppressionModelForm = forms.ModelForm


class ChangeSubscriberForm(SubscriberModelForm):
    """A reader's preferences."""

    keywords = KeywordsField(
        label=gettext_lazy("Interests"), help_text=gettext_lazy("One per line; one that begins with - is muted.")
    )
    zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=zone_choices, initial="UTC")

    class Meta:
        model = Subscriber
        fields = COLUMNS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["keywords"] = Preferences.of(self.instance).keywords

    @property
    def preferences(self) -> Preferences:
        """What was filled in; only of a valid form."""
        return Preferences(
            keywords=self.cleaned_data["keywords"], **{name: self.cleaned_data[name] for name in COLUMNS}
        )


class AddSubscriberForm(ChangeSubscriberForm):
    """A new reader: to be asked for confirmation, or with the proof of a consent given elsewhere (STANDARDS S33)."""

    email = AddressField(label=gettext_lazy("E-mail address"))
    source = forms.CharField(
        required=False,
        max_length=MAX_SOURCE,
        help_text=gettext_lazy("Where the consent was given, such as a form on paper at a conference."),
    )
    evidence = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("What proves it: when, to which words, and where the original is kept."),
    )

    class Meta(ChangeSubscriberForm.Meta):
        fields = ("email", *COLUMNS)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if Subscriber.objects.filter(email_key=email.lower()).exists():
            raise ValidationError(_("This address has a row here already."), code="known")
        if is_suppressed(email):
            raise ValidationError(_("This address is on the suppression list: it must get no mail."), code="suppressed")
        return email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if bool(cleaned.get("source")) != bool(cleaned.get("evidence")):
            missing = "evidence" if cleaned.get("source") else "source"
            self.add_error(missing, _("Fill in both, or leave both empty and have the reader asked."))
        return cleaned


class SuppressionForm(SuppressionModelForm):
    """An address that must get no mail. It is hashed at once and cannot be read again."""

    email = AddressField(label=gettext_lazy("E-mail address"))

    class Meta:
        model = Suppression
        fields = ("reason",)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if is_suppressed(email):
            raise ValidationError(_("This address is on the list already."), code="known")
        return email

    def save(self, commit: bool = True) -> Suppression:
        self.instance.address_hmac = address_hmac(self.cleaned_data["email"])
        return super().save(commit)
