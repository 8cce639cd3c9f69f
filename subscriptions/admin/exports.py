"""The readers of a list as a file."""

import tempfile
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from subscriptions.admin.base import Request
from subscriptions.models import Subscriber
from subscriptions.spreadsheets import write_csv, write_xlsx
from subscriptions.tabulating import rows, write_json

Readers = QuerySet[Subscriber]


def _csv(readers: Readers) -> HttpResponseBase:
    return StreamingHttpResponse(write_csv(rows(readers)), content_type="text/csv; charset=utf-8")


def _json(readers: Readers) -> HttpResponseBase:
    return StreamingHttpResponse(write_json(rows(readers)), content_type="application/json")


def _xlsx(readers: Readers) -> HttpResponseBase:
    file = tempfile.TemporaryFile()  # noqa: SIM115 -- the response closes it
    write_xlsx(rows(readers), file)
    file.seek(0)
    return FileResponse(file, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


FORMATS: dict[str, tuple[Any, Callable[[Readers], HttpResponseBase]]] = {
    "csv": (gettext_lazy("CSV, for spreadsheet programs and for importing again"), _csv),
    "xlsx": (gettext_lazy("XLSX, a spreadsheet"), _xlsx),
    "json": (gettext_lazy("JSON, for programs"), _json),
}


class FormatForm(forms.Form):
    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[(name, label) for name, (label, _write) in FORMATS.items()],
        initial="csv",
        widget=forms.RadioSelect,
    )


def export_page(admin: Any, request: Request) -> HttpResponseBase:
    """Ask for a format and give the file. The list's own filters, in the address, say which readers."""
    if not request.user.has_perm("subscriptions.export_subscriber"):
        raise PermissionDenied
    try:
        readers: Readers = admin.get_changelist_instance(request).queryset
    except IncorrectLookupParameters:
        raise Http404 from None
    form = FormatForm(request.POST or None)
    if form.is_valid():
        return _file(admin, request, readers, form.cleaned_data["format"])
    context = admin.admin_site.each_context(request) | {
        "title": _("Export readers"),
        "opts": admin.opts,
        "form": form,
        "count": readers.count(),
        "is_filtered": bool(request.GET),
    }
    return TemplateResponse(request, "admin/subscriptions/subscriber/export.html", context)


def _file(admin: Any, request: Request, readers: Readers, name: str) -> HttpResponseBase:
    note = _("Exported %(count)d readers as %(format)s.") % {"count": readers.count(), "format": name.upper()}
    # Which filters, but not what they were asked for: that may be an address.
    admin.log_change(request, request.user, [{"note": note, "after": {"filters": sorted(request.GET)}}])
    response: HttpResponse | Any = FORMATS[name][1](readers)
    response["Content-Disposition"] = f'attachment; filename="readers.{name}"'
    return response
