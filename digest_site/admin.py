"""The back office: one admin site, whose home shows the service at a glance."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from digest_site.access import GuardedSite


class BackOffice(GuardedSite):
    """Django's admin under our name."""

    site_header = site_title = settings.SITE_NAME
    index_title = _("Today at a glance")
