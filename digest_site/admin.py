"""The back office: one admin site, whose home shows the service at a glance."""

from typing import Any

from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from digest_site import audit, glance
from digest_site.access import GuardedSite


class BackOffice(GuardedSite):
    """Django's admin under our name."""

    site_header = site_title = settings.SITE_NAME
    index_title = _("Today at a glance")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, glance.figures(timezone.now(), request.user) | (extra_context or {}))

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        super().register(model_or_iterable, audit.laid_over(admin_class or ModelAdmin), **options)
