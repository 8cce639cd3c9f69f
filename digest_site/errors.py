"""What is answered when something goes wrong outside of a view: a page to people, JSON under /api/.

Django's own views of errors look at what was posted, for a token, and break where just that cannot be read.
"""

from collections.abc import Callable
from urllib.parse import quote

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponsePermanentRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import is_valid_path
from django.utils.translation import gettext as _

_API = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(_API):
        return JsonResponse({"error": "This request cannot be understood."}, status=400)
    return HttpResponse(render_to_string("400.html"), status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Some mail programs and people end an address with a slash: lead on to the page without."""
    shorter = request.path_info.rstrip("/")
    if request.resolver_match is None and request.method in {"GET", "HEAD"} and shorter and is_valid_path(shorter):
        query = request.META.get("QUERY_STRING", "")
        return HttpResponsePermanentRedirect(quote(shorter) + ("?" + query if query else ""))
    return render(request, "404.html", status=404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came without its proof. Django's own view would leave the template without what pages know of the site."""
    return render(request, "403_csrf.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(_API):
        return JsonResponse({"error": "Something broke on our side; it was noted."}, status=500)
    return HttpResponse(render_to_string("500.html"), status=500)


class NotAllowed:
    """Middleware. Says it to whoever opens the address of a form's button; Django would show an empty page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            response.content = _not_allowed(request).content
        return response


def _not_allowed(request: HttpRequest) -> HttpResponse:
    said = _("The address or what was sent with it is not what this site expects. A link may have been cut short.")
    return render(request, "404.html", {"status": 405, "reason": said})
