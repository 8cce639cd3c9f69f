"""The back office: one admin site, whose home shows the service at a glance."""

from django.conf import settings
from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class BackOffice(AdminSite):
    """Django's admin under our name."""

    site_header = site_title = settings.SITE_NAME
    index_title = _("Today at a glance")
