"""Gives each request a name that its log lines and its answer carry, and writes the access log.

The access log tells the route and not the path: a path may hold a reader's link, a query a reader's interest.
"""

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from digest_site import logs

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
_CLEAN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}", re.ASCII)
# Asked every few seconds, and worth a line only when they fail.
_PROBES = frozenset({"healthz", "readyz", "metrics"})


class RequestId:
    """Middleware. Comes first, so that whatever the others log is named too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(HEADER, "")
        name = given if _CLEAN.fullmatch(given) else uuid.uuid4().hex
        token = logs.request_id.set(name)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            _note(request, response, time.perf_counter() - started)
        finally:
            logs.request_id.reset(token)
        response.headers[HEADER] = name
        return response


def _note(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    route = request.resolver_match.route if request.resolver_match else "(no page)"
    level = logging.DEBUG if route in _PROBES else logging.INFO
    logger.log(level, "%s /%s %d %.0f ms", request.method, route, response.status_code, seconds * 1000)
