"""Who gets into the admin: staff with a password and, on every page and for every POST, a second factor."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

import django_otp
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from digest_site import factors

_View = TypeVar("_View", bound=Callable[..., Any])
_ENROLLING = "enrolling"
_FEW_CODES = 3


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
        error_messages={"required": gettext_lazy("Type the code that the app shows.")},
    )


class GuardedSite(AdminSite):
    """An admin site that nobody enters by password alone."""

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and is_verified(request)

    def admin_view(self, view: _View, cacheable: bool = False) -> _View:
        """Every view of the site passes here. A password without the second factor leads to its page."""
        if view == self.logout:
            return never_cache(csrf_protect(view))
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if AdminSite.has_permission(self, request) and not is_verified(request):
                return redirect(_with_next("admin:second_factor", request, request.get_full_path()))
            response: HttpResponse = inner(request, *args, **kwargs)
            return response

        guarded.csrf_exempt = getattr(inner, "csrf_exempt", False)  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Ask for name and password; whoever has given them goes on to the second factor."""
        if AdminSite.has_permission(self, request) and not is_verified(request):
            wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
            return redirect(_with_next("admin:second_factor", request, wanted))
        return super().login(request, extra_context)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [
            path("second-factor/", self._by_password(self.second_factor), name="second_factor"),
            path("second-factor/enrol/", self._by_password(self.enrol), name="enrol"),
            path("second-factor/codes/", self.admin_view(self.recovery_codes), name="recovery_codes"),
            *super().get_urls(),
        ]

    def second_factor(self, request: HttpRequest) -> HttpResponse:
        """Ask for a code of the app, or a recovery code."""
        if is_verified(request):
            return redirect(_next(request))
        if not factors.is_enrolled(_user(request)):
            return redirect(_with_next("admin:enrol", request, request.GET.get(REDIRECT_FIELD_NAME, "")))
        form = CodeForm(request.POST or None)
        if form.is_valid():
            device = factors.verify(_user(request), form.cleaned_data["code"])
            if device:
                _enter(request, device)
                self.log_access(
                    request, _("Logged in.") if factors.is_app(device) else _("Logged in by recovery code.")
                )
                self._mention_codes(request)
                return redirect(_next(request))
            _refuse(form, _user(request))
        return self._page(request, "verify", _("Second factor"), form=form)

    def enrol(self, request: HttpRequest) -> HttpResponse:
        """Take a new app into use: at the first log-in, or in place of one that is at hand."""
        if factors.is_enrolled(_user(request)) and not is_verified(request):
            return redirect(_with_next("admin:second_factor", request, ""))
        device = factors.under_way(_user(request), request.session.get(_ENROLLING))
        if device is None:
            # A key of this session's own: one that somebody with the password has seen is never taken into use.
            device = factors.begin(_user(request))
            request.session[_ENROLLING] = device.pk
        form = CodeForm(request.POST or None)
        if form.is_valid():
            if codes := factors.confirm(device, form.cleaned_data["code"]):
                del request.session[_ENROLLING]
                is_login = not is_verified(request)
                _enter(request, device)
                self.log_access(request, _("Took a new app into use as second factor."))
                if is_login:
                    self.log_access(request, _("Logged in."))
                return self._show_codes(request, codes)
            _refuse(form, _user(request))
        context = {"qr": mark_safe(factors.qr_svg(device)), "key": factors.manual_key(device)}  # noqa: S308 -- our own SVG
        return self._page(request, "enrol", _("Set up the second factor"), form=form, **context)

    def recovery_codes(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            codes = factors.renew_codes(_user(request))
            self.log_access(request, _("Made new recovery codes."))
            return self._show_codes(request, codes)
        return self._page(request, "renew", _("Recovery codes"), left=factors.codes_left(_user(request)))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        response = super().password_change(request, extra_context)
        if response.status_code == HTTPStatus.FOUND:
            self.log_access(request, _("Changed their own password."))
        return response

    def log_access(self, request: HttpRequest, message: str) -> None:
        """Note in the audit list what an operator did to their own way in."""
        self.get_model_admin(User).log_change(request, _user(request), message)

    def _by_password(self, view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
        """For the pages that come between password and second factor."""

        def inner(request: HttpRequest) -> HttpResponse:
            if not AdminSite.has_permission(self, request):
                return redirect(_with_next("admin:login", request, request.get_full_path()))
            return view(request)

        return never_cache(csrf_protect(inner))

    def _show_codes(self, request: HttpRequest, codes: list[str]) -> HttpResponse:
        return self._page(request, "codes", _("Your recovery codes"), codes=codes, wanted=_next(request))

    def _mention_codes(self, request: HttpRequest) -> None:
        left = factors.codes_left(_user(request))
        if left <= _FEW_CODES:
            text = ngettext(
                "%d recovery code is left: make new ones.", "%d recovery codes are left: make new ones.", left
            )
            messages.warning(request, text % left)

    def _page(self, request: HttpRequest, name: str, title: str, **context: Any) -> HttpResponse:
        context |= self.each_context(request) | {"title": title, "is_verified": is_verified(request)}
        if not context["is_verified"]:
            context |= {"is_nav_sidebar_enabled": False, "available_apps": []}
        return TemplateResponse(request, f"admin/second_factor/{name}.html", context)


def is_verified(request: HttpRequest) -> bool:
    """Whether this session has shown a second factor of its user's."""
    device = getattr(request.user, "otp_device", None)
    return device is not None


def _enter(request: HttpRequest, device: Any) -> None:
    """Let the session in: under a new key, and until a fixed moment, however busy it is."""
    request.session.cycle_key()
    request.session.set_expiry(settings.SESSION_LENGTH)
    django_otp.login(request, device)


def _refuse(form: CodeForm, user: User) -> None:
    wait = factors.seconds_to_wait(user)
    if wait > 1:
        text = ngettext("Too many wrong codes. Wait %d second.", "Too many wrong codes. Wait %d seconds.", wait) % wait
    else:
        text = _("This code is wrong, or was used before. Wait for the next one; is your phone's clock right?")
    form.add_error("code", text)


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("a page behind the password has a user")
    return request.user


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME, "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("admin:index")


def _with_next(name: str, request: HttpRequest, wanted: str) -> str:
    address = reverse(name)
    if wanted and request.method == "GET":
        address += "?" + urlencode({REDIRECT_FIELD_NAME: wanted})
    return address
