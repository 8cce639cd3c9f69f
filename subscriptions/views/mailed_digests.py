"""The pages behind a digest's own links. GET shows, POST acts; the link is the whole authority."""

from datetime import date, timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from papers.models import Paper
from subscriptions import changing, digest_links, history, judging, sunsetting
from subscriptions.digest_links import Act
from subscriptions.judging import Verdict
from subscriptions.models import Subscriber
from subscriptions.rescheduling import UNTIL_LIFTED
from subscriptions.schedule import edition_of
from subscriptions.views.answers import dead_link, shown
from subscriptions.views.doors import private, token_page

PAUSE = timedelta(days=7)
WISHES = {"more": Verdict.MORE, "less": Verdict.LESS, "nothing": None}


@token_page
def pause_week(request: HttpRequest, token: str) -> HttpResponse:
    """A week without digests from today, never less than was wished before; `resume` takes the pause back."""
    now = timezone.now()
    found = digest_links.find(token, Act.PAUSE, now)
    if found is None or not found.reader.is_active:
        return dead_link(request)
    reader = found.reader
    today = edition_of(now, reader.zone)
    if request.method == "POST" and reader.days:
        until = None if "resume" in request.POST else max(today + PAUSE, reader.paused_until or today)
        changing.pause(reader.pk, until, now, shown("pause link"))
        sunsetting.note_sign(reader.pk, now)
        reader.refresh_from_db()
    return render(request, "subscriptions/pause_week.html", _pause_context(reader, today))


@require_safe
@login_not_required
@private
def view_digest(request: HttpRequest, token: str) -> HttpResponse:
    """The digest of a mail as a page, for as long as it is kept. Of its reader it shows the interests alone."""
    now = timezone.now()
    found = digest_links.find(token, Act.VIEW, now)
    if found is None:
        return dead_link(request)
    digest = history.digest_of(found.reader, found.edition)
    if digest is None:
        return render(request, "subscriptions/digest_gone.html", {"edition": found.edition}, status=410)
    context = {
        "digest": digest,
        "items": digest.items.select_related("paper", "alike").exclude(paper__is_hidden=True),
        "left_out": history.left_out(digest),
        "asked": history.asked_of(found.reader),
        "today": now.date(),
    }
    return render(request, "subscriptions/view_digest.html", context)


@token_page
def feedback(request: HttpRequest, token: str, wish: str) -> HttpResponse:
    """More or fewer papers like one; the last word counts, and `nothing` takes it back."""
    now = timezone.now()
    found = digest_links.find(token, Act.FEEDBACK, now)
    paper = judging.paper_of(found.number) if found else None
    if found is None or paper is None or not found.reader.is_active:
        return dead_link(request)
    if request.method == "POST":
        posted = request.POST.get("wish", wish)
        wish = posted if posted in WISHES else wish
        judging.judge(found.reader, paper, WISHES[wish], now)
        sunsetting.note_sign(found.reader.pk, now)
    return render(request, "subscriptions/feedback.html", _feedback_context(found.reader, paper, wish))


@token_page
def keep(request: HttpRequest, token: str) -> HttpResponse:
    """Yes, digests are still wanted: the answer to a year's silence."""
    now = timezone.now()
    found = digest_links.find(token, Act.KEEP, now)
    if found is None or not found.reader.is_active:
        return dead_link(request)
    if request.method == "POST":
        sunsetting.stay(found.reader.pk, now, shown("still wanted"))
    return render(request, "subscriptions/keep.html", {"kept": request.method == "POST"})


def _pause_context(reader: Subscriber, today: date) -> dict[str, object]:
    is_paused = reader.paused_until is not None and reader.paused_until > today
    return {
        "gets_none": not reader.days,
        "is_open_end": reader.paused_until == UNTIL_LIFTED,
        "until": reader.paused_until if is_paused else None,
        "proposed": today + PAUSE,
    }


def _feedback_context(reader: Subscriber, paper: Paper, wish: str) -> dict[str, object]:
    verdict = judging.verdict_on(reader, paper)
    said = next(word for word, meant in WISHES.items() if meant == verdict)
    return {"paper": paper, "wish": wish, "said": said}
