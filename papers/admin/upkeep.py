"""What is read at all, and whose turn it is."""

from typing import cast

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _

from papers.admin.base import ModelForm, ReadOnlyAdmin
from papers.identifiers import is_category
from papers.lists import ModelAdmin
from papers.models import Category, Gate


class CategoryForm(ModelForm):
    class Meta:
        model = Category
        fields = ("code", "name", "is_read")

    def clean_code(self) -> str:
        code = cast("str", self.cleaned_data["code"]).strip()
        if not is_category(code):
            text = _("%(code)r is no arXiv category: write it as arXiv does, such as cs.LG.")
            raise forms.ValidationError(text % {"code": code})
        return code


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    form = CategoryForm
    list_display = ("code", "name", "is_read")
    list_editable = ("is_read",)
    list_filter = ("is_read",)
    search_fields = ("code", "name")


@admin.register(Gate)
class GateAdmin(ReadOnlyAdmin):
    list_display = ("host", "free_at")
    search_fields = ("host",)
    ordering = ("host",)
