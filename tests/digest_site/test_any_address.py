"""Whatever is asked of any public address: an answer, never an error of ours, and a page that says what is wrong."""

import re
from datetime import date
from urllib.parse import quote, urlencode

import pytest
from bs4 import BeautifulSoup
from django.conf import settings as configured
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from papers.models import Listing, Paper
from papers.search.stored import remember
from tests.factories import NOW, make_digest, make_paper
from tests.readers import living_tokens, mailed_paths, path_of, visit

pytestmark = pytest.mark.django_db
OUTCOMES = {200, 204, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 409, 410, 413, 422, 429}
SAID = {400, 403, 404, 405, 410, 422, 429}
PHASES = (Phase.explicit, Phase.generate, Phase.shrink)  # explaining takes longer than all the rest
# Not asked, being the operator's: the back office, and the probe that is red because nothing runs here.
NOT_PUBLIC = (configured.ADMIN_PATH, "readyz")
PARAMETER = re.compile(r"<(?:\w+:)?\w+>")

LIKELY = [
    "2026-08-12", "2026-8-12", "0000-00-00", "9999-12-31", "2026-W33", "9999-W53", "2026-08", "2608.00001",
    "2608.00001v2", "hep-th/9901001", "0", "-1", "1", "7", "99999999999999999999", "1e9", "٣", "NaN", "grokking",
    "(grokking", "title:", "\"a", "cat:cs.*", "robot*", "*", "../..", "%", "%zz", "%ff", "{{7}}",
    "<script>alert(1)</script>", "AAAAAAAAAAAAAAAAAAAAAA", "publishedAt", "trending", "relevance", "votes",
    "reader@example.org", "on", "feed.atom",
]  # fmt: skip
NASTY = ["", "a OR", "NOT a", "\x00", "a\x00b", "\r\nX: y", "' OR 1=1 --", 600 * "a", "\ud83d", "\u202eabc", "\uff02"]
NAMES = [
    "q", "page", "sort", "limit", "p", "date", "week", "month", "day", "submitter", "keywords", "email", "hour",
    "tz", "days", "until", "website", "shown", "wish", "next", "confirm", "List-Unsubscribe", "token", "text",
    "interests",
]  # fmt: skip
anything = st.sampled_from(LIKELY + NASTY) | st.text(max_size=40)
forms = st.dictionaries(st.sampled_from(NAMES) | anything, anything, max_size=4)
methods = st.sampled_from(("GET", "GET", "GET", "HEAD", "OPTIONS", "POST", "PUT"))


def routes() -> list[str]:
    """Every public route, as Django writes it."""

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> list[str]:
        found = []
        for one in patterns:
            route = before + str(one.pattern).lstrip("^").removesuffix("$")
            found += walk(one.url_patterns, route) if isinstance(one, URLResolver) else [route]
        return found

    return sorted({route for route in walk(get_resolver().url_patterns, "") if not route.startswith(NOT_PUBLIC)})


def encoded(form: dict[str, str]) -> str:
    return urlencode({as_bytes(name): as_bytes(value) for name, value in form.items()})


def as_bytes(value: str) -> bytes:
    """As a careless client may send it: a lone surrogate is no UTF-8."""
    return value.encode("utf-8", "surrogatepass")


@pytest.fixture
def world(time_machine):
    """A paper that was sent to a reader: the reader's browser, and the secrets of every link that is alive."""
    time_machine.move_to(NOW, tick=False)
    paper = make_paper(1, featured_on=date(2026, 8, 12), votes=3)
    Listing.objects.create(paper=paper, source="huggingface", day=paper.featured_on)
    remember(Paper.objects.all())
    tokens = living_tokens()
    reader = tokens["manage"].subscriber
    make_digest(reader, [paper])
    paths = [path_of(token) for token in tokens.values()] + list(mailed_paths(reader, paper.pk).values())
    return visit(reader), [path.split("/")[2] for path in paths]


def test_the_reader_is_let_in(world):
    browser, secrets = world

    assert browser.get("/preferences").status_code == 200
    opened = {name: browser.get(f"/{name}/{secret}").status_code for name, secret in zip("cuma", secrets, strict=False)}
    assert opened == {"c": 200, "u": 200, "m": 302, "a": 200}


def test_routes_are_found():
    assert {"", "papers", "papers/date/<str:day>", "topics/<path:interest>", "subscribe", "status"} <= set(routes())
    assert {"api/papers/<path:paper_id>", "papers/feed.atom", "hooks/brevo/tracking/?"} <= set(routes())


@pytest.mark.parametrize("route", routes())
@settings(max_examples=12, phases=PHASES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_address_is_answered(world, route, data):
    browser, secrets = world
    parts = anything | st.sampled_from(secrets) if "token" in route else anything
    path = PARAMETER.sub(lambda _: quote(as_bytes(data.draw(parts, "part")), safe="/:"), route.removesuffix("/?"))
    address = f"/{path}?{encoded(data.draw(forms, 'query'))}"
    method = data.draw(methods, "method")
    body = encoded(data.draw(forms, "form")) if method == "POST" else ""

    with transaction.atomic():
        client = browser if data.draw(st.booleans(), "as the reader") else Client()
        answer = client.generic(method, address, body, "application/x-www-form-urlencoded")
        transaction.set_rollback(True)

    assert answer.status_code in OUTCOMES
    if method == "GET" and answer.status_code in SAID and not route.startswith("hooks/"):
        assert_says_what_is_wrong(answer)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT"])
def test_a32_no_address_takes_a_method_it_has_no_use_for(method):
    answers = {
        route: Client().generic(method, "/" + PARAMETER.sub("x", route.removesuffix("/?"))).status_code
        for route in routes()
    }

    # A webhook says 400 to all that brings no secret; an address that means nothing is not there for any method.
    wrong = {route: status for route, status in answers.items() if status not in {404, 405}}
    assert {status for route, status in wrong.items() if route.startswith("hooks/")} == {400}
    assert [route for route in wrong if not route.startswith("hooks/")] == []
    assert list(answers.values()).count(405) > 30


def assert_says_what_is_wrong(answer) -> None:
    said = answer.content.decode()
    if answer["Content-Type"].startswith("text/html"):
        page = BeautifulSoup(said, "lxml")
        assert page.main is not None
        assert page.h1 is not None
        said = page.main.get_text(" ", strip=True)
    assert len(said) > 20
