"""The pages of readers. GET shows, POST acts; whoever asks, strangers are answered alike."""

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from papers.text import clean
from subscriptions import changing, consent, history, leaving, limiting, links, moving, signup, visiting
from subscriptions.addresses import masked
from subscriptions.consent import Shown
from subscriptions.discretion import TooManyRequests, admit
from subscriptions.forms import MAX_KEYWORDS_INPUT, LinkForm, MoveForm, PauseForm, PreferencesForm, SignUpForm
from subscriptions.models import Subscriber
from subscriptions.preferences import Preferences
from subscriptions.rescheduling import UNTIL_LIFTED
from subscriptions.schedule import edition_of, zone_info

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
    return login_not_required(csrf_exempt(private(accept_get_and_post(view))))


def reader_page(view: View) -> View:
    """A page for one reader, within their visit: the view gets (request, reader, now)."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        now = timezone.now()
        reader = visiting.visitor(request, now)
        if reader is not None:
            return view(request, reader, now, *args, **kwargs)
        if request.method == "POST":
            messages.warning(request, "Your visit has ended and nothing was changed.", extra_tags="is-warn")
        return redirect("subscriptions:preferences_link")

    return login_not_required(private(answer))


# Signing up ------------------------------------------------------------------------------------------


@accept_get_and_post
@login_not_required
def subscribe(request: HttpRequest) -> HttpResponse:
    """The form. `?keywords=` fills in what somebody searched for; an address never stands in a URL."""
    now = timezone.now()
    if request.method != "POST":
        typed = clean(request.GET.get("keywords", ""), MAX_KEYWORDS_INPUT)
        return _sign_up_page(request, SignUpForm(now=now, initial={"keywords": typed}))
    form = SignUpForm(request.POST, now=now)
    if not form.is_valid():
        return _sign_up_page(request, form)
    if not form.is_trapped:
        shown = _shown("sign-up form", consent.SIGN_UP)
        try:
            admit(limiting.client_key(request), now)
            signup.sign_up(form.cleaned_data["email"], form.preferences, now, shown)
        except TooManyRequests:
            return _too_many(request)
    return redirect("subscriptions:subscribed")


@require_safe
@login_not_required
def subscribed(request: HttpRequest) -> HttpResponse:
    return render(request, "subscriptions/subscribed.html")


@token_page
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    found = links.find(token, links.Purpose.CONFIRM, now, used=True)
    if found is None:
        return _dead_link(request)
    if request.method == "POST":
        signup.confirm(found, now, _shown("confirmation page", consent.CONFIRM))
        found.subscriber.refresh_from_db()
    elif found.used_at is None:
        wanted = Preferences.from_payload(found.payload)
        context = {"words": consent.TEXTS[consent.CONFIRM], "wanted": wanted, "address": masked(found.subscriber.email)}
        return render(request, "subscriptions/confirm.html", context)
    if not found.subscriber.is_active:
        return _dead_link(request)
    context = {"reader": found.subscriber, "next": _next_local(found.subscriber)}
    return render(request, "subscriptions/confirmed.html", context)


@token_page
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """RFC 8058: a POST from anywhere ends it at once, whatever its body is; a GET shows one button."""
    now = timezone.now()
    found = links.find(token, links.Purpose.UNSUBSCRIBE, now)
    if found is None:
        return _dead_link(request)
    if request.method != "POST":
        return render(request, "subscriptions/unsubscribe.html", {"address": masked(found.subscriber.email)})
    leaving.leave(found.subscriber_id, now, _shown("unsubscribe link"))
    return render(request, "subscriptions/unsubscribed.html")


# Preferences -----------------------------------------------------------------------------------------


@require_safe
@login_not_required
@private
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange a mailed link for a visit under an address without a secret (STANDARDS S16). Writes nothing."""
    found = links.find(token, links.Purpose.MANAGE, timezone.now())
    if found is None or not found.subscriber.is_active:
        return _dead_link(request)
    response = redirect("subscriptions:preferences")
    visiting.begin(response, found)
    return response


@accept_get_and_post
@reader_page
def preferences(request: HttpRequest, reader: Subscriber, now: datetime) -> HttpResponse:
    if request.method != "POST":
        return _preferences_page(request, reader, now)
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        return _preferences_page(request, reader, now, form=form)
    changed = changing.change(reader.pk, form.preferences, now, _shown("preferences"))
    return _saved(
        request, "Your preferences are saved." if changed else "Nothing was different, so nothing was changed."
    )


@require_POST
@reader_page
def pause(request: HttpRequest, reader: Subscriber, now: datetime) -> HttpResponse:
    """Pause until a day, or, with `resume`, go on at once."""
    if "resume" in request.POST:
        changing.pause(reader.pk, None, now, _shown("preferences"))
        return _saved(request, "The pause is over.")
    form = PauseForm(request.POST, today=edition_of(now, reader.zone))
    if not form.is_valid():
        return _preferences_page(request, reader, now, pause_form=form)
    changing.pause(reader.pk, form.cleaned_data["until"], now, _shown("preferences"))
    return _saved(request, "Your digests are paused.")


@require_POST
@reader_page
def address(request: HttpRequest, reader: Subscriber, now: datetime) -> HttpResponse:
    form = MoveForm(request.POST, subscriber=reader)
    if not form.is_valid():
        return _preferences_page(request, reader, now, move_form=form)
    try:
        moving.ask_to_move(reader, form.cleaned_data["email"], now, _shown("change of address"))
    except TooManyRequests:
        return _too_many(request)
    return _saved(
        request,
        "We have written to the new address. Open the link in that mail within 30 minutes; until then nothing changes.",
    )


@require_POST
@reader_page
def leave(request: HttpRequest, reader: Subscriber, now: datetime) -> HttpResponse:
    leaving.leave(reader.pk, now, _shown("preferences"))
    response = render(request, "subscriptions/unsubscribed.html")
    visiting.end(response)
    return response


@token_page
def email(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm a new address from its own mailbox."""
    now = timezone.now()
    found = links.find(token, links.Purpose.EMAIL, now)
    if found is None or not found.subscriber.is_active:
        return _dead_link(request)
    context = {"address": masked(found.payload["email"])}
    if request.method != "POST":
        return render(request, "subscriptions/new_address.html", context)
    if not moving.move(found, now, _shown("new address page")):
        return _dead_link(request)
    return render(request, "subscriptions/moved.html", context)


@accept_get_and_post
@login_not_required
@private
def preferences_link(request: HttpRequest) -> HttpResponse:
    """Ask for a link by mail: the way in when a visit has ended."""
    now = timezone.now()
    form = LinkForm(request.POST if request.method == "POST" else None, now=now)
    if request.method != "POST" or not form.is_valid():
        return render(request, "subscriptions/preferences_link.html", {"form": form})
    if not form.is_trapped:
        try:
            admit(limiting.client_key(request), now, limiting.LINK_CLIENT)
            visiting.send_link(form.cleaned_data["email"], now)
        except TooManyRequests:
            return _too_many(request)
    return redirect("subscriptions:link_sent")


@require_safe
@login_not_required
@private
def link_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "subscriptions/link_sent.html")


@require_safe
@reader_page
def digest(request: HttpRequest, reader: Subscriber, now: datetime, day: str) -> HttpResponse:
    """What one digest held and why, or why it held nothing."""
    found = history.digest_of(reader, _day(day))
    if found is None:
        raise Http404
    context = {
        "digest": found,
        "outcome": history.outcome(found),
        "items": found.items.select_related("paper").exclude(paper__is_hidden=True),
    }
    return render(request, "subscriptions/digest.html", context)


# Answers ---------------------------------------------------------------------------------------------


def _sign_up_page(request: HttpRequest, form: SignUpForm) -> HttpResponse:
    context = {"form": form, "words": consent.TEXTS[consent.SIGN_UP]}
    return render(request, "subscriptions/subscribe.html", context)


def _preferences_page(request: HttpRequest, reader: Subscriber, now: datetime, **bound: Any) -> HttpResponse:
    today = edition_of(now, reader.zone)
    context = {
        "reader": reader,
        "address": masked(reader.email),
        "next": _next_local(reader),
        "is_paused": bool(reader.paused_until and reader.paused_until > today),
        "is_open_end": reader.paused_until == UNTIL_LIFTED,
        "form": PreferencesForm(preferences=Preferences.of(reader)),
        "pause_form": PauseForm(today=today),
        "move_form": MoveForm(subscriber=reader),
        "digests": [(digest, history.outcome(digest)) for digest in history.last_digests(reader)],
    }
    return render(request, "subscriptions/preferences.html", context | bound)


def _next_local(reader: Subscriber) -> datetime | None:
    """When the next digest comes, as the reader's own clock shows it."""
    at = reader.next_digest_at
    return at.astimezone(zone_info(reader.zone)).replace(tzinfo=None) if at else None


def _saved(request: HttpRequest, sentence: str) -> HttpResponse:
    messages.success(request, sentence, extra_tags="is-good")
    return redirect("subscriptions:preferences")


def _dead_link(request: HttpRequest) -> HttpResponse:
    """One page for every link that does not work, whatever the reason."""
    return render(request, "subscriptions/dead_link.html", status=404)


def _too_many(request: HttpRequest) -> HttpResponse:
    response = render(request, "subscriptions/too_many.html", status=429)
    response["Retry-After"] = "3600"
    return response


def _shown(form: str, text: str = "") -> Shown:
    return Shown(form=form, locale=get_language() or "", text=text)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise Http404
    return day
