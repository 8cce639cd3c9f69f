"""Every kind of page a visitor or a reader can meet, for checks that look at all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from playwright.sync_api import Page

from papers.models import Listing, Paper
from subscriptions import links, signup
from subscriptions.consent import Shown
from subscriptions.judging import Verdict, judge
from subscriptions.models import Interest, Subscriber, Token
from subscriptions.preferences import Preferences
from tests.factories import make_digest, make_interest, make_subscriber
from tests.journeys import service
from tests.readers import mailed_paths, path_of

LONG = "A very long title about " + "representation-learning-without-a-single-blank " * 4


@dataclass(frozen=True)
class Spot:
    """A page to look at. `act` is what a visitor does there first."""

    name: str
    path: str
    status: int = 200
    act: Callable[[Page], None] | None = None


def make_site(now: datetime) -> list[Spot]:
    """A site with papers and readers; its pages."""
    service.fill(now, readers=12)
    today = now.date()
    listed = list(Paper.objects.filter(listings__day=today).order_by("pk").distinct())
    listed[1].title = LONG
    listed[1].authors = [f"Author Number{number}" for number in range(60)]
    listed[1].save()
    nameless = Paper.objects.create(title="ورقة بلا رقم", title_key="x", featured_on=today, abstract="")
    Listing.objects.create(paper=nameless, source="huggingface", day=today)
    reader = _reader(listed, now)
    return [*_public(listed[0], listed[1], nameless, now), *_mailed(reader, listed[0], now), *_own(reader, now)]


def _reader(papers: list[Paper], now: datetime) -> Subscriber:
    reader = make_subscriber(900, confirmed_at=now, created_at=now, cutoff_at=now, next_digest_at=now)
    for text in ("diffusion models", "state space models", "title:jacobian"):
        make_interest(reader, text)
    Interest.objects.filter(text="title:jacobian").update(is_muted=True)
    make_digest(reader, papers[:4], edition=now.date(), due_at=now, created_at=now)
    for paper, verdict in zip(papers, Verdict, strict=False):
        judge(reader, paper, verdict, now)
    return reader


def _public(paper: Paper, long: Paper, nameless: Paper, now: datetime) -> list[Spot]:
    week = f"{now.isocalendar().year}-W{now.isocalendar().week:02}"
    return [
        Spot("latest", "/"),
        Spot("day", f"/papers/date/{now.date()}"),
        Spot("week", f"/papers/week/{week}"),
        Spot("month", f"/papers/month/{now:%Y-%m}"),
        Spot("trending", "/papers/trending"),
        Spot("paper", paper.get_absolute_url()),
        Spot("paper-long", long.get_absolute_url()),
        Spot("paper-without-id", nameless.get_absolute_url()),
        Spot("search", "/papers"),
        Spot("search-results", "/papers?q=model*"),
        Spot("search-nothing", "/papers?q=quantun+networks"),
        Spot("search-mistake", "/papers?q=(model", 400),
        Spot("topic", "/topics/model*"),
        Spot("topic-mistake", "/topics/(model", 404),
        Spot("subscribe", "/subscribe"),
        Spot("subscribe-with-interest", "/subscribe?keywords=model*"),
        Spot("subscribe-mistakes", "/subscribe", act=_sign_up_wrongly),
        Spot("subscribed", "/subscribe/thanks"),
        Spot("preferences-link", "/preferences/link"),
        Spot("preferences-link-sent", "/preferences/link/sent"),
        Spot("feeds", "/feeds?q=diffusion"),
        Spot("feeds-mistake", "/feeds?q=(a", 400),
        Spot("api", "/api/"),
        Spot("status", "/status"),
        Spot("about", "/about"),
        Spot("no-such-day", "/papers/date/1999-12-31", 404),
        Spot("no-such-page", "/nowhere", 404),
        Spot("a-form-s-address", "/preferences/pause", 405),
        Spot("dead-link", "/u/AAAAAAAAAAAAAAAAAAAAAA", 404),
    ]


def _mailed(reader: Subscriber, paper: Paper, now: datetime) -> list[Spot]:
    """Where the links of mails lead."""
    signup.sign_up("waiting@example.org", Preferences(), now, Shown(form="sign-up form"))
    tokens = {
        "confirm": Token.objects.filter(purpose=Token.Purpose.CONFIRM).latest("pk"),
        "unsubscribe": reader.tokens.get(purpose=Token.Purpose.UNSUBSCRIBE),
        "new-address": links.issue(reader, Token.Purpose.EMAIL, now, {"email": "new@example.org"}),
    }
    return [Spot(name, path_of(token)) for name, token in tokens.items()] + [
        Spot(name, path) for name, path in mailed_paths(reader, paper.pk, now).items()
    ]


def _own(reader: Subscriber, now: datetime) -> list[Spot]:
    """A reader's own pages, once the link of the first one has opened them."""
    return [
        Spot("preferences", path_of(links.issue(reader, Token.Purpose.MANAGE, now))),
        Spot("digests", "/preferences/digests"),
        Spot("digest", f"/preferences/digests/{now.date()}"),
        Spot("judgements", "/preferences/judgements"),
        Spot("own-data", "/preferences/data"),
        Spot("preferences-mistakes", "/preferences", act=_change_wrongly),
    ]


def _sign_up_wrongly(page: Page) -> None:
    page.locator("form#wishes").evaluate("form => { form.noValidate = true; }")
    page.locator("input[type=email]").fill("reader@example")
    page.locator("main form button[type=submit]").last.click()


def _change_wrongly(page: Page) -> None:
    page.locator("[name=hour]").first.evaluate("field => { field.innerHTML = '<option value=99>99</option>'; }")
    page.get_by_role("button", name="Save", exact=True).last.click()
