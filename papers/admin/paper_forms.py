"""What editors fill in about papers."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from papers.admin.base import ModelForm
from papers.identifiers import parse_arxiv_id
from papers.models import EDITABLE, Paper
from papers.models.paper import MAX_NOTE
from papers.text import MAX_ABSTRACT, MAX_TITLE, clean


class PaperForm(ModelForm):
    """Marks, and words of an editor's own. `rewritten` are the fields whose words are to be changed."""

    # What a reading changed since the page was opened is no edit of whoever sends it: hence the hidden initials.
    title = forms.CharField(
        max_length=MAX_TITLE,
        show_hidden_initial=True,
        widget=forms.TextInput(attrs={"class": "vLargeTextField"}),
        label=gettext_lazy("Title"),
    )
    abstract = forms.CharField(
        max_length=MAX_ABSTRACT,
        required=False,
        show_hidden_initial=True,
        widget=forms.Textarea(attrs={"class": "vLargeTextField", "rows": 8}),
        label=gettext_lazy("Abstract"),
    )
    restore_title = forms.BooleanField(required=False, label=gettext_lazy("Take the sources' title again"))
    restore_abstract = forms.BooleanField(required=False, label=gettext_lazy("Take the sources' abstract again"))

    class Meta:
        model = Paper
        fields = ("is_hidden", "is_pinned", "pick_note", "title", "abstract")
        widgets = {"pick_note": forms.TextInput(attrs={"class": "vLargeTextField"})}

    def clean_title(self) -> str:
        title = clean(self.cleaned_data["title"], MAX_TITLE)
        if not title:
            raise ValidationError(_("A paper needs a title with at least one visible character."))
        return title

    def clean_abstract(self) -> str:
        return clean(self.cleaned_data["abstract"])

    def clean_pick_note(self) -> str:
        return clean(self.cleaned_data["pick_note"], MAX_NOTE)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("pick_note") and not cleaned.get("is_pinned"):
            self.add_error("is_pinned", _("Only a pick can have a note: tick this, or take the note out."))
        return cleaned

    @property
    def rewritten(self) -> dict[str, str]:
        """Field → new words; only of a valid form."""
        wanted = {name: self.cleaned_data[name] for name in EDITABLE if name in self.changed_data}
        return wanted | {name: self.source_words[name] for name in self.source_words if self._restores(name)}

    @property
    def source_words(self) -> dict[str, str]:
        return dict(self.instance.source_words)

    def _restores(self, name: str) -> bool:
        return bool(self.cleaned_data.get(f"restore_{name}"))


class AddPaperForm(forms.Form):
    """One paper, by its arXiv id."""

    arxiv_id = forms.CharField(
        max_length=200,
        label=gettext_lazy("arXiv id or address"),
        help_text=gettext_lazy("Such as 2608.01234 or https://arxiv.org/abs/2608.01234."),
        widget=forms.TextInput(attrs={"class": "vTextField", "autofocus": True}),
    )

    def clean_arxiv_id(self) -> str:
        found = parse_arxiv_id(self.cleaned_data["arxiv_id"])
        if found is None:
            raise ValidationError(_("This is no arXiv id. It looks like 2608.01234, or hep-th/9901001 before 2007."))
        return found


class PickForm(forms.Form):
    """The note that goes with an editor's pick."""

    note = forms.CharField(
        max_length=MAX_NOTE,
        required=False,
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("Why it was picked, in a sentence or two. Readers see it beside the paper."),
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )

    def clean_note(self) -> str:
        return clean(self.cleaned_data["note"], MAX_NOTE)
