"""Mounts the two apps, the admin, and Anymail's webhooks."""

from django.contrib import admin
from django.urls import include, path

from digest_site import health

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("admin/", admin.site.urls),
    path("", include("papers.urls")),
    path("", include("subscriptions.urls")),
]
