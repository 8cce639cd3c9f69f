"""How each reading went; reading again, and what that would change."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from papers import reading, rehearsing, tasks
from papers.admin.base import ReadOnlyAdmin, TabularInline, list_link
from papers.admin.filters import DayFilter, SourceFilter
from papers.models import Reading, Rejected
from papers.sources import SOURCES

MAX_READ_AGAIN = 50
SHOWN_REJECTS = 20


def queue_again(request: HttpRequest, rows: QuerySet[Any]) -> None:
    """Have the source-days of these rows read again, each once; a worker leaves a new Reading for each."""
    wanted = list(
        rows.filter(source__in=SOURCES)
        .order_by("source", "day")
        .values_list("source", "day")
        .distinct()[: MAX_READ_AGAIN + 1]
    )
    if len(wanted) > MAX_READ_AGAIN:
        messages.error(request, _("Choose at most %d days at once.") % MAX_READ_AGAIN)
        return
    if not wanted:
        messages.warning(request, _("Saved files and papers added by hand cannot be read again from here."))
        return
    try:
        for source, day in wanted:
            tasks.read_again.delay(source, day.isoformat())
    except OperationalError as error:
        messages.error(request, _("The queue cannot be reached: %s") % error)
        return
    named = ", ".join(f"{SOURCES[source].name} {day}" for source, day in wanted)
    messages.success(
        request, _("Queued: %s. Each shows up under Readings as a new one once a worker begins it.") % named
    )


class RejectedInline(TabularInline):
    model = Rejected
    fields = readonly_fields = ("reason", "first_seen_at")
    show_change_link = True
    extra = 0
    can_delete = False
    verbose_name_plural = gettext_lazy("refused records it was the first to meet")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rejected]:
        rows: QuerySet[Rejected] = super().get_queryset(request)
        return rows.defer("raw")


@admin.register(Reading)
class ReadingAdmin(ReadOnlyAdmin):
    list_display = (
        "started_at",
        "source",
        "day",
        "outcome",
        "found",
        "new",
        "updated",
        "linked_rejected",
        "route",
        "error_in_brief",
        "listings",
    )
    list_filter = ("outcome", DayFilter, SourceFilter)
    sortable_by = ("started_at",)
    search_fields = ("error", "route")
    actions = ("read_again",)
    fields = (
        ("source", "day", "route"),
        ("outcome", "took"),
        "log",
        ("started_at", "finished_at"),
        ("found", "new", "updated", "linked_rejected"),
        ("listings", "others"),
    )

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return (RejectedInline,) if obj and obj.rejected else ()

    @admin.display(description=gettext_lazy("rejected"))
    def linked_rejected(self, reading: Reading) -> SafeString | int:
        if not reading.rejected:
            return 0
        return list_link("rejected", reading.rejected, source=reading.source, day=reading.day)

    @admin.display(description=gettext_lazy("error"))
    def error_in_brief(self, reading: Reading) -> str:
        return reading.error[:120]

    @admin.display(description=gettext_lazy("log"))
    def log(self, reading: Reading) -> str:
        """What went wrong or was odd, one thing a line."""
        return reading.error.replace("; ", "\n") or _("Nothing out of the ordinary.")

    @admin.display(description=gettext_lazy("took"))
    def took(self, reading: Reading) -> str:
        if reading.finished_at is None:
            return "—"
        return _("%.1f seconds") % (reading.finished_at - reading.started_at).total_seconds()

    @admin.display(description=gettext_lazy("listings"))
    def listings(self, reading: Reading) -> SafeString:
        return list_link("listing", _("listings"), source=reading.source, day=reading.day)

    @admin.display(description=gettext_lazy("of this day"))
    def others(self, row: Reading) -> SafeString:
        return list_link("reading", _("all readings of this day"), source=row.source, day=row.day)

    def has_read_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("papers.add_reading")

    @admin.action(description=gettext_lazy("Read this source again"), permissions=["read_again"])
    def read_again(self, request: HttpRequest, readings: QuerySet[Reading]) -> None:
        queue_again(request, readings)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = {"can_read_again": self.has_read_again_permission(request)} | (extra_context or {})
        return super().change_view(request, object_id, form_url, extra)

    def get_urls(self) -> list[URLPattern]:
        def guarded(view: Any) -> Any:
            return self.admin_site.admin_view(require_POST(view))

        return [
            path("<int:pk>/read-again/", guarded(self.read_one_again), name="papers_reading_again"),
            path("<int:pk>/rehearse/", guarded(self.rehearse), name="papers_reading_rehearse"),
            *super().get_urls(),
        ]

    def read_one_again(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._may_read_again(request)
        queue_again(request, Reading.objects.filter(pk=pk))
        return redirect("admin:papers_reading_change", pk)

    def rehearse(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What reading the source-day again would change. Asks the source now; keeps nothing."""
        self._may_read_again(request)
        row = get_object_or_404(Reading, pk=pk)
        source = reading.configured_sources().get(row.source)
        if source is None:
            messages.warning(request, _("Saved files and papers added by hand cannot be read again from here."))
            return redirect("admin:papers_reading_change", pk)
        rehearsal = rehearsing.rehearse(source, row.day, now=timezone.now())
        context = self.admin_site.each_context(request) | {
            "title": _("What would change: %(source)s %(day)s") % {"source": source.name, "day": row.day},
            "opts": self.opts,
            "original": row,
            "rehearsal": rehearsal,
        }
        return TemplateResponse(request, "admin/papers/reading/rehearsal.html", context)

    def _may_read_again(self, request: HttpRequest) -> None:
        if not self.has_read_again_permission(request):
            raise PermissionDenied
