"""Records that could not go in, as they came; trying them again."""

import json

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, ngettext

from papers.admin.base import ReadOnlyAdmin
from papers.admin.filters import DayFilter, SourceFilter
from papers.admin.readings import queue_again
from papers.models import Rejected
from papers.retrying import NotWhole, retry

MAX_TRIED = 100


@admin.register(Rejected)
class RejectedAdmin(ReadOnlyAdmin):
    list_display = ("first_seen_at", "source", "day", "reason", "linked_reading")
    list_filter = (DayFilter, SourceFilter)
    list_select_related = ("reading",)
    sortable_by = ("first_seen_at",)
    search_fields = ("reason", "raw")
    actions = ("try_again", "read_day_again")
    fields = (("source", "day", "first_seen_at"), "linked_reading", "reason", "printed_raw", "digest")
    readonly_fields = ("linked_reading", "printed_raw")

    def has_read_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("papers.add_reading")

    @admin.action(description=gettext_lazy("Try again"), permissions=["read_again"])
    def try_again(self, request: HttpRequest, rows: QuerySet[Rejected]) -> None:
        """Each by itself; what still cannot go in stays, with its new reason."""
        done, refused, cut = 0, 0, 0
        for row in rows[:MAX_TRIED]:
            pk = row.pk  # gone from the row when the row is
            try:
                still = retry(row, timezone.now())
            except NotWhole:
                cut += 1
                continue
            refused += bool(still)
            done += not still
            if not still:
                row.pk = pk
                self.log_deletions(request, [row])  # type: ignore[arg-type]  # a queryset would be empty by now
        self._report(request, done, refused, cut)

    def _report(self, request: HttpRequest, done: int, refused: int, cut: int) -> None:
        if done:
            messages.success(request, ngettext("%d record went in.", "%d records went in.", done) % done)
        if refused:
            text = ngettext("%d record is still refused.", "%d records are still refused.", refused)
            messages.warning(request, text % refused)
        if cut:
            text = ngettext(
                "%d record cannot be read by itself: have its day read again.",
                "%d records cannot be read by themselves: have their days read again.",
                cut,
            )
            messages.warning(request, text % cut)

    @admin.action(description=gettext_lazy("Read its day again"), permissions=["read_again"])
    def read_day_again(self, request: HttpRequest, rows: QuerySet[Rejected]) -> None:
        queue_again(request, rows)

    @admin.display(description=gettext_lazy("reading"))
    def linked_reading(self, rejected: Rejected) -> SafeString | str:
        if rejected.reading is None:
            return "—"
        address = reverse("admin:papers_reading_change", args=[rejected.reading.pk])
        return format_html('<a href="{}">{}</a>', address, rejected.reading)

    @admin.display(description=gettext_lazy("the record as it came"))
    def printed_raw(self, rejected: Rejected) -> SafeString:
        return format_html("<pre>{}</pre>", _indented(rejected.raw))


def _indented(raw: str) -> str:
    try:
        return json.dumps(json.loads(raw), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return raw
