"""What holds for every page there is, public, a reader's own, or in the admin: nothing from outside becomes markup
(STANDARDS A10, A11), and the headers are those that ZAP's baseline asks for (A22, A23, A33)."""

import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.db import transaction

from papers.models import Listing
from subscriptions.rendering import render
from tests.environment import ROOT
from tests.everywhere import DAY, Browser, everywhere
from tests.factories import NOW, make_delivery, make_paper
from tests.operators import PASSWORD, make_operator
from tests.readers import sign_up_fields

pytestmark = pytest.mark.django_db

PLAIN = "grokking in circuits"
# Each tries every place that words can stand in: text, attribute, address, script, title, style, template.
HOSTILE = [
    """"'></script></title></style><img src=x onerror=alert(1)>{{ 7*7 }}{% debug %}""",
    """javascript:alert(1)//' onfocus='alert(1)' x=" autofocus onfocus="alert(1)""",
]
# Where a POST needs no CSRF token: the secret in the address is the authority, or nothing but a language changes.
NO_TOKEN = ("/u/", "/c/", "/a/", "/p/", "/f/", "/k/", "/language")
OWN = ("/static/", "/admin/jsi18n/")
FOREIGN_TO_MAILS = {"script", "img", "svg", "math", "iframe", "form", "input", "link", "object", "embed", "video"}
SCHEMES = {"", "http", "https", "mailto", "otpauth"}


class Markup(HTMLParser):
    """The elements of a page with the names of their attributes; its scripts; where it leads and what it loads."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: set[tuple[str, str]] = set()
        self.scripts: list[dict[str, str | None]] = []
        self.addresses: list[tuple[str, str]] = []
        self.forms: list[tuple[str, str, list[str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.parts |= {(tag, "")} | {(tag, name) for name in found}
        self.addresses += [
            (name, value or "") for name, value in attrs if name in {"href", "src", "action", "formaction", "srcdoc"}
        ]
        match tag:
            case "script":
                self.scripts.append(found)
            case "form":
                self.forms.append(((found.get("method") or "get").lower(), found.get("action") or "", []))
            case "input" if self.forms:
                self.forms[-1][2].append(found.get("name") or "")

    def handle_comment(self, data):
        self.parts.add(("!--", ""))

    @property
    def tokenless(self) -> list[str]:
        """Where forms lead that post without a CSRF token."""
        return [to for method, to, names in self.forms if method == "post" and "csrfmiddlewaretoken" not in names]

    @property
    def faults(self) -> list[str]:
        """What no page of ours does, whatever stands on it."""
        wrong = [f"on {tag} {name}" for tag, name in self.parts if name.startswith("on") or name == "srcdoc"]
        wrong += [f"{name}={to}" for name, to in self.addresses if urlsplit(to.strip()).scheme not in SCHEMES]
        wrong += [f"src={to}" for name, to in self.addresses if name == "src" and not to.startswith(OWN)]
        return wrong + [
            f"script {script}"
            for script in self.scripts
            if "src" not in script and script.get("type") not in {"application/ld+json", "application/json"}
        ]


@pytest.fixture(autouse=True)
def _at_now(time_machine):
    time_machine.move_to(NOW, tick=False)


def pages(words: str) -> dict[str, Markup]:
    """Every page there is, with these words on it; nothing stays in the tables."""
    with transaction.atomic():
        found = {}
        for visit in everywhere(words):
            answer = visit.answer()
            assert answer.status_code in {200, 400, 403, 404, 405}, visit.path
            found[visit.path] = Markup(answer.content.decode())
        transaction.set_rollback(True)
    return found


@pytest.fixture(scope="module")
def plain_parts(django_db_setup, django_db_blocker):
    """All that pages are made of, learnt from pages with harmless words."""
    import time_machine

    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        found = set().union(*(page.parts for page in pages(PLAIN).values()))
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("words", HOSTILE)
def test_a10_a11_words_from_outside_become_no_markup(words, plain_parts):
    found = pages(words)

    assert {path: page.faults for path, page in found.items() if page.faults} == {}
    assert {path: page.parts - plain_parts for path, page in found.items() if page.parts - plain_parts} == {}
    assert len(found) > 100


def public_settings() -> dict:
    """What settings.py makes of the security settings where the site is public."""
    names = "[n for n in dir(s) if n.startswith(('SECURE_', 'SESSION_COOKIE', 'CSRF_COOKIE', 'LANGUAGE_COOKIE'))]"
    code = (
        f"import json; from digest_site import settings as s; print(json.dumps({{n: getattr(s, n) for n in {names}}}))"
    )
    environment = {"SITE_URL": "https://digest.example.org", "SECRET_KEY": 60 * "k", "ENV_FILE": os.devnull}
    environment |= {"DATA_DIR": os.environ["DATA_DIR"], "TRUSTED_PROXIES": "1"}
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    return json.loads(said.stdout)


@pytest.fixture
def public(settings):
    for name, value in public_settings().items():
        setattr(settings, name, value)
    settings.SECURE_PROXY_SSL_HEADER = None  # this client speaks https itself


def lacking(answer) -> list[str]:
    """The rules of ZAP's baseline that an answer breaks, and what else STANDARDS A23 asks for."""
    headers, policy = answer.headers, answer.headers.get("Content-Security-Policy", "")
    kept = {
        "10015 Cache-Control": "no-" in headers.get("Cache-Control", ""),
        "10020 framing": "frame-ancestors 'none'" in policy and headers.get("X-Frame-Options") == "DENY",
        "10021 sniffing": headers.get("X-Content-Type-Options") == "nosniff",
        "10035 HSTS": headers.get("Strict-Transport-Security", "").startswith("max-age=31536000"),
        "10038 CSP": "default-src 'none'" in policy and "unsafe" not in policy,
        "opener": headers.get("Cross-Origin-Opener-Policy") == "same-origin",
        "referrer": headers.get("Referrer-Policy") in {"same-origin", "no-referrer"},
        "no banner": "Server" not in headers and "X-Powered-By" not in headers,
    }
    for name, cookie in answer.cookies.items():
        if cookie["max-age"] == 0:
            continue  # taken back, as ZAP knows too
        kept[f"10010 {name} HttpOnly"] = bool(cookie["httponly"])
        kept[f"10011 {name} Secure"] = bool(cookie["secure"])
        kept[f"10054 {name} SameSite"] = cookie["samesite"] in {"Lax", "Strict"}
    return [rule for rule, holds in kept.items() if not holds]


def test_a33_a22_a23_every_page_has_the_headers_and_tokens_of_the_baseline(public):
    broken, kept, tokenless = {}, [], []
    for visit in everywhere(PLAIN):
        answer = visit.answer()
        if lacking(answer):
            broken[visit.path] = lacking(answer)
        if visit.is_private and answer.status_code == 200 and "no-store" not in answer["Cache-Control"]:
            kept.append(visit.path)
        tokenless += [to or visit.path for to in Markup(answer.content.decode()).tokenless]

    assert broken == {}
    assert kept == []
    assert [to for to in tokenless if not to.startswith(NO_TOKEN)] == []
    assert "/language" in tokenless  # that forms are seen at all


def test_a33_cookies_are_closed_to_scripts_to_http_and_to_other_sites(public):
    browser = Browser()
    make_operator()
    answers = [
        browser.get("/subscribe"),
        browser.post("/language", {"language": "de", "next": "/"}),
        browser.post("/subscribe", sign_up_fields()),
        browser.post("/admin/login/", {"username": "operator", "password": PASSWORD}),
    ]

    assert [lacking(answer) for answer in answers] == [[]] * 4
    set_cookies = {name for answer in answers for name in answer.cookies}
    assert set_cookies == {"__Host-csrftoken", "__Host-sessionid", "django_language"}


@pytest.mark.samples
@pytest.mark.skipif("UPSTREAM_SAMPLES" not in os.environ, reason="UPSTREAM_SAMPLES is not set")
def test_a10_no_payload_of_dompurify_becomes_markup(client, plain_parts):
    from tests.papers.test_markdown_samples import payloads

    papers = [
        make_paper(number, title=words[:500], abstract=words, authors=[words], organisation_name=words[:200])
        for number, words in enumerate(payloads(), 1)
    ]
    Listing.objects.bulk_create(Listing(paper=paper, source="arxiv", day=DAY, rank=paper.pk) for paper in papers)
    delivery = make_delivery(1, papers=papers[:50])
    pages_of_day = [f"/papers/date/{DAY}?page={number}" for number in range(1, len(papers) // 25 + 2)]

    found = {path: Markup(client.get(path).content.decode()) for path in pages_of_day}
    found |= {str(paper.pk): Markup(client.get(paper.get_absolute_url()).content.decode()) for paper in papers}
    mail = Markup(render(delivery, now=NOW).html)

    assert {path: page.faults for path, page in found.items() if page.faults} == {}
    assert {path: page.parts - plain_parts for path, page in found.items() if page.parts - plain_parts} == {}
    assert (len(papers) > 150, mail.faults, {tag for tag, _ in mail.parts} & FOREIGN_TO_MAILS) == (True, [], set())
