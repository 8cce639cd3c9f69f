"""The back office: one admin site, whose home shows the service at a glance."""

import re
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from digest_site import audit, glance
from digest_site.access import GuardedSite

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


_NUMBER = re.compile(r"\d{1,18}", re.ASCII)


class Patient(ModelAdmin):
    """Laid over every page: a filter that no column can answer is one of the mistakes that Django forgives.

    Rows ticked by a number that is none are a forged request.
    """

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not all(map(_NUMBER.fullmatch, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise BadRequest("ticked rows must be numbers")
        return super().changelist_view(request, extra_context)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        try:
            return super().get_changelist_instance(request)
        except (ValueError, OverflowError, DataError) as error:
            if not request.GET:
                raise
            raise IncorrectLookupParameters(error) from error


class BackOffice(GuardedSite):
    """Django's admin under our name."""

    site_header = site_title = settings.SITE_NAME
    index_title = _("Today at a glance")
    index_template = "admin/home.html"  # a name of its own: the pages of apps are built on Django's index.html

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, glance.figures(timezone.now(), request.user) | (extra_context or {}))

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        page = audit.laid_over(admin_class or ModelAdmin)
        patient = type(page.__name__, (Patient, page), {"__doc__": page.__doc__, "__module__": page.__module__})
        super().register(model_or_iterable, patient, **options)
