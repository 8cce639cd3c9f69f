"""What an operator may do for one reader: each behind a page that says what follows, and each entered in the log."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from subscriptions import changing, erasing, leaving, links, previewing, suppressing
from subscriptions.admin.base import Request
from subscriptions.consent import Shown
from subscriptions.models import Subscriber, Suppression
from subscriptions.rescheduling import UNTIL_LIFTED
from subscriptions.transport import Receipt

IN_ADMIN = Shown(form="admin")
ERASED = "erased"


class Undone(Exception):
    """Why nothing was done, in words for the operator."""


@dataclass(frozen=True)
class Act:
    """`do` returns what to tell the operator, or raises Undone. `permission` is one of the app's."""

    title: str | Promise
    warning: str | Promise
    do: Callable[[Subscriber, datetime, Any], str]
    permission: str = "subscriptions.change_subscriber"
    is_grave: bool = False
    applies: Callable[[Subscriber], bool] = bool


def pause(reader: Subscriber, now: datetime, user: Any) -> str:
    if not reader.is_active or not changing.pause(reader.pk, UNTIL_LIFTED, now, IN_ADMIN):
        raise Undone(_("Nothing to pause: no digests are on their way to this reader."))
    return _("Paused. The reader can go on at any time on their preferences page.")


def resume(reader: Subscriber, now: datetime, user: Any) -> str:
    if not reader.is_active or not changing.pause(reader.pk, None, now, IN_ADMIN):
        raise Undone(_("This reader is not paused."))
    return _("Digests go on.")


def unsubscribe(reader: Subscriber, now: datetime, user: Any) -> str:
    if not leaving.leave(reader.pk, now, IN_ADMIN):
        raise Undone(_("This reader had left already."))
    return _("Unsubscribed.")


def suppress(reader: Subscriber, now: datetime, user: Any) -> str:
    with transaction.atomic():
        suppressing.suppress(links.address_hmac(reader.email), Suppression.Reason.OPERATOR, now)
        leaving.leave(reader.pk, now, IN_ADMIN)
    return _("The address is on the suppression list and gets no more mail of any kind.")


def erase(reader: Subscriber, now: datetime, user: Any) -> str:
    if not erasing.erase(reader, now, IN_ADMIN):
        raise Undone(_("This reader was erased already."))
    return _("Everything about this reader is deleted.")


def send_copy(reader: Subscriber, now: datetime, user: Any) -> str:
    if not user.email:
        raise Undone(_("Your own account has no e-mail address: add one under Users."))
    outcome = previewing.send_copy(reader, now, to=user.email)
    if not isinstance(outcome, Receipt):
        raise Undone(_("The copy was not sent: %s") % outcome.reason)
    return _("A copy of the next digest was sent to you.")


def _is_paused(reader: Subscriber) -> bool:
    return reader.is_active and reader.paused_until is not None


def _goes_on(reader: Subscriber) -> bool:
    return reader.is_active and reader.paused_until is None


def _has_not_left(reader: Subscriber) -> bool:
    return reader.status != Subscriber.Status.LEFT


ACTS = {
    "copy": Act(
        gettext_lazy("Send a test copy to me"),
        gettext_lazy("The next digest, as it would be now, goes to your own address. The reader gets nothing."),
        send_copy,
    ),
    "pause": Act(
        gettext_lazy("Pause"), gettext_lazy("No digests until somebody resumes them."), pause, applies=_goes_on
    ),
    "resume": Act(
        gettext_lazy("Resume"), gettext_lazy("What came during the pause is left out."), resume, applies=_is_paused
    ),
    "unsubscribe": Act(
        gettext_lazy("Unsubscribe"),
        gettext_lazy("The subscription ends, and what waits to be sent is cancelled. The reader can sign up again."),
        unsubscribe,
        applies=_has_not_left,
    ),
    "suppress": Act(
        gettext_lazy("Suppress"),
        gettext_lazy("The subscription ends, and this address never gets mail from here again, not even when asked."),
        suppress,
        is_grave=True,
    ),
    "erase": Act(
        gettext_lazy("Erase"),
        gettext_lazy(
            "The reader, their interests, digests, mails and links are deleted for good. That consent was given and "
            "withdrawn stays on record, without a name."
        ),
        erase,
        permission="subscriptions.erase_subscriber",
        is_grave=True,
    ),
}


def allowed(request: Request, reader: Subscriber) -> list[tuple[str, Act]]:
    """The acts whose buttons a reader's page shows."""
    return [(name, act) for name, act in ACTS.items() if act.applies(reader) and request.user.has_perm(act.permission)]


def act_page(admin: Any, request: Request, pk: int, name: str) -> HttpResponse:
    """GET asks, POST acts."""
    if (act := ACTS.get(name)) is None:
        raise Http404
    reader = get_object_or_404(Subscriber, pk=pk)
    if not request.user.has_perm(act.permission):
        raise PermissionDenied
    if request.method == "POST":
        return _do(admin, request, reader, act)
    context = admin.admin_site.each_context(request) | {
        "title": act.title,
        "opts": admin.opts,
        "reader": reader,
        "act": act,
    }
    return TemplateResponse(request, "admin/subscriptions/subscriber/act.html", context)


def _state(pk: int) -> dict[str, str | None]:
    """What an act may change, as the log keeps it."""
    reader = Subscriber.objects.filter(pk=pk).first()
    if reader is None:
        return {"status": ERASED, "paused_until": None, "next_digest_at": None}
    until, next_at = reader.paused_until, reader.next_digest_at
    return {
        "status": reader.status,
        "paused_until": until.isoformat() if until else None,
        "next_digest_at": next_at.isoformat() if next_at else None,
    }


def _do(admin: Any, request: Request, reader: Subscriber, act: Act) -> HttpResponse:
    before = _state(reader.pk)
    try:
        done = act.do(reader, timezone.now(), request.user)
    except Undone as reason:
        messages.error(request, str(reason))
        return redirect("admin:subscriptions_subscriber_change", reader.pk)
    after = _state(reader.pk)
    changed = [name for name in before if before[name] != after[name]]
    sides = {"before": before, "after": after} if changed else {}
    parts = {side: {name: values[name] for name in changed} for side, values in sides.items()}
    admin.log_change(request, reader, [{"note": str(act.title), **parts}])
    messages.success(request, done)
    if after["status"] == ERASED:
        return redirect("admin:subscriptions_subscriber_changelist")
    return redirect("admin:subscriptions_subscriber_change", reader.pk)
