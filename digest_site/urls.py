"""Mounts the two apps, the admin, and the providers' webhooks."""

from django.conf import settings
from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.utils.functional import lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe
from django.views.generic import RedirectView
from django.views.i18n import set_language

from digest_site import about, probes, status

urlpatterns = [
    # Browsers ask for it wherever a page names no icon, as the admin's do.
    path("favicon.ico", require_safe(RedirectView.as_view(url=lazy(static, str)("logo.svg")))),
    path("healthz", probes.alive, name="healthz"),
    path("readyz", probes.ready, name="readyz"),
    path("metrics", probes.figures, name="metrics"),
    path("about", about.about, name="about"),
    path("status", status.status, name="status"),
    path("robots.txt", about.robots, name="robots"),
    path("sitemap.xml", about.sitemap, name="sitemap"),
    # It changes nothing but the language of pages: a token in every page would keep them from being cached.
    path("language", csrf_exempt(require_http_methods(["GET", "HEAD", "POST"])(set_language)), name="language"),
    path("hooks/", include("subscriptions.hooks")),
    path("", include("papers.urls")),
    path("", include("subscriptions.urls")),
    # Last: whatever ADMIN_PATH is, no page of the site is hidden by it.
    path(settings.ADMIN_PATH, admin.site.urls),
]

handler400 = "digest_site.errors.bad_request"
handler404 = "digest_site.errors.not_found"
handler500 = "digest_site.errors.server_error"
