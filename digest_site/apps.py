"""Puts our own site in the place of Django's `admin.site`, so that every `@admin.register` reaches it."""

from django.apps import AppConfig
from django.contrib.admin import apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class SiteConfig(AppConfig):
    name = "digest_site"
    verbose_name = _("Operation")


class BackOfficeConfig(apps.AdminConfig):
    default = False  # "digest_site" itself is listed beside it
    default_site = "digest_site.admin.BackOffice"

    def ready(self) -> None:
        super().ready()
        # Once every app has registered its pages.
        from digest_site import alert_pages, operators, roles  # noqa: F401, PLC0415

        post_migrate.connect(roles.make, sender=self, dispatch_uid="digest_site.roles")
