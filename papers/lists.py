"""Lists of the admin that never count a long table. For both apps; no models."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.translation import gettext as _

if TYPE_CHECKING:  # these classes are generic to the type checker only
    ModelAdmin = admin.ModelAdmin[Any]
    _Paginator = Paginator[Any]
else:
    ModelAdmin, _Paginator = admin.ModelAdmin, Paginator


class BoundedPaginator(_Paginator):
    """Shows the first LIMIT rows: a table of years is neither counted nor leafed through to its end."""

    LIMIT = 5_000

    @cached_property
    def count(self) -> int:
        return min(self._found, self.LIMIT)

    @property
    def is_cut(self) -> bool:
        return self._found > self.LIMIT

    @cached_property
    def _found(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self.LIMIT + 1].count())


class Bounded(ModelAdmin):
    """A list that is as fast over 365,000 rows as over fifty."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        response = super().changelist_view(request, extra_context)
        changelist = (getattr(response, "context_data", None) or {}).get("cl")
        if changelist is not None and changelist.paginator.is_cut:
            text = _("These are the first %(limit)s. Filter or search to see others.")
            messages.info(request, text % {"limit": f"{BoundedPaginator.LIMIT:,}"})
        return response
