"""What some keywords would bring, shown beside the form: in the page, and as a piece of it for its script."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from papers.text import clean
from subscriptions import keywords, limiting
from subscriptions.forms import MAX_KEYWORDS_INPUT
from subscriptions.models.subscriber import MAX_INTEREST, MAX_PAPERS
from subscriptions.preferences import Preferences
from subscriptions.rationing import UsedUp, ration
from subscriptions.recent import Recent, is_ready, recent
from subscriptions.trying import Trial, try_out
from subscriptions.views.doors import private

RETRY_SECONDS = 3
BUTTONS = ("preview", "add", "instead")
# Parts the old keyword from the new in a button: no keyword holds it.
ARROW = " → "


@dataclass(frozen=True)
class Preview:
    """What the panel shows: a trial, or why there is none. `wrong` are sentences about keywords left out."""

    trial: Trial | None = None
    topics: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    problem: str = ""
    retry_after: int = 0


@require_POST
@login_not_required
@private
def preview(request: HttpRequest) -> HttpResponse:
    """The panel alone. Keywords come in the body, so that no log or history keeps them."""
    shown = preview_of(request, request.POST, timezone.now())
    response = render(request, "subscriptions/preview.html", {"preview": shown})
    if shown.retry_after:
        response.status_code = 429 if shown.problem else 503
        response["Retry-After"] = str(shown.retry_after)
    return response


def preview_of(request: HttpRequest, typed: Any, now: datetime) -> Preview:
    """What the fields `keywords` and `max_papers`, whatever they hold, would bring. Never raises."""
    text = (typed.get("keywords") or "")[:MAX_KEYWORDS_INPUT]
    papers = recent(now)
    if papers is None:
        return Preview(retry_after=RETRY_SECONDS)
    try:
        with ration.spending(limiting.client_key(request)):
            found, wrong = keywords.sift(text)
            trial = try_out(found, papers, max_papers=_number(typed.get("max_papers")))
            return Preview(trial, _unasked_topics(papers, text), wrong)
    except UsedUp as error:
        problem = _("These were many previews in a short time. Wait a little; you can subscribe all the same.")
        return Preview(problem=problem, retry_after=int(error.seconds) + 1)


def opening_preview(request: HttpRequest, typed: Any, now: datetime) -> Preview | None:
    """What a page shows at first: a preview where somebody asked for one or it costs nothing, else None."""
    return preview_of(request, typed, now) if typed.get("keywords") or is_ready() else None


def asked_for(request: HttpRequest) -> dict[str, Any] | None:
    """The fields of a form sent by a button that only wants a preview: as it is, with one keyword more, or with one
    written otherwise. None: it was sent to be acted on."""
    typed = request.POST
    if not any(name in typed for name in BUTTONS):
        return None
    text = (typed.get("keywords") or "")[:MAX_KEYWORDS_INPUT]
    old, _arrow, new = typed.get("instead", "").partition(ARROW)
    if added := clean(typed.get("add") or new, MAX_INTEREST + 1):
        text = keywords.replace(text, old, added)
    return {name: typed[name] for name in typed if name not in BUTTONS} | {"keywords": text}


def _unasked_topics(papers: Recent, text: str) -> list[str]:
    names = (topic.text for topic in papers.topics if topic.text.lower() not in text.lower())
    return [name for name in names if keywords.is_one(name)]


def _number(typed: Any) -> int:
    try:
        return min(max(int(typed), 1), MAX_PAPERS)
    except (TypeError, ValueError):
        return Preferences.max_papers
