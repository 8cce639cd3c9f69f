"""Puts our own site in the place of Django's `admin.site`, so that every `@admin.register` reaches it."""

from django.contrib.admin import apps


class BackOfficeConfig(apps.AdminConfig):
    default = False  # "digest_site" itself is listed beside it
    default_site = "digest_site.admin.BackOffice"

    def ready(self) -> None:
        super().ready()
        # Once every app has registered its pages.
        from digest_site import operators  # noqa: F401, PLC0415
