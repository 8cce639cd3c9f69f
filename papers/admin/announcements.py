"""Notes to all readers."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from papers.lists import Bounded
from papers.models import Announcement


@admin.register(Announcement)
class AnnouncementAdmin(Bounded):
    list_display = ("__str__", "starts_on", "ends_on", "is_shown")
    search_fields = ("body",)
    fields = ("body", ("starts_on", "ends_on"), "as_shown")
    readonly_fields = ("as_shown",)

    @admin.display(description=_("shown today"), boolean=True)
    def is_shown(self, note: Announcement) -> bool:
        return note.starts_on <= timezone.now().date() <= note.ends_on

    @admin.display(description=_("as readers see it"))
    def as_shown(self, note: Announcement) -> SafeString | str:
        return note.html or "—"

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, str | list[str]]:
        return {"starts_on": str(timezone.now().date())} | super().get_changeform_initial_data(request)
