"""Sightings: which source showed which paper on which day."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from papers.admin.base import ReadOnlyAdmin, list_link, paper_link
from papers.admin.filters import DayFilter, SourceFilter
from papers.identifiers import parse_arxiv_id
from papers.models import Listing


@admin.register(Listing)
class ListingAdmin(ReadOnlyAdmin):
    list_display = ("day", "source", "rank", "linked_paper", "section", "votes", "comments", "readings")
    list_filter = (DayFilter, SourceFilter)
    list_select_related = ("paper",)
    sortable_by = ("day",)
    search_fields = ("paper__arxiv_id",)
    search_help_text = _("An arXiv id or address.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Listing], search_term: str
    ) -> tuple[QuerySet[Listing], bool]:
        if not search_term:
            return queryset, False
        return queryset.filter(paper__arxiv_id=parse_arxiv_id(search_term) or search_term), False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "paper" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("paper"))
    def linked_paper(self, listing: Listing) -> SafeString:
        return paper_link(listing.paper)

    @admin.display(description=_("readings"))
    def readings(self, listing: Listing) -> SafeString:
        return list_link("reading", _("readings"), source=listing.source, day=listing.day)
