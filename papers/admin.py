"""The editors' desk: what came in, from where, how each reading went, and what was refused.

What sources say is read-only; an editor hides or pins papers, chooses arXiv's categories, and has a source
read again. Nothing is deleted here: digests point at papers, and a hidden paper is gone for readers.
"""

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext
from kombu.exceptions import OperationalError

from papers import tasks
from papers.identifiers import is_category, parse_arxiv_id
from papers.models import Category, Gate, Listing, Paper, Reading, Rejected
from papers.sources import SOURCES

if TYPE_CHECKING:  # these classes are generic to the type checker only
    _ModelAdmin = admin.ModelAdmin[Any]
    _Inline = admin.TabularInline[Listing, Paper]
    _ModelForm = forms.ModelForm[Category]
else:
    _ModelAdmin, _Inline, _ModelForm = admin.ModelAdmin, admin.TabularInline, forms.ModelForm

MAX_READ_AGAIN = 50


def paper_link(paper: Paper) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("admin:papers_paper_change", args=[paper.pk]), paper.title)


def list_link(name: str, text: object, **filters: object) -> SafeString:
    """A link to the list of a model, filtered."""
    address = reverse(f"admin:papers_{name}_changelist")
    return format_html('<a href="{}?{}">{}</a>', address, urlencode(filters), text)


class SourceFilter(admin.SimpleListFilter):
    """By source. The choices are known, so no query looks for distinct values in a long table."""

    title = "source"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(slug, source.name) for slug, source in SOURCES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(source=self.value()) if self.value() else queryset


class HasIdFilter(admin.SimpleListFilter):
    title = "arXiv id"
    parameter_name = "has_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "known"), ("no", "not known: kept by title")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(arxiv_id__isnull=self.value() == "no") if self.value() else queryset


class ReadOnlyAdmin(_ModelAdmin):
    """Rows that only the pipeline writes."""

    # Counting 365,000 rows a second time only to print "of 365,000" is not worth it.
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ListingInline(_Inline):
    model = Listing
    fields = ("day", "source", "section", "rank", "votes", "comments", "first_seen_at")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Paper)
class PaperAdmin(ReadOnlyAdmin):
    list_display = ("title", "arxiv_id", "featured_on", "votes", "comments", "first_seen_at", "is_pinned", "is_hidden")
    list_filter = ("is_hidden", "is_pinned", "is_withdrawn", HasIdFilter, "featured_on")
    date_hierarchy = "featured_on"
    search_fields = ("title",)
    search_help_text = "An arXiv id or address, or words of the title."
    inlines = (ListingInline,)
    actions = ("hide", "unhide", "pin", "unpin")
    fields = (
        ("is_hidden", "is_pinned", "is_withdrawn"),
        "title",
        "links",
        "abstract",
        "printed_authors",
        ("organisation", "organisation_name"),
        ("printed_categories", "printed_keywords"),
        ("published_on", "featured_on", "version"),
        ("votes", "comments", "author_count"),
        ("code_url", "code_stars", "project_url"),
        ("first_seen_at", "updated_at"),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_change_permission(self, request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        rows = [row if isinstance(row, tuple) else (row,) for row in self.fields]
        return [name for row in rows for name in row if name not in {"is_hidden", "is_pinned"}]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Paper], search_term: str
    ) -> tuple[QuerySet[Paper], bool]:
        arxiv_id = parse_arxiv_id(search_term)
        if arxiv_id:
            return queryset.filter(arxiv_id=arxiv_id), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="links")
    def links(self, paper: Paper) -> SafeString:
        on_site = format_html('<a href="{}">{}</a>', paper.get_absolute_url(), "on the site")
        return format_html("{} · {}", on_site, list_link("listing", "its listings", paper=paper.pk))

    @admin.display(description="authors")
    def printed_authors(self, paper: Paper) -> str:
        return ", ".join(paper.authors)

    @admin.display(description="categories")
    def printed_categories(self, paper: Paper) -> str:
        return ", ".join(paper.categories)

    @admin.display(description="keywords")
    def printed_keywords(self, paper: Paper) -> str:
        return ", ".join(paper.keywords)

    @admin.action(description="Hide: neither shown nor sent", permissions=["change"])
    def hide(self, request: HttpRequest, papers: QuerySet[Paper]) -> None:
        self._mark(request, papers, "hidden", is_hidden=True)

    @admin.action(description="Show again", permissions=["change"])
    def unhide(self, request: HttpRequest, papers: QuerySet[Paper]) -> None:
        self._mark(request, papers, "shown again", is_hidden=False)

    @admin.action(description="Pin to the top of its days", permissions=["change"])
    def pin(self, request: HttpRequest, papers: QuerySet[Paper]) -> None:
        self._mark(request, papers, "pinned", is_pinned=True)

    @admin.action(description="Unpin", permissions=["change"])
    def unpin(self, request: HttpRequest, papers: QuerySet[Paper]) -> None:
        self._mark(request, papers, "unpinned", is_pinned=False)

    def _mark(self, request: HttpRequest, papers: QuerySet[Paper], done: str, **fields: bool) -> None:
        chosen = list(papers)
        papers.update(**fields)
        for paper in chosen:
            self.log_change(request, paper, done.capitalize())
        count = len(chosen)
        self.message_user(
            request,
            ngettext("%(count)d paper %(done)s.", "%(count)d papers %(done)s.", count) % {"count": count, "done": done},
        )


@admin.register(Listing)
class ListingAdmin(ReadOnlyAdmin):
    list_display = ("day", "source", "rank", "linked_paper", "section", "votes", "comments", "readings")
    list_filter = (SourceFilter, "day")
    list_select_related = ("paper",)
    date_hierarchy = "day"
    search_fields = ("paper__title",)
    search_help_text = "An arXiv id or address, or words of the paper's title."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Listing], search_term: str
    ) -> tuple[QuerySet[Listing], bool]:
        arxiv_id = parse_arxiv_id(search_term)
        if arxiv_id:
            return queryset.filter(paper__arxiv_id=arxiv_id), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="paper", ordering="paper__title")
    def linked_paper(self, listing: Listing) -> SafeString:
        return paper_link(listing.paper)

    @admin.display(description="readings")
    def readings(self, listing: Listing) -> SafeString:
        return list_link("reading", "readings", source=listing.source, day=listing.day)


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
    list_filter = ("outcome", SourceFilter, "day")
    date_hierarchy = "started_at"
    search_fields = ("error", "route")
    actions = ("read_again",)
    fields = (
        ("source", "day", "route"),
        "outcome",
        "error",
        ("started_at", "finished_at"),
        ("found", "new", "updated", "linked_rejected"),
        "listings",
    )

    @admin.display(description="rejected", ordering="rejected")
    def linked_rejected(self, reading: Reading) -> SafeString | int:
        if not reading.rejected:
            return 0
        return list_link("rejected", reading.rejected, source=reading.source, day=reading.day)

    @admin.display(description="error")
    def error_in_brief(self, reading: Reading) -> str:
        return reading.error[:120]

    @admin.display(description="listings")
    def listings(self, reading: Reading) -> SafeString:
        return list_link("listing", "listings", source=reading.source, day=reading.day)

    def has_read_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("papers.add_reading")

    @admin.action(description="Read this source again", permissions=["read_again"])
    def read_again(self, request: HttpRequest, readings: QuerySet[Reading]) -> None:
        """Queue each chosen source-day once; a worker does it and leaves a new Reading here."""
        live = readings.filter(source__in=SOURCES).order_by("source", "day")
        wanted = list(live.values_list("source", "day").distinct()[: MAX_READ_AGAIN + 1])
        if len(wanted) > MAX_READ_AGAIN:
            self.message_user(request, f"Choose at most {MAX_READ_AGAIN} days at once.", messages.ERROR)
            return
        if not wanted:
            self.message_user(request, "A saved file cannot be read again from here.", messages.WARNING)
            return
        try:
            for source, day in wanted:
                tasks.read_again.delay(source, day.isoformat())
        except OperationalError as error:
            self.message_user(request, f"The queue cannot be reached: {error}", messages.ERROR)
            return
        named = ", ".join(f"{SOURCES[source].name} {day}" for source, day in wanted)
        self.message_user(request, f"Queued: {named}. Each shows up here as a new reading once a worker begins it.")


@admin.register(Rejected)
class RejectedAdmin(ReadOnlyAdmin):
    list_display = ("first_seen_at", "source", "day", "reason", "linked_reading")
    list_filter = (SourceFilter, "day")
    list_select_related = ("reading",)
    date_hierarchy = "first_seen_at"
    search_fields = ("reason", "raw")
    fields = (("source", "day", "first_seen_at"), "linked_reading", "reason", "printed_raw", "digest")
    readonly_fields = ("linked_reading", "printed_raw")

    @admin.display(description="reading")
    def linked_reading(self, rejected: Rejected) -> SafeString | str:
        if rejected.reading is None:
            return "—"
        address = reverse("admin:papers_reading_change", args=[rejected.reading.pk])
        return format_html('<a href="{}">{}</a>', address, rejected.reading)

    @admin.display(description="the record as it came")
    def printed_raw(self, rejected: Rejected) -> SafeString:
        return format_html("<pre>{}</pre>", rejected.raw)


class CategoryForm(_ModelForm):
    class Meta:
        model = Category
        fields = ("code", "name", "is_read")

    def clean_code(self) -> str:
        code = cast("str", self.cleaned_data["code"]).strip()
        if not is_category(code):
            raise forms.ValidationError(f"{code!r} is no arXiv category: write it as arXiv does, such as cs.LG.")
        return code


@admin.register(Category)
class CategoryAdmin(_ModelAdmin):
    form = CategoryForm
    list_display = ("code", "name", "is_read")
    list_editable = ("is_read",)
    list_filter = ("is_read",)
    search_fields = ("code", "name")


@admin.register(Gate)
class GateAdmin(ReadOnlyAdmin):
    list_display = ("host", "free_at")
    search_fields = ("host",)
    ordering = ("host",)
