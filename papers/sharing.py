"""What programs read, the API and the feeds: only read, from any origin, and only again when it has changed."""

from collections.abc import Callable
from datetime import datetime, time
from functools import wraps
from typing import Any

from django.db.models import Max, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import http_date
from django.views.decorators.http import conditional_page

from papers.models import Paper, Reading

MAX_AGE = 300
METHODS = "GET, HEAD, OPTIONS"
_PREFLIGHT = {
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": "Accept, Content-Type, If-Modified-Since, If-None-Match",
    "Access-Control-Max-Age": "86400",
}

View = Callable[..., HttpResponseBase]


def shared(view: View) -> View:
    """Let every origin read what a view of GET answers; answer HEAD, OPTIONS and conditional requests for it."""
    conditional: View = conditional_page(view)

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = _answer(conditional, request, *args, **kwargs)
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Expose-Headers"] = "ETag"
        return response

    return answer


def _answer(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
    match request.method:
        case "GET":
            return view(request, *args, **kwargs)
        case "HEAD":
            request.method = "GET"  # the server leaves the body out
            try:
                return view(request, *args, **kwargs)
            finally:
                request.method = "HEAD"
        case "OPTIONS":
            return HttpResponse(status=204, headers=_PREFLIGHT | {"Allow": METHODS})
    return JsonResponse({"error": "Nothing can be changed here: only read."}, status=405, headers={"Allow": METHODS})


def stamp(response: HttpResponse, changed_at: datetime) -> HttpResponse:
    """Say when what is answered changed last, and for how long it may be kept."""
    response["Last-Modified"] = http_date(int(changed_at.timestamp()))
    patch_cache_control(response, public=True, max_age=MAX_AGE)
    # The chosen language lies in one; Django names Accept-Language only.
    patch_vary_headers(response, ["Cookie"])
    return response


def last_change(now: datetime) -> datetime:
    """When a list of papers may last have changed: with a reading that brought something, by an editor, or at midnight.

    Hidden papers count too: that they are hidden is a change.
    """
    changes = Reading.objects.filter(Q(new__gt=0) | Q(updated__gt=0), finished_at__isnull=False)
    read_at = changes.order_by("-started_at").values_list("finished_at", flat=True).first()
    edited_at: datetime | None = Paper.objects.aggregate(Max("updated_at"))["updated_at__max"]
    midnight = datetime.combine(now.date(), time(), now.tzinfo)
    return max(moment for moment in (read_at, edited_at, midnight) if moment)
