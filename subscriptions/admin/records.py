"""What is kept about readers and what they were sent. Most of it can be read, not written."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy

from papers.lists import Bounded
from subscriptions import links, previewing
from subscriptions.admin.base import ModelAdmin, OfReader, ReadOnly, Request, TabularInline
from subscriptions.admin.forms import SuppressionForm
from subscriptions.admin.looks import Looks
from subscriptions.message import Message
from subscriptions.models import (
    Allowance,
    ConsentEvent,
    Digest,
    DigestItem,
    Feedback,
    Interest,
    Suppression,
    Token,
)


@admin.register(Interest)
class InterestAdmin(ReadOnly, OfReader):
    """All interests side by side: what is asked for most, and by whom. They are changed with their reader."""

    list_display = ("text", "is_muted", "normal", "reader")
    list_filter = ("is_muted", "subscriber__status")
    search_fields = ("text", "normal")


@admin.register(Feedback)
class FeedbackAdmin(ReadOnly, OfReader):
    """What readers said about single papers."""

    list_display = ("at", "verdict", "paper", "reader")
    list_filter = ("verdict",)

    def get_queryset(self, request: Request) -> QuerySet[Feedback]:
        rows: QuerySet[Feedback] = super().get_queryset(request)
        return rows.select_related("subscriber", "paper")


@admin.register(ConsentEvent)
class ConsentEventAdmin(ReadOnly, Bounded):
    list_display = ("at", "kind", "form", "text_version", "locale", "source", "subscriber_id")
    list_filter = ("kind", "at")
    search_fields = ("=subscriber__id", "form", "text_version", "source", "evidence")
    ordering = ("-pk",)
    raw_id_fields = ("subscriber",)


@admin.register(Suppression)
class SuppressionAdmin(ModelAdmin):
    """Addresses that get no mail, by hash. Search for a whole address to see whether it is among them."""

    form = SuppressionForm
    list_display = ("at", "reason")
    list_filter = ("reason", "at")
    search_fields = ("address_hmac",)
    search_help_text = gettext_lazy("A whole e-mail address")

    def get_search_results(self, request: Request, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = links.address_hmac(search_term.strip()) if "@" in search_term else search_term
        return super().get_search_results(request, queryset, term)

    def has_change_permission(self, request: Request, obj: Model | None = None) -> bool:
        return False


@admin.register(Token)
class TokenAdmin(ReadOnly, OfReader):
    """That there are links, and until when; nothing from which one could be made."""

    list_display = ("id", "purpose", "reader", "created_at", "expires_at", "used_at")
    list_filter = ("purpose", "created_at", "expires_at")
    search_fields = ("=id",)
    fields = ("purpose", "subscriber", "created_at", "expires_at", "used_at")


class DigestItemInline(ReadOnly, TabularInline):
    model = DigestItem
    fields = ("position", "paper", "section", "score", "reasons")

    def get_queryset(self, request: Request) -> QuerySet[DigestItem]:
        items: QuerySet[DigestItem] = super().get_queryset(request)
        return items.select_related("paper")


@admin.register(Digest)
class DigestAdmin(ReadOnly, Looks, OfReader):
    list_display = ("edition", "reader", "outcome", "item_count", "considered", "matched", "due_at", "reason", "looks")
    readonly_fields = ("looks",)
    list_filter = ("outcome", "edition")
    search_fields = ("reason",)
    inlines = (DigestItemInline,)

    def get_queryset(self, request: Request) -> QuerySet[Digest]:
        # For the rows of the page only: a join would count those of every digest first.
        items = DigestItem.objects.filter(digest=OuterRef("pk")).order_by().values("digest")
        counted = items.annotate(count=Count("pk")).values("count")
        digests: QuerySet[Digest] = super().get_queryset(request)
        return digests.annotate(item_total=Coalesce(Subquery(counted), 0))

    def mail_of(self, row: Digest) -> Message:
        return previewing.look_at(row, timezone.now())

    @admin.display(description="mail")
    def looks(self, digest: Digest) -> str:
        address = reverse("admin:subscriptions_digest_looks", args=[digest.pk])
        return format_html('<a href="{}">{}</a>', address, gettext("How it looks"))

    @admin.display(description="papers", ordering="item_total")
    def item_count(self, digest: Any) -> int:
        return int(digest.item_total)


@admin.register(Allowance)
class AllowanceAdmin(ReadOnly, ModelAdmin):
    """What strangers have used up. Deleting a row lifts that limit at once."""

    list_display = ("key", "used", "ends_at")
    search_fields = ("key",)

    def has_delete_permission(self, request: Request, obj: Model | None = None) -> bool:
        return ModelAdmin.has_delete_permission(self, request, obj)
