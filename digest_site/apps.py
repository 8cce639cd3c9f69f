"""Puts our own site in the place of Django's `admin.site`, so that every `@admin.register` reaches it."""

from django.contrib.admin import apps


class BackOfficeConfig(apps.AdminConfig):
    default = False  # "digest_site" itself is listed beside it
    default_site = "digest_site.admin.BackOffice"
