"""Filters whose choices are known or typed: none looks for the distinct values of a long table."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from papers.lists import BoundedPaginator
from papers.models import Listing
from papers.periods import BadPeriod, parse_day
from papers.rehearsing import EDITORS
from papers.sources import SOURCES


class SourceFilter(SimpleListFilter):
    title = _("source")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*((slug, source.name) for slug, source in SOURCES.items()), (EDITORS, _("added by editors"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(source=self.value()) if self.value() else queryset


class HasIdFilter(SimpleListFilter):
    title = _("arXiv id")
    parameter_name = "has_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("known")), ("no", _("not known: kept by title"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(arxiv_id__isnull=self.value() == "no") if self.value() else queryset


class TypedFilter(SimpleListFilter):
    """A filter whose value is typed in."""

    template = "admin/papers/typed_filter.html"
    input_type = "text"
    placeholder = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return []

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: Any) -> Iterator[Any]:
        """One "choice": the form, and what else the address says."""
        yield {
            "kept": [
                (name, values) for name, values in changelist.filter_params.items() if name != self.parameter_name
            ],
            "without": changelist.get_query_string(remove=[self.parameter_name, "p"]),
            "quick": [
                (label, changelist.get_query_string({self.parameter_name: value}, remove=["p"]))
                for label, value in self.quick()
            ],
        }

    def quick(self) -> list[tuple[Any, str]]:
        """Values that are one click away, each with its words."""
        return []


class OrganisationFilter(TypedFilter):
    title = _("organisation")
    parameter_name = "organisation"
    placeholder = "google"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = (self.value() or "").strip().lower()
        return queryset.filter(organisation=value) if value else queryset


class DayFilter(TypedFilter):
    """Rows with a column `day`."""

    title = _("day")
    parameter_name = "day"
    input_type = "date"

    def quick(self) -> list[tuple[Any, str]]:
        today = timezone.now().date()
        return [(_("Today"), str(today)), (_("Yesterday"), str(today - timedelta(days=1)))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if not value:
            return queryset
        try:
            return self.of_day(queryset, parse_day(value).first)
        except BadPeriod as error:
            raise IncorrectLookupParameters(str(error)) from error

    def of_day(self, queryset: QuerySet[Any], day: Any) -> QuerySet[Any]:
        return queryset.filter(day=day)


class ListedDayFilter(DayFilter):
    """Papers listed on a day."""

    title = _("day it was listed")

    def of_day(self, queryset: QuerySet[Any], day: Any) -> QuerySet[Any]:
        return queryset.filter(pk__in=Listing.objects.filter(day=day).values("paper_id"))


class ListedSourceFilter(SourceFilter):
    """Papers a source listed; without a day, its newest listings."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        rows = Listing.objects.filter(source=self.value())
        try:
            rows = rows.filter(day=parse_day(request.GET["day"]).first)
        except (KeyError, BadPeriod):
            rows = rows.order_by("-day")[: BoundedPaginator.LIMIT]
        return queryset.filter(pk__in=rows.values("paper_id"))
