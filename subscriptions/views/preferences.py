"""A reader's preferences, and the way to them."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from subscriptions import changing, history, leaving, limiting, moving, visiting
from subscriptions.addresses import masked
from subscriptions.discretion import TooManyRequests, admit
from subscriptions.forms import LinkForm, MoveForm, PauseForm, PreferencesForm
from subscriptions.models import Subscriber
from subscriptions.preferences import Preferences
from subscriptions.rescheduling import UNTIL_LIFTED
from subscriptions.schedule import edition_of
from subscriptions.views import answers, feeds, previews
from subscriptions.views.doors import accept_get_and_post, private, reader_page
from subscriptions.views.previews import Preview

# Of a reader's digests, those on the page itself.
LAST = 7


@accept_get_and_post
@reader_page
def preferences(request: HttpRequest, reader: Subscriber, now: datetime) -> HttpResponse:
    if request.method != "POST":
        return _preferences_page(request, reader, now)
    if (asked := previews.asked_for(request)) is not None:
        form = PreferencesForm.showing(asked)
        return _preferences_page(request, reader, now, form=form, preview=previews.preview_of(request, asked, now))
    form = PreferencesForm(request.POST, preferences=Preferences.of(reader))
    if not form.is_valid():
        return _preferences_page(request, reader, now, form=form)
    changed = changing.change(reader.pk, form.preferences, now, answers.shown("preferences"))
    sentence = _("Your preferences are saved.") if changed else _("Nothing was different, so nothing was changed.")
    return answers.saved(request, sentence)


@require_POST
@reader_page
def pause(request: HttpRequest, reader: Subscriber, now: datetime) -> HttpResponse:
    """Pause until a day, or, with `resume`, go on at once."""
    if "resume" in request.POST:
        changing.pause(reader.pk, None, now, answers.shown("preferences"))
        return answers.saved(request, _("The pause is over."))
    form = PauseForm(request.POST, today=edition_of(now, reader.zone))
    if not form.is_valid():
        return _preferences_page(request, reader, now, pause_form=form)
    changing.pause(reader.pk, form.cleaned_data["until"], now, answers.shown("preferences"))
    return answers.saved(request, _("Your digests are paused."))


@require_POST
@reader_page
def address(request: HttpRequest, reader: Subscriber, now: datetime) -> HttpResponse:
    form = MoveForm(request.POST, subscriber=reader)
    if not form.is_valid():
        return _preferences_page(request, reader, now, move_form=form)
    try:
        moving.ask_to_move(reader, form.cleaned_data["email"], now, answers.shown("change of address"))
    except TooManyRequests:
        return answers.too_many(request)
    return answers.saved(
        request,
        _(
            "We have written to the new address. Open the link in that mail within 30 minutes; "
            "until then nothing changes."
        ),
    )


@require_POST
@reader_page
def leave(request: HttpRequest, reader: Subscriber, now: datetime) -> HttpResponse:
    leaving.leave(reader.pk, now, answers.shown("preferences"))
    response = render(request, "subscriptions/unsubscribed.html")
    visiting.end(response)
    return response


@accept_get_and_post
@login_not_required
@private
def preferences_link(request: HttpRequest) -> HttpResponse:
    """Ask for a link by mail: the way in when a visit has ended. Within a visit, the preferences themselves."""
    now = timezone.now()
    if request.method != "POST" and visiting.visitor(request, now):
        return redirect("subscriptions:preferences")
    form = LinkForm(request.POST if request.method == "POST" else None, now=now)
    if request.method != "POST" or not form.is_valid():
        return render(request, "subscriptions/preferences_link.html", {"form": form})
    if not form.is_trapped:
        try:
            admit(limiting.client_key(request), now, limiting.LINK_CLIENT)
            visiting.send_link(form.cleaned_data["email"], now)
        except TooManyRequests:
            return answers.too_many(request)
    return redirect("subscriptions:link_sent")


@require_safe
@login_not_required
@private
def link_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "subscriptions/link_sent.html")


def _preferences_page(request: HttpRequest, reader: Subscriber, now: datetime, **bound: Any) -> HttpResponse:
    today = edition_of(now, reader.zone)
    form = bound.pop("form", None) or PreferencesForm(preferences=Preferences.of(reader))
    context = {
        "reader": reader,
        "address": masked(reader.email),
        "next": answers.next_local(reader),
        "is_paused": bool(reader.paused_until and reader.paused_until > today),
        "is_open_end": reader.paused_until == UNTIL_LIFTED,
        "form": form,
        "pause_form": PauseForm(today=today),
        "move_form": MoveForm(subscriber=reader),
        "digests": [(digest, history.outcome(digest)) for digest in history.digests_of(reader)[:LAST]],
        "feeds": feeds.addresses(reader, now),
        "preview": bound.pop("preview", None) or _opening_preview(request, form, now),
    }
    return render(request, "subscriptions/preferences.html", context | bound)


def _opening_preview(request: HttpRequest, form: PreferencesForm, now: datetime) -> Preview | None:
    shown = {name: form[name].value() for name in ("keywords", "max_papers")}
    return previews.opening_preview(request, shown, now)
