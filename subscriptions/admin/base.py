"""What the admin pages share."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy

from papers.lists import Bounded
from subscriptions.models import Subscriber

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline

Request = HttpRequest


class ReadOnly:
    """Looked at, never written: neither by a form nor by an action."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: Request, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: Request, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: Request, obj: Model | None = None) -> bool:
        return False


class OfReader(Bounded):
    """Rows of one reader each: `reader` is a link to them, found by address."""

    list_select_related = ("subscriber",)
    # The newest, by an index every table has: no list is sorted as a whole.
    ordering = ("-pk",)
    search_help_text = gettext_lazy("A reader's address or how it begins, with its @; or what this list is about")

    def get_search_results(self, request: Request, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """An address is looked up by its index, and leads to its reader's rows."""
        term = search_term.strip().lower()
        if "@" not in term:
            return super().get_search_results(request, queryset, search_term)
        readers = Subscriber.objects.filter(email_key__startswith=term)
        return queryset.filter(subscriber__in=readers.values("pk")), False

    @admin.display(description="subscriber", ordering="subscriber__email_key")
    def reader(self, row: Any) -> str:
        address = reverse("admin:subscriptions_subscriber_change", args=[row.subscriber_id])
        return format_html('<a href="{}">{}</a>', address, row.subscriber.email)
