"""Who is let in, and what may be kept of a page."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from subscriptions import sunsetting, visiting
from subscriptions.models import Subscriber
from subscriptions.views import answers

View = Callable[..., HttpResponse]

accept_get_and_post = require_http_methods(["GET", "HEAD", "POST"])


def private(view: View) -> View:
    """Nothing of this page is kept, handed on or indexed (STANDARDS S15)."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
        return response

    return answer


def token_page(view: View) -> View:
    """A page whose whole authority is the secret in its address, so there is nothing a forged POST could borrow.

    No cookie is read, so none is asked for: mail programs send no CSRF token (RFC 8058), and under
    `no-referrer` browsers send `Origin: null`, which Django's CSRF check refuses.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Subscriber.DoesNotExist:  # erased since the link was looked up
            return answers.dead_link(request)

    return login_not_required(csrf_exempt(private(accept_get_and_post(answer))))


def reader_page(view: View) -> View:
    """A page for one reader, within their visit: the view gets (request, reader, now)."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        now = timezone.now()
        reader = visiting.visitor(request, now)
        if reader is not None:
            if request.method == "POST":
                sunsetting.note_sign(reader.pk, now)
            with suppress(Subscriber.DoesNotExist):  # erased since then
                return view(request, reader, now, *args, **kwargs)
        if request.method == "POST":
            messages.warning(request, _("Your visit has ended and nothing was changed."), extra_tags="is-warn")
        return redirect("subscriptions:preferences_link")

    return login_not_required(private(answer))
