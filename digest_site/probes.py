"""Pages for programs that watch: no log-in, no cookie, no address in any answer."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from digest_site import alerts, health, metrics

# What a proxy adds: behind one, everybody seems to come from loopback.
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-Ip")


@never_cache
@require_safe
def alive(request: HttpRequest) -> JsonResponse:
    """200 as long as this process answers; nothing else is asked."""
    return JsonResponse({"ok": True})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when everything a digest needs is in order, else 503; the body says what is not."""
    now = timezone.now()
    checks = health.check_all(now)
    if checks["database"]["ok"] and not checks["heartbeat"]["ok"]:
        alerts.watch(now)  # nobody else does, while no task is run
    ok = all(check["ok"] for check in checks.values())
    return JsonResponse({"ok": ok, **checks}, status=200 if ok else 503)


@never_cache
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """For Prometheus. With METRICS_TOKEN for whoever shows it, without for this machine only."""
    if not _may_see_figures(request):
        words = "Show METRICS_TOKEN as a bearer token, or ask from this machine without a proxy.\n"
        return HttpResponseForbidden(words, content_type="text/plain; charset=utf-8")
    body, content_type = metrics.render(timezone.now(), request.headers.get("Accept", ""))
    return HttpResponse(body, content_type=content_type)


def _may_see_figures(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        return constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}")
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
