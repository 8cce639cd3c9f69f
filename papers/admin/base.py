"""What the admin pages of papers share: links, read-only rows, and lists that never count a long table."""

from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from papers.models import Paper

if TYPE_CHECKING:  # these classes are generic to the type checker only
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    ModelForm = forms.ModelForm[Any]
    _Paginator = Paginator[Any]
else:
    ModelAdmin, TabularInline, ModelForm, _Paginator = admin.ModelAdmin, admin.TabularInline, forms.ModelForm, Paginator


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


class BoundedPaginator(_Paginator):
    """Shows the first LIMIT rows: a table of years is neither counted nor leafed through to its end."""

    LIMIT = 5_000

    @cached_property
    def count(self) -> int:
        return min(self._found, self.LIMIT)

    @property
    def is_cut(self) -> bool:
        return self._found > self.LIMIT

    @cached_property
    def _found(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self.LIMIT + 1].count())


class Bounded(ModelAdmin):
    """A list that is as fast over 365,000 rows as over fifty."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        response = super().changelist_view(request, extra_context)
        changelist = (getattr(response, "context_data", None) or {}).get("cl")
        if changelist is not None and changelist.paginator.is_cut:
            text = _("These are the first %(limit)s. Filter or search to see others.")
            messages.info(request, text % {"limit": f"{BoundedPaginator.LIMIT:,}"})
        return response


class ReadOnlyAdmin(Bounded):
    """Rows that only the pipeline writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
