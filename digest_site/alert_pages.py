"""The alerts' list in the admin: to look at. They open and close by themselves."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin

from digest_site.models import Alert
from subscriptions.admin.base import ReadOnly

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Alert]
else:
    ModelAdmin = admin.ModelAdmin


@admin.register(Alert)
class AlertAdmin(ReadOnly, ModelAdmin):
    list_display: Any = ("__str__", "words", "opened_at", "seen_at", "told_at", "resolved_at")
    list_filter: ClassVar[Any] = (("resolved_at", admin.EmptyFieldListFilter), "name")
    search_fields = ("name", "about", "words")
    date_hierarchy = "opened_at"
    show_full_result_count = False
