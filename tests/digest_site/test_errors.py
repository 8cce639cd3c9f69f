"""Whatever goes wrong: a page or JSON that says so, with the site's content policy."""

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.test import Client
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from digest_site import urls

POLICY = {
    "default-src 'none'", "style-src 'self'", "img-src 'self'", "font-src 'self'", "script-src 'self'",
    "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'",
}  # fmt: skip


def _break(request):
    raise RuntimeError("broken on purpose")


broken = [path("broken", _break), path("exempt", csrf_exempt(_break)), path("api/broken", _break)]
urlpatterns = [*broken, *urls.urlpatterns]
handler400, handler404, handler500 = urls.handler400, urls.handler404, urls.handler500


def said(answer) -> str:
    page = BeautifulSoup(answer.content, "lxml")
    assert page.main is not None
    return page.h1.get_text()


@pytest.fixture
def stranger(settings):
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


@pytest.mark.django_db
def test_people_get_a_page(stranger):
    answers = {
        400: stranger.get("/", headers={"host": "evil.example"}),
        403: stranger.post("/subscribe"),
        404: stranger.get("/nowhere"),
        405: stranger.get("/preferences/pause"),
        500: stranger.get("/broken"),
    }

    assert {status: (answer.status_code, said(answer)) for status, answer in answers.items()} == {
        400: (400, "This request cannot be understood"),
        403: (403, "Please send it again"),
        404: (404, "There is nothing at this address"),
        405: (405, "There is nothing at this address"),
        500: (500, "Something broke on our side"),
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/status/", "/status"),
        ("/papers/?q=a%2Fb&sort=date", "/papers?q=a%2Fb&sort=date"),
        ("/papers/2608.00001//", "/papers/2608.00001"),
        ("/papers/date/%D9%A3/", "/papers/date/%D9%A3"),
        ("/m/AAAAAAAAAAAAAAAAAAAAAA/", "/m/AAAAAAAAAAAAAAAAAAAAAA"),
    ],
)
def test_a_slash_too_many_leads_to_the_page(stranger, address, page):
    answer = stranger.get(address)

    assert (answer.status_code, answer["Location"]) == (301, page)


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/nowhere/", "/%2Fevil.example/", "/%2F", "/%2Fstatus/"])
def test_other_addresses_lead_nowhere(stranger, address):
    assert stranger.get(address).status_code == 404


@pytest.mark.django_db
def test_programs_get_json(stranger):
    answers = [
        stranger.get("/api/daily_papers", headers={"host": "evil.example"}),
        stranger.get("/api/nowhere"),
        stranger.get("/api/broken"),
    ]

    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [
        (400, "This request cannot be understood."),
        (404, "There is nothing at this address; /api/ says what there is."),
        (500, "Something broke on our side; it was noted."),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("/", {}),
        ("/", {"headers": {"host": "evil.example"}}),
        ("/subscribe", {"method": "post"}),
        ("/subscribe", {"method": "delete"}),
        ("/nowhere", {}),
        ("/broken", {}),
        ("/status", {}),
        ("/api/", {}),
        ("/api/openapi.json", {}),
        ("/api/daily_papers", {}),
        ("/api/daily_papers?limit=0", {}),
        ("/api/daily_papers", {"method": "options"}),
        ("/api/nowhere", {}),
        ("/api/broken", {}),
        ("/papers/feed.atom", {}),
        ("/papers/feed.json", {}),
        ("/papers/nothing.md", {}),
        ("/robots.txt", {}),
        ("/static/style.css", {}),
        ("/healthz", {}),
        ("/admin/", {}),
    ],
)
def test_every_answer_has_the_content_policy(stranger, address, options):
    answer = getattr(stranger, options.get("method", "get"))(address, headers=options.get("headers"))
    answer.close()  # a static file

    assert set(answer["Content-Security-Policy"].split("; ")) == POLICY
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Referrer-Policy"] in {"same-origin", "no-referrer"}
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "host", "status"),
    [
        ("/nowhere", "testserver", 404),
        ("/subscribe", "evil.example", 400),
        ("/subscribe", "testserver", 400),
        ("/u/nobody", "testserver", 404),
    ],
)
@pytest.mark.parametrize("body", ["--x\r\nContent-Disposition", 2_000 * "a=1&"], ids=["broken", "endless"])
def test_what_cannot_be_read_breaks_no_refusal(address, host, status, body):
    kinds = {"-": f"multipart/form-data; boundary={300 * 'y'}", "a": "application/x-www-form-urlencoded"}
    stranger = Client(raise_request_exception=False, enforce_csrf_checks=True, headers={"host": host})
    stranger.cookies[settings.CSRF_COOKIE_NAME] = 32 * "a"

    assert stranger.generic("POST", address, body, kinds[body[0]]).status_code == status


@pytest.mark.django_db
def test_what_cannot_be_read_breaks_not_even_the_page_that_says_so(stranger):
    stranger.cookies[settings.CSRF_COOKIE_NAME] = 32 * "a"

    answer = stranger.generic("POST", "/exempt", "--x", f"multipart/form-data; boundary={300 * 'y'}")

    assert (answer.status_code, said(answer)) == (500, "Something broke on our side")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"),
    [("/nowhere", 404), ("/papers/entry/x", 404), ("/papers", 400), ("/preferences/pause", 405), ("/about", 200)],
)
def test_endless_query_breaks_no_page(stranger, address, status):
    assert stranger.get(f"{address}?{2_000 * '&'}").status_code == status


def test_a_redirect_to_https_has_it_too(client, settings):
    settings.SECURE_SSL_REDIRECT = True

    answer = client.get("/about")

    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/about")
    assert set(answer["Content-Security-Policy"].split("; ")) == POLICY
