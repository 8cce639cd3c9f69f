"""A mail as its readers see it: desktop, phone, dark and text side by side.

The mail stands in frames of its own that may run, load and open nothing; its links lead to the site's first page.
"""

from typing import Any

from csp.decorators import csp, csp_update
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin

from subscriptions.admin.base import ModelAdmin, Request
from subscriptions.message import Message

LOOKS = {"desktop": _("Desktop"), "phone": _("Phone"), "dark": _("Dark"), "text": _("Text")}
_DARK = "@media (prefers-color-scheme: dark)"
# Whatever scheme the operator's own browser asks for.
_SCHEMES = {"desktop": "@media not all", "phone": "@media not all", "dark": "@media all"}
_FRAME_POLICY = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "frame-ancestors": ["'self'"],
    "sandbox": [""],
}


class Looks(ModelAdmin):
    """Rows that are, or would make, a mail."""

    def mail_of(self, row: Any) -> Message:
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        guard, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("<int:pk>/looks/", guard(self.looks_page), name=f"{name}_looks"),
            path("<int:pk>/looks/<str:look>/", guard(self.look_page), name=f"{name}_look"),
            *super().get_urls(),
        ]

    @method_decorator(csp_update({"frame-src": "'self'"}))
    def looks_page(self, request: Request, pk: int) -> HttpResponse:
        row = self._row(request, pk)
        context = self.admin_site.each_context(request) | {
            "title": _("How it looks"),
            "is_nav_sidebar_enabled": False,
            "opts": self.opts,
            "row": row,
            "subject": self.mail_of(row).subject,
            "looks": LOOKS,
        }
        return TemplateResponse(request, "admin/subscriptions/looks.html", context)

    @method_decorator([xframe_options_sameorigin, csp(_FRAME_POLICY)])
    def look_page(self, request: Request, pk: int, look: str) -> HttpResponse:
        if look not in LOOKS:
            raise Http404
        message = self.mail_of(self._row(request, pk))
        if look == "text":
            return HttpResponse(message.body, content_type="text/plain; charset=utf-8")
        return HttpResponse(message.html.replace(_DARK, _SCHEMES[look]))

    def _row(self, request: Request, pk: int) -> Model:
        row: Model = get_object_or_404(self.model, pk=pk)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return row
