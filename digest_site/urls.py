"""Mounts the two apps, the admin, and the providers' webhooks."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from digest_site import health

urlpatterns = [
    # Browsers ask for it wherever a page names no icon, as the admin's do.
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("logo.svg"))),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("admin/", admin.site.urls),
    path("hooks/", include("subscriptions.hooks")),
    path("", include("papers.urls")),
    path("", include("subscriptions.urls")),
]
