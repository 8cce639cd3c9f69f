"""The ledger under the operators' eyes, and the few things a hand may do to it (see subscriptions.operating)."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from papers.lists import Bounded, BoundedPaginator
from subscriptions import operating
from subscriptions.admin.base import ModelAdmin, OfReader, ReadOnly, Request, TabularInline
from subscriptions.editions import Tally, tally
from subscriptions.models import Brake, Delivery, DeliveryEvent, Edition, Lane

# Rows of a whole list that the page to confirm on names.
NAMED = 20

Act = Callable[[Iterable[int], Any, datetime], int]


class ActsByHand(ReadOnly, ModelAdmin):
    """Read-only fields; actions for those who may act by hand, each behind a page that says what it does."""

    def has_act_permission(self, request: Request) -> bool:
        return request.user.has_perm("subscriptions.act_by_hand")

    def ask(self, request: Request, rows: QuerySet[Any], title: str, warning: str) -> HttpResponse | None:
        """The page to confirm an action on; None once it was confirmed.

        For a whole list it names the first rows only: as many fields as rows would be more than a form may have.
        """
        if request.POST.get("confirmed"):
            return None
        whole = request.POST.get("select_across") == "1"
        context = self.admin_site.each_context(request) | {
            "title": title,
            "warning": warning,
            "opts": self.opts,
            "rows": rows[:NAMED] if whole else rows,
            "total": rows[: BoundedPaginator.LIMIT].count() if whole else None,
            "action": request.POST["action"],
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/subscriptions/confirm_action.html", context)


class DeliveryEventInline(ReadOnly, TabularInline):
    model = DeliveryEvent
    fields = ("at", "kind", "provider", "detail")


@admin.register(Delivery)
class DeliveryAdmin(ActsByHand, OfReader):
    list_display = ("key", "kind", "state", "reader", "created_at", "not_before", "attempts", "reason")
    list_filter = ("state", "kind", "created_at")
    search_fields = ("=key", "=provider_id")
    inlines = (DeliveryEventInline,)
    actions = ("resend", "mark_accepted", "cancel")

    @admin.action(description=_("Send unknown ones again"), permissions=["act"])
    def resend(self, request: Request, rows: QuerySet[Delivery]) -> HttpResponse | None:
        warning = gettext("Nobody knows whether these arrived. Whoever got the first copy gets a second one.")
        return self._act(
            request, rows, gettext("Send again?"), warning, operating.resend, gettext("queued to be sent again")
        )

    @admin.action(description=_("Mark unknown ones as accepted"), permissions=["act"])
    def mark_accepted(self, request: Request, rows: QuerySet[Delivery]) -> HttpResponse | None:
        warning = gettext("Do this when the provider's log or the reader says that the mail arrived.")
        return self._act(
            request, rows, gettext("Mark as accepted?"), warning, operating.mark_accepted, gettext("marked as accepted")
        )

    @admin.action(description=_("Cancel waiting or unknown ones"), permissions=["act"])
    def cancel(self, request: Request, rows: QuerySet[Delivery]) -> HttpResponse | None:
        warning = gettext("These will not be sent, and their papers do not come with a later digest.")
        return self._act(request, rows, gettext("Cancel?"), warning, operating.cancel, gettext("cancelled"))

    def _act(
        self, request: Request, rows: QuerySet[Delivery], title: str, warning: str, act: Act, done: str
    ) -> HttpResponse | None:
        page = self.ask(request, rows, title, warning)
        if page is not None:
            return page
        # What "all" means in a list that is cut.
        pks = list(rows.values_list("pk", flat=True)[: BoundedPaginator.LIMIT])
        count = act(pks, _operator(request), timezone.now())
        messages.success(request, f"{count} {done}.")
        if left := len(pks) - count:
            messages.warning(request, gettext("%d left alone: they are not in a state this applies to.") % left)
        return None


@admin.register(DeliveryEvent)
class DeliveryEventAdmin(ReadOnly, Bounded):
    list_display = ("at", "kind", "key", "provider", "detail", "received_at")
    list_filter = ("kind", "at")
    search_fields = ("=key",)
    ordering = ("-pk",)


@admin.register(Edition)
class EditionAdmin(ActsByHand):
    """One line a send day; its numbers are counted afresh until it is closed."""

    list_display = ("day", "due", "accepted", "failed", "cancelled", "unknown", "skipped", "under_way", "closed_at")
    list_filter = ("closed_at",)
    date_hierarchy = "day"
    list_per_page = 31
    actions = ("send_now",)

    def get_changelist_instance(self, request: Request) -> Any:
        changelist: Any = super().get_changelist_instance(request)
        open_days = [edition.day for edition in changelist.result_list if edition.closed_at is None]
        counted = tally(open_days, timezone.now())
        for edition in changelist.result_list:
            edition.tally = counted.get(edition.day) or Tally(**edition.counts)
        return changelist

    @admin.action(description=_("Let what waits go now"), permissions=["act"])
    def send_now(self, request: Request, rows: QuerySet[Edition]) -> HttpResponse | None:
        warning = gettext("Every digest of these days that waits for a later try is sent at the next tick, once.")
        page = self.ask(request, rows, gettext("Send now?"), warning)
        if page is not None:
            return page
        now = timezone.now()
        count: int = sum(operating.send_now(edition.day, _operator(request), now) for edition in rows)
        messages.success(request, gettext("%d told to go now.") % count)
        return None

    @admin.display
    def due(self, edition: Any) -> int:
        return int(edition.tally.due)

    @admin.display
    def accepted(self, edition: Any) -> int:
        return int(edition.tally.accepted)

    @admin.display
    def failed(self, edition: Any) -> int:
        return int(edition.tally.failed)

    @admin.display
    def cancelled(self, edition: Any) -> int:
        return int(edition.tally.cancelled)

    @admin.display
    def unknown(self, edition: Any) -> int:
        return int(edition.tally.unknown)

    @admin.display
    def skipped(self, edition: Any) -> int:
        return int(edition.tally.skipped)

    @admin.display(description=_("under way"))
    def under_way(self, edition: Any) -> int:
        return int(edition.tally.open + edition.tally.uncomposed)


@admin.register(Lane)
class LaneAdmin(ReadOnly, ModelAdmin):
    list_display = ("__str__", "free_at", "slow_until", "seconds", "day", "sent")
    search_fields = ("domain",)


@admin.register(Brake)
class BrakeAdmin(ActsByHand):
    """Whether anything is sent at all."""

    list_display = ("__str__", "pulled_at", "refusals")
    actions = ("stop", "go_on", "trust_database")

    def get_queryset(self, request: Request) -> QuerySet[Brake]:
        Brake.objects.get_or_create(pk=1)
        brakes: QuerySet[Brake] = super().get_queryset(request)
        return brakes

    @admin.action(description=_("Stop all sending"), permissions=["act"])
    def stop(self, request: Request, rows: QuerySet[Brake]) -> HttpResponse | None:
        page = self.ask(
            request, rows, gettext("Stop all sending?"), gettext("Digests go on being composed and wait; none is sent.")
        )
        if page is None and operating.stop_sending(_operator(request), f"by {request.user}", timezone.now()):
            messages.success(request, gettext("Sending is stopped."))
        return page

    @admin.action(description=_("Let sending go on"), permissions=["act"])
    def go_on(self, request: Request, rows: QuerySet[Brake]) -> HttpResponse | None:
        page = self.ask(
            request,
            rows,
            gettext("Let sending go on?"),
            gettext("Has the cause been mended? The next tick sends again."),
        )
        if page is None and operating.go_on_sending(_operator(request)):
            messages.success(request, gettext("Sending goes on."))
        return page

    @admin.action(description=_("Let sending go on: the database lost nothing"), permissions=["act"])
    def trust_database(self, request: Request, rows: QuerySet[Brake]) -> HttpResponse | None:
        warning = gettext(
            "Was the database moved on purpose, with every commit? Otherwise some digests may arrive twice."
        )
        page = self.ask(request, rows, gettext("Trust the database?"), warning)
        if page is None and operating.trust_database(_operator(request)):
            messages.success(request, gettext("Sending goes on, and nothing is in doubt."))
        return page


def _operator(request: Request) -> AbstractBaseUser:
    if isinstance(request.user, AnonymousUser):
        raise PermissionDenied
    return request.user
