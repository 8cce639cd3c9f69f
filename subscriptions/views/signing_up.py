"""Signing up: the form, and what the confirmation link shows."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from papers.text import clean
from subscriptions import consent, limiting, links, signup
from subscriptions.addresses import masked
from subscriptions.discretion import TooManyRequests, admit
from subscriptions.forms import MAX_KEYWORDS_INPUT, SignUpForm
from subscriptions.preferences import Preferences
from subscriptions.views import answers, previews
from subscriptions.views.doors import accept_get_and_post, token_page
from subscriptions.views.previews import Preview


@accept_get_and_post
@login_not_required
def subscribe(request: HttpRequest) -> HttpResponse:
    """The form. `?keywords=` fills in what somebody searched for; an address never stands in a URL."""
    now = timezone.now()
    if request.method != "POST":
        typed = {"keywords": clean(request.GET.get("keywords", ""), MAX_KEYWORDS_INPUT)}
        preview = previews.opening_preview(request, typed, now)
        return _sign_up_page(request, SignUpForm(now=now, initial=typed), preview)
    if (asked := previews.asked_for(request)) is not None:
        return _sign_up_page(request, SignUpForm.showing(asked, now=now), previews.preview_of(request, asked, now))
    form = SignUpForm(request.POST, now=now)
    if not form.is_valid():
        return _sign_up_page(request, form, previews.opening_preview(request, form.data, now))
    if not form.is_trapped:
        shown = answers.shown("sign-up form", consent.in_language(consent.SIGN_UP))
        try:
            admit(limiting.client_key(request), now)
            signup.sign_up(form.cleaned_data["email"], form.preferences, now, shown)
        except TooManyRequests:
            return answers.too_many(request)
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
        return answers.dead_link(request)
    if request.method == "POST":
        signup.confirm(found, now, answers.shown("confirmation page", consent.in_language(consent.CONFIRM)))
        found.subscriber.refresh_from_db()
    elif found.used_at is None:
        wanted = Preferences.from_payload(found.payload)
        context = {
            "words": consent.TEXTS[consent.in_language(consent.CONFIRM)],
            "wanted": wanted,
            "address": masked(found.subscriber.email),
        }
        return render(request, "subscriptions/confirm.html", context)
    if not found.subscriber.is_active:
        return answers.dead_link(request)
    context = {"reader": found.subscriber, "next": answers.next_local(found.subscriber)}
    return render(request, "subscriptions/confirmed.html", context)


def _sign_up_page(request: HttpRequest, form: SignUpForm, preview: Preview | None) -> HttpResponse:
    context = {"form": form, "words": consent.TEXTS[consent.in_language(consent.SIGN_UP)], "preview": preview}
    return render(request, "subscriptions/subscribe.html", context)
