"""Bringing in a file of readers: upload it, name its columns, look at what the check found, let the good rows join."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from subscriptions import importing, tasks
from subscriptions.admin.base import ModelAdmin, ReadOnly, Request
from subscriptions.candidates import FIELDS, IGNORE, guess
from subscriptions.models import Import, ImportFault
from subscriptions.models.subscriber import MAX_SOURCE
from subscriptions.spreadsheets import Unreadable, write_csv

# Files of so many bytes are worked through while the operator waits.
SMALL = 64 * 1024
SHOWN_FAULTS = 20
SAMPLE = 4
ENCODINGS = (
    ("", gettext_lazy("find out (UTF-8 or UTF-16)")),
    ("cp1252", "Windows-1252"),
    ("iso8859-15", "ISO 8859-15"),
    ("cp1251", "Windows-1251"),
    ("shift_jis", "Shift JIS"),
    ("gb18030", "GB 18030"),
)


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"), help_text=gettext_lazy("CSV or XLSX; its first row names the columns.")
    )
    encoding = forms.ChoiceField(label=gettext_lazy("Encoding"), choices=ENCODINGS, required=False)
    source = forms.CharField(
        label=gettext_lazy("Source of the consent"),
        max_length=MAX_SOURCE,
        help_text=gettext_lazy("Where these people agreed, such as the list of a conference."),
    )
    evidence = forms.CharField(
        label=gettext_lazy("Evidence of the consent"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "What proves it: when, to which words, and where the original is kept. A column of the file may hold "
            "each person's own."
        ),
    )
    only_whole = forms.BooleanField(
        label=gettext_lazy("All or none"),
        required=False,
        help_text=gettext_lazy("Bring in nobody while a single row is wrong. Otherwise the good rows go in."),
    )


class ColumnsForm(forms.Form):
    """One choice a column. The address must be among them, and nothing twice."""

    def __init__(self, *args: Any, headings: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(IGNORE, _("left out")), *((name, label) for name, (label, _known) in FIELDS.items())]
        guessed = guess(headings)
        for number, heading in enumerate(headings):
            self.fields[str(number)] = forms.ChoiceField(
                label=heading or str(number + 1),
                choices=choices,
                required=False,
                initial=guessed.get(str(number), IGNORE),
            )

    def clean(self) -> dict[str, str]:
        columns = {number: name for number, name in self.cleaned_data.items() if name}
        if "email" not in columns.values():
            raise forms.ValidationError(_("Say which column holds the address."))
        if len(set(columns.values())) < len(columns):
            raise forms.ValidationError(_("Two columns cannot hold the same."))
        return columns


@admin.register(Import)
class ImportAdmin(ReadOnly, ModelAdmin):
    list_display = ("created_at", "name", "source", "state", "rows", "good", "bad", "joined")
    list_filter = ("state",)
    search_fields = ("name", "source")

    def has_add_permission(self, request: Request, obj: Model | None = None) -> bool:
        return request.user.has_perm("subscriptions.import_subscriber")

    def get_urls(self) -> list[URLPattern]:
        guard, name = self.admin_site.admin_view, "subscriptions_import_"
        return [
            path("<int:pk>/columns/", guard(self.columns_page), name=f"{name}columns"),
            path("<int:pk>/join/", guard(require_POST(self.join)), name=f"{name}join"),
            path("<int:pk>/faults/", guard(self.faults), name=f"{name}faults"),
            *super().get_urls(),
        ]

    def add_view(self, request: Request, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        self._demand(request)
        form = UploadForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            file = form.cleaned_data.pop("file")
            try:
                job = importing.receive(
                    file, timezone.now(), name=file.name[-200:], operator_id=request.user.pk, **form.cleaned_data
                )
            except Unreadable as error:
                form.add_error("file", str(error))
            else:
                self.log_addition(
                    request, job, [{"note": _("Uploaded a file of readers."), "after": {"source": job.source}}]
                )
                return redirect("admin:subscriptions_import_columns", job.pk)
        return self._page(request, "upload", _("Import readers"), form=form)

    def change_view(
        self, request: Request, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """How far it is, and what to do next."""
        job = get_object_or_404(Import, pk=object_id) if object_id.isdecimal() else None
        if job is None or not self.has_view_permission(request, job):
            raise PermissionDenied
        may = job.state == Import.State.CHECKED and self.has_add_permission(request)
        ready = may and bool(job.good) and not (job.only_whole and job.bad)
        faults = [(fault, _label(fault)) for fault in job.faults.all()[:SHOWN_FAULTS]]
        return self._page(request, "progress", str(job), job=job, faults=faults, ready=ready)

    def columns_page(self, request: Request, pk: int) -> HttpResponse:
        self._demand(request)
        job = get_object_or_404(Import, pk=pk)
        if job.state not in {Import.State.UPLOADED, Import.State.CHECKED}:
            return redirect("admin:subscriptions_import_change", pk)
        try:
            headings, *sample = importing.first_rows(job, SAMPLE)
        except Unreadable as error:
            messages.error(request, str(error))
            return redirect("admin:subscriptions_import_add")
        form = ColumnsForm(request.POST or None, headings=headings)
        if form.is_valid():
            importing.begin_check(job, form.cleaned_data)
            return self._start(request, job)
        columns = [
            {"field": form[str(number)], "sample": [row[number] if number < len(row) else "" for row in sample]}
            for number in range(len(headings))
        ]
        return self._page(request, "columns", _("Name the columns"), job=job, form=form, columns=columns)

    def join(self, request: Request, pk: int) -> HttpResponse:
        self._demand(request)
        job = get_object_or_404(Import, pk=pk)
        if not importing.begin_import(job):
            messages.error(request, _("Nothing was brought in: check the file first."))
            return redirect("admin:subscriptions_import_change", pk)
        self.log_change(request, job, [{"note": _("Let the good rows join."), "after": {"good": job.good}}])
        return self._start(request, job)

    def faults(self, request: Request, pk: int) -> StreamingHttpResponse:
        """Every fault of the file, as a file. It holds rows' numbers, not what stood in them."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        headers = {"Content-Disposition": f'attachment; filename="import-{pk}-faults.csv"'}
        lines = write_csv(_fault_rows(get_object_or_404(Import, pk=pk)))
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)

    def _start(self, request: Request, job: Import) -> HttpResponse:
        """A small file at once, a large one by a worker; without a broker the next tick finds it."""
        if job.parts.count() == 1 and len(job.parts.get().content) <= SMALL:
            importing.work(timezone.now)
        else:
            with suppress(OperationalError):
                tasks.import_waiting.delay()
        return redirect("admin:subscriptions_import_change", job.pk)

    def _demand(self, request: Request) -> None:
        if not self.has_add_permission(request):
            raise PermissionDenied

    def _page(self, request: Request, name: str, title: str, **context: Any) -> HttpResponse:
        context |= self.admin_site.each_context(request) | {"title": title, "opts": self.opts}
        return TemplateResponse(request, f"admin/subscriptions/import/{name}.html", context)


def _fault_rows(job: Import) -> Iterator[tuple[Any, ...]]:
    yield (_("Row"), _("Column"), _("What is wrong"))
    for fault in job.faults.iterator(chunk_size=2_000):
        yield (fault.row, _label(fault), fault.problem)


def _label(fault: ImportFault) -> str:
    return str(FIELDS[fault.column][0]) if fault.column in FIELDS else ""
