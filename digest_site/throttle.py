"""What django-axes is told about who tries to log in, and what it tells them when they tried too often."""

import ipaddress
from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessAttempt
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from subscriptions.limiting import client_key

KEPT = timedelta(days=1)
_NOWHERE = "::"


def client_address(request: HttpRequest) -> str:
    """The client as it is counted everywhere: an IPv4 address, or the first one of an IPv6 /64."""
    try:
        return str(ipaddress.ip_network(client_key(request)).network_address)
    except ValueError:
        return _NOWHERE


def sealed_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The name that was typed, as a keyed hash: strangers may type anybody's address here."""
    typed = (credentials or {}).get("username") or request.POST.get("username", "")
    return salted_hmac(__name__, typed.lower(), algorithm="sha256").hexdigest()


def forget_old(now: datetime) -> int:
    """Delete the attempts of the day before: they hold clients' addresses and no longer count."""
    deleted: int = AccessAttempt.objects.filter(attempt_time__lt=now - KEPT).delete()[0]
    return deleted


def locked(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None) -> HttpResponse:
    context = admin.site.each_context(request) | {"title": _("Too many attempts")}
    return TemplateResponse(request, "admin/locked.html", context, status=429).render()
