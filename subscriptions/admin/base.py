"""What the admin pages share."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

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


class OfReader(ModelAdmin):
    """Rows of one reader each: `reader` is a link to them, found by address."""

    list_select_related = ("subscriber",)

    @admin.display(description="subscriber", ordering="subscriber__email_key")
    def reader(self, row: Any) -> str:
        address = reverse("admin:subscriptions_subscriber_change", args=[row.subscriber_id])
        return format_html('<a href="{}">{}</a>', address, row.subscriber.email)
