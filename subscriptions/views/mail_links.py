"""Where the other links in our mails lead: leave, come in, confirm a new address."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from subscriptions import leaving, links, moving, sunsetting, visiting
from subscriptions.addresses import masked
from subscriptions.views import answers
from subscriptions.views.doors import private, token_page


@token_page
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """RFC 8058: a POST from anywhere ends it at once, whatever its body is; a GET shows one button."""
    now = timezone.now()
    found = links.find(token, links.Purpose.UNSUBSCRIBE, now)
    if found is None:
        return answers.dead_link(request)
    if request.method != "POST":
        return render(request, "subscriptions/unsubscribe.html", {"address": masked(found.subscriber.email)})
    leaving.leave(found.subscriber_id, now, answers.shown("unsubscribe link"))
    return render(request, "subscriptions/unsubscribed.html")


@require_safe
@login_not_required
@private
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange a mailed link for a visit under an address without a secret (STANDARDS S16). Writes nothing."""
    found = links.find(token, links.Purpose.MANAGE, timezone.now())
    if found is None or not found.subscriber.is_active:
        return answers.dead_link(request)
    response = redirect(f"subscriptions:{'own_data' if visiting.leads_to_own_data(found) else 'preferences'}")
    visiting.begin(response, found)
    return response


@token_page
def email(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm a new address from its own mailbox."""
    now = timezone.now()
    found = links.find(token, links.Purpose.EMAIL, now)
    if found is None or not found.subscriber.is_active:
        return answers.dead_link(request)
    context = {"address": masked(found.payload["email"])}
    if request.method != "POST":
        return render(request, "subscriptions/new_address.html", context)
    if not moving.move(found, now, answers.shown("new address page")):
        return answers.dead_link(request)
    sunsetting.note_sign(found.subscriber_id, now)
    return render(request, "subscriptions/moved.html", context)
