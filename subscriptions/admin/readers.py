"""Readers: looking after them, without being them."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from subscriptions import changing, exporting, leaving, looking, previewing, signup
from subscriptions.admin import acts, exports
from subscriptions.admin.acts import IN_ADMIN
from subscriptions.admin.base import ModelAdmin, Request
from subscriptions.admin.forms import AddSubscriberForm, ChangeSubscriberForm
from subscriptions.admin.looks import Looks
from subscriptions.message import Message
from subscriptions.models import Subscriber
from subscriptions.models.subscriber import SubscriberQuerySet
from subscriptions.preferences import COLUMNS
from subscriptions.rescheduling import UNTIL_LIFTED

Readers = SubscriberQuerySet

WHEN = {"frequency", "weekday", "hour", "zone"}
SCHEDULE = [("frequency", "weekday"), ("hour", "zone"), tuple(name for name in COLUMNS if name not in WHEN)]
MAX_DIGITS = 19


@admin.register(Subscriber)
class SubscriberAdmin(Looks, ModelAdmin):
    """Readers. Added ones must confirm, unless a consent given elsewhere is shown (STANDARDS S33)."""

    list_display = (
        "email",
        "status",
        "frequency",
        "hour",
        "zone",
        "interest_count",
        "next_digest_at",
        "paused_until",
        "created_at",
    )
    list_filter = ("status", "frequency", "wants_quiet_note", "created_at", "confirmed_at")
    search_fields = ("email_key",)
    search_help_text = gettext_lazy("An address or how it begins, or a reader's number")
    show_full_result_count = False
    list_per_page = 50
    actions = ("pause", "resume", "unsubscribe", "preview")
    change_fields = (
        (None, {"fields": ["email", "status", "keywords", *SCHEDULE]}),
        (
            gettext_lazy("Where they stand"),
            {
                "fields": [
                    ("next_digest_at", "paused_until"),
                    ("cutoff_at", "last_edition"),
                    ("created_at", "confirmed_at", "left_at"),
                    "related",
                ]
            },
        ),
    )
    add_fields = (
        (None, {"fields": ["email", "keywords", *SCHEDULE]}),
        (
            gettext_lazy("Consent given elsewhere"),
            {
                "fields": ["source", "evidence"],
                "description": gettext_lazy(
                    "Leave both empty to have a confirmation mail sent. Filled in, both are kept for good in the "
                    "consent log, and digests begin without a mail."
                ),
            },
        ),
    )
    fixed = (
        "email",
        "status",
        "next_digest_at",
        "paused_until",
        "cutoff_at",
        "last_edition",
        "created_at",
        "confirmed_at",
        "left_at",
        "related",
    )

    def get_queryset(self, request: Request) -> QuerySet[Subscriber]:
        readers: QuerySet[Subscriber] = super().get_queryset(request)
        return readers.prefetch_related("interests")

    def get_search_results(self, request: Request, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """By number, or by the beginning of the address, for which there is an index."""
        term = search_term.strip().lower()
        if not term:
            return queryset, False
        wanted = Q(email_key__startswith=term)
        return queryset.filter(wanted | Q(pk=term) if term.isdecimal() and len(term) < MAX_DIGITS else wanted), False

    @admin.display(description=gettext_lazy("interests"))
    def interest_count(self, reader: Subscriber) -> int:
        return len(reader.interests.all())

    @admin.display(description=gettext_lazy("see"))
    def related(self, reader: Subscriber) -> str:
        """Links to the rows that belong to this reader."""
        query = f"?subscriber__id__exact={reader.pk}"
        return format_html(
            '<a href="{}">{}</a> · <a href="{}">{}</a> · <a href="{}">{}</a> · <a href="{}">{}</a>',
            reverse("admin:subscriptions_digest_changelist") + query,
            gettext("digests"),
            reverse("admin:subscriptions_delivery_changelist") + query,
            gettext("deliveries"),
            reverse("admin:subscriptions_token_changelist") + query,
            gettext("tokens"),
            reverse("admin:subscriptions_subscriber_preview", args=[reader.pk]),
            gettext("next digest"),
        )

    def get_form(self, request: Request, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, form=ChangeSubscriberForm if obj else AddSubscriberForm, **kwargs)

    def get_fieldsets(self, request: Request, obj: Model | None = None) -> Any:
        return self.change_fields if obj else self.add_fields

    def get_readonly_fields(self, request: Request, obj: Model | None = None) -> tuple[str, ...]:
        return self.fixed if obj else ()

    def has_delete_permission(self, request: Request, obj: Model | None = None) -> bool:
        # Deleting would take the ledger with it. Readers leave; unconfirmed ones are erased after a week.
        return False

    def save_model(self, request: Request, obj: Subscriber, form: Any, change: bool) -> None:
        now = timezone.now()
        if change:
            changing.change(obj.pk, form.preferences, now, IN_ADMIN)
        elif form.cleaned_data["evidence"]:
            evidence = {name: form.cleaned_data[name] for name in ("source", "evidence")}
            obj.pk = signup.bring_in(obj.email, form.preferences, now, IN_ADMIN, **evidence).pk
        else:
            obj.pk = signup.invite(obj.email, form.preferences, now, IN_ADMIN).pk
            messages.info(request, gettext("A mail asks for confirmation. Until it is answered, no digest is sent."))

    @admin.action(description=gettext_lazy("Pause until resumed"), permissions=["change"])
    def pause(self, request: Request, readers: Readers) -> None:
        now = timezone.now()
        done = sum(changing.pause(pk, UNTIL_LIFTED, now, IN_ADMIN) for pk in _pks(readers.active()))
        messages.success(
            request, gettext("%d paused. Readers can go on by themselves on their preferences page.") % done
        )

    @admin.action(description=gettext_lazy("Resume"), permissions=["change"])
    def resume(self, request: Request, readers: Readers) -> None:
        now = timezone.now()
        done = sum(changing.pause(pk, None, now, IN_ADMIN) for pk in _pks(readers.active()))
        messages.success(request, gettext("%d resumed.") % done)

    @admin.action(description=gettext_lazy("Unsubscribe"), permissions=["change"])
    def unsubscribe(self, request: Request, readers: Readers) -> None:
        now = timezone.now()
        done = sum(leaving.leave(pk, now, IN_ADMIN) for pk in _pks(readers))
        messages.success(request, gettext("%d unsubscribed.") % done)

    @admin.action(description=gettext_lazy("Preview the next digest"), permissions=["view"])
    def preview(self, request: Request, readers: Readers) -> HttpResponse | None:
        pks = _pks(readers)
        if len(pks) == 1:
            return redirect("admin:subscriptions_subscriber_preview", pks[0])
        messages.error(request, gettext("Choose one reader."))
        return None

    def change_view(self, request: Request, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        reader = self.get_object(request, object_id)
        context = (
            {"overview": looking.look_at(reader, timezone.now()), "acts": acts.allowed(request, reader)}
            if reader
            else {}
        )
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<int:pk>/preview/", guard(self.preview_page), name="subscriptions_subscriber_preview"),
            path("<int:pk>/act/<str:name>/", guard(self.act_page), name="subscriptions_subscriber_act"),
            path("export/", guard(self.export_page), name="subscriptions_subscriber_export"),
            path("<int:pk>/export/", guard(self.export_one), name="subscriptions_subscriber_export_one"),
            *super().get_urls(),
        ]

    def mail_of(self, row: Subscriber) -> Message:
        return previewing.preview(row, timezone.now(), to="reader@example.org").message

    def export_page(self, request: Request) -> HttpResponseBase:
        return exports.export_page(self, request)

    def act_page(self, request: Request, pk: int, name: str) -> HttpResponse:
        return acts.act_page(self, request, pk, name)

    @method_decorator(require_POST)
    def export_one(self, request: Request, pk: int) -> HttpResponse:
        """Everything about one reader, for the reader who asked for it (STANDARDS S29)."""
        reader = get_object_or_404(Subscriber, pk=pk)
        if not request.user.has_perm("subscriptions.export_subscriber"):
            raise PermissionDenied
        self.log_change(request, reader, gettext("Exported everything about this reader."))
        headers = {"Content-Disposition": f'attachment; filename="reader-{pk}.json"'}
        return JsonResponse(exporting.export(reader), headers=headers, json_dumps_params={"indent": 2})

    # A mail carries its style within it.
    def preview_page(self, request: Request, pk: int) -> HttpResponse:
        """The next digest as text, with its reasons."""
        reader = get_object_or_404(Subscriber, pk=pk)
        if not self.has_view_permission(request, reader):
            raise PermissionDenied
        found = previewing.preview(reader, timezone.now(), to="reader@example.org")
        context = self.admin_site.each_context(request) | {
            "title": gettext("Next digest"),
            "opts": self.opts,
            "reader": reader,
            "draft": found.draft,
            "message": found.message,
        }
        return TemplateResponse(request, "admin/subscriptions/subscriber/preview.html", context)


def _pks(readers: Readers) -> list[int]:
    return list(readers.order_by("pk").values_list("pk", flat=True))
