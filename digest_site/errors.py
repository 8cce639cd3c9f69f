"""What is answered when something goes wrong outside of a view: a page to people, JSON under /api/."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import defaults

_API = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(_API):
        return JsonResponse({"error": "This request cannot be understood."}, status=400)
    return defaults.bad_request(request, exception)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came without its proof. Django's own view would leave the template without what pages know of the site."""
    return render(request, "403_csrf.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(_API):
        return JsonResponse({"error": "Something broke on our side; it was noted."}, status=500)
    return defaults.server_error(request)
