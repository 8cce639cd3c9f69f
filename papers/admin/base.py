"""What the admin pages of papers share: links and read-only rows."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from papers.lists import Bounded
from papers.models import Paper

if TYPE_CHECKING:  # these classes are generic to the type checker only
    TabularInline = admin.TabularInline[Any, Any]
    ModelForm = forms.ModelForm[Any]
else:
    TabularInline, ModelForm = admin.TabularInline, forms.ModelForm


def paper_link(paper: Paper) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("admin:papers_paper_change", args=[paper.pk]), paper.title)


def list_link(name: str, text: object, **filters: object) -> SafeString:
    """A link to the list of a model, filtered."""
    address = reverse(f"admin:papers_{name}_changelist")
    return format_html('<a href="{}?{}">{}</a>', address, urlencode(filters), text)


def editor(request: HttpRequest) -> AbstractBaseUser:
    """Who acts. Behind the admin's log-in there is somebody."""
    if isinstance(request.user, AnonymousUser):
        raise PermissionDenied
    return request.user


class ReadOnlyAdmin(Bounded):
    """Rows that only the pipeline writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
