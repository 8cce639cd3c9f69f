"""Readers: looking after them, without being them."""

from typing import Any

from csp.decorators import csp_update
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Model, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html

from subscriptions import changing, leaving, previewing, signup
from subscriptions.admin.base import ModelAdmin, ReadOnly, Request, TabularInline
from subscriptions.admin.forms import AddSubscriberForm, ChangeSubscriberForm
from subscriptions.consent import Shown
from subscriptions.models import ConsentEvent, Interest, Subscriber
from subscriptions.models.subscriber import SubscriberQuerySet
from subscriptions.rescheduling import UNTIL_LIFTED
from subscriptions.transport import Receipt

Readers = SubscriberQuerySet

MAX_TEST_COPIES = 5
SCHEDULE = [("frequency", "weekday"), ("hour", "zone"), ("max_papers", "wants_quiet_note")]
IN_ADMIN = Shown(form="admin")


class InterestInline(ReadOnly, TabularInline):
    model = Interest
    fields = readonly_fields = ("text", "is_muted", "normal")


class ConsentInline(ReadOnly, TabularInline):
    model = ConsentEvent
    fields = ("at", "kind", "form", "text_version", "source", "evidence")
    verbose_name_plural = "consent"


@admin.register(Subscriber)
class SubscriberAdmin(ModelAdmin):
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
    search_fields = ("email_key", "interests__text")
    date_hierarchy = "created_at"
    show_full_result_count = False
    actions = ("pause", "resume", "unsubscribe", "preview", "send_test_copy")
    change_fields = (
        (None, {"fields": ["email", "status", "keywords", *SCHEDULE]}),
        ("Where they stand", {"fields": ["next_digest_at", "paused_until", "cutoff_at", "last_edition"]}),
        ("History", {"fields": ["created_at", "confirmed_at", "left_at", "related"]}),
    )
    add_fields = (
        (None, {"fields": ["email", "keywords", *SCHEDULE]}),
        (
            "Consent given elsewhere",
            {
                "fields": ["source", "evidence"],
                "description": "Leave both empty to have a confirmation mail sent. Filled in, both are kept for "
                "good in the consent log, and digests begin without a mail.",
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
        return readers.annotate(interest_total=Count("interests"))

    @admin.display(description="interests", ordering="interest_total")
    def interest_count(self, reader: Any) -> int:
        return int(reader.interest_total)

    @admin.display(description="see")
    def related(self, reader: Subscriber) -> str:
        """Links to the rows that belong to this reader."""
        query = f"?subscriber__id__exact={reader.pk}"
        return format_html(
            '<a href="{}">digests</a> · <a href="{}">deliveries</a> · <a href="{}">tokens</a> · '
            '<a href="{}">next digest</a>',
            reverse("admin:subscriptions_digest_changelist") + query,
            reverse("admin:subscriptions_delivery_changelist") + query,
            reverse("admin:subscriptions_token_changelist") + query,
            reverse("admin:subscriptions_subscriber_preview", args=[reader.pk]),
        )

    def get_form(self, request: Request, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, form=ChangeSubscriberForm if obj else AddSubscriberForm, **kwargs)

    def get_fieldsets(self, request: Request, obj: Model | None = None) -> Any:
        return self.change_fields if obj else self.add_fields

    def get_readonly_fields(self, request: Request, obj: Model | None = None) -> tuple[str, ...]:
        return self.fixed if obj else ()

    def get_inlines(self, request: Request, obj: Model | None) -> Any:
        return (InterestInline, ConsentInline) if obj else ()

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
            messages.info(request, "A mail asks for confirmation. Until it is answered, no digest is sent.")

    @admin.action(description="Pause until resumed", permissions=["change"])
    def pause(self, request: Request, readers: Readers) -> None:
        now = timezone.now()
        done = sum(changing.pause(pk, UNTIL_LIFTED, now, IN_ADMIN) for pk in _pks(readers.active()))
        messages.success(request, f"{done} paused. Readers can go on by themselves on their preferences page.")

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: Request, readers: Readers) -> None:
        now = timezone.now()
        done = sum(changing.pause(pk, None, now, IN_ADMIN) for pk in _pks(readers.active()))
        messages.success(request, f"{done} resumed.")

    @admin.action(description="Unsubscribe", permissions=["change"])
    def unsubscribe(self, request: Request, readers: Readers) -> None:
        now = timezone.now()
        done = sum(leaving.leave(pk, now, IN_ADMIN) for pk in _pks(readers))
        messages.success(request, f"{done} unsubscribed.")

    @admin.action(description="Preview the next digest", permissions=["view"])
    def preview(self, request: Request, readers: Readers) -> HttpResponse | None:
        pks = _pks(readers)
        if len(pks) == 1:
            return redirect("admin:subscriptions_subscriber_preview", pks[0])
        messages.error(request, "Choose one reader.")
        return None

    @admin.action(description="Send a test copy of the next digest to me", permissions=["change"])
    def send_test_copy(self, request: Request, readers: Readers) -> None:
        to = getattr(request.user, "email", "")
        if not to:
            messages.error(request, "Your own account has no e-mail address: add one under Users.")
            return
        for reader in readers.prefetch_related("interests")[:MAX_TEST_COPIES]:
            outcome = previewing.send_copy(reader, timezone.now(), to=to)
            if isinstance(outcome, Receipt):
                self.log_change(request, reader, "Sent a test copy of the next digest to the operator.")
                messages.success(request, f"A copy of the next digest of {reader} was sent to you.")
            else:
                messages.error(request, f"The copy of {reader} was not sent: {outcome.reason}")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.preview_page)
        return [path("<int:pk>/preview/", view, name="subscriptions_subscriber_preview"), *super().get_urls()]

    # A mail carries its style within it.
    @method_decorator(csp_update({"style-src": "'unsafe-inline'"}))
    def preview_page(self, request: Request, pk: int) -> HttpResponse:
        """The next digest as text with its reasons; with ?format=html the mail itself."""
        reader = get_object_or_404(Subscriber, pk=pk)
        if not self.has_view_permission(request, reader):
            raise PermissionDenied
        found = previewing.preview(reader, timezone.now(), to="reader@example.org")
        if request.GET.get("format") == "html":
            return HttpResponse(found.message.html)
        context = self.admin_site.each_context(request) | {
            "title": "Next digest",
            "opts": self.opts,
            "reader": reader,
            "draft": found.draft,
            "message": found.message,
        }
        return TemplateResponse(request, "admin/subscriptions/subscriber/preview.html", context)


def _pks(readers: Readers) -> list[int]:
    return list(readers.order_by("pk").values_list("pk", flat=True))
