"""A25: a reader's whole life with every logger at DEBUG, and afterwards nothing of it in any log or alert."""

import re
from datetime import timedelta

import pytest
import requests
from django.utils import timezone

from subscriptions import braking, forms
from subscriptions.models import Subscriber
from tests.factories import make_paper
from tests.journeys.processes import running
from tests.journeys.sink import text_of, to
from tests.journeys.test_main_path import ONE_CLICK, Reader, link_in
from tests.operating.redis_server import free_port

pytestmark = pytest.mark.django_db(transaction=True)

EMAIL = "Zebediah.Quux+round@zymurgy.example.org"
KEYWORD = "xylophonic zymology"
OPERATOR = "operator@example.org"
LOUD = {"DJANGO_SETTINGS_MODULE": "tests.journeys.loud", "LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json"}


@pytest.fixture
def site(tmp_path, sink, monkeypatch):
    """Web, worker and beat as processes of their own; where the web process listens, and their logs."""
    monkeypatch.setattr(forms, "MIN_SECONDS", 0)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = LOUD | {"SITE_URL": url, "EMAIL_URL": sink.url, "TICK_SECONDS": "1", "READ_MINUTES": "1440"}
    settings |= {"ALERT_EMAILS": OPERATOR}
    web = ("gunicorn", "digest_site.wsgi", "--bind", f"127.0.0.1:{port}", "--log-level", "debug")
    worker = ("celery", "--app", "digest_site", "worker", "--beat", "--concurrency", "1", "--loglevel", "DEBUG")
    with (
        running(*web, folder=tmp_path, **settings),
        running(*worker, folder=tmp_path, **settings) as process,
    ):
        until_answered(f"{url}/healthz")
        yield url, process, tmp_path


def until_answered(address: str) -> None:
    session = requests.Session()
    retries = requests.adapters.Retry(total=None, connect=240, backoff_factor=0.25, backoff_max=0.25)
    session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retries))
    with session:
        assert session.get(address, timeout=60).status_code == 200


def secrets_in(mails) -> set[str]:
    """The tokens of every link that was mailed."""
    texts = [text_of(mail, kind) for mail in mails for kind in ("plain", "html") if mail.is_multipart()]
    return set(re.findall(r"/[a-z]/([A-Za-z0-9_-]{20,})", " ".join(texts)))


def stamped() -> str:
    return forms.stamp(timezone.now() - timedelta(seconds=30))


def test_a25_nothing_of_a_reader_is_logged(site, sink):
    url, worker, folder = site
    make_paper(1, title="A xylophonic zymology", first_seen_at=timezone.now() - timedelta(hours=1))
    # Signs up, confirms, gets a digest.
    stranger = Reader()
    stranger.send(stranger.open(f"{url}/subscribe"), email=EMAIL, keywords=KEYWORD, shown=stamped())
    confirmation = sink.wait(to(EMAIL), worker)
    stranger.send(stranger.open(link_in(confirmation, "c")))
    Subscriber.objects.update(next_digest_at=timezone.now(), cutoff_at=timezone.now() - timedelta(days=1))
    digest = sink.wait(lambda mail: mail["List-Unsubscribe"] is not None, worker)
    # Goes wrong in every way there is.
    unsubscribe = digest["List-Unsubscribe"].strip("<>")
    stranger.open(f"{url}/search?q={KEYWORD}")
    stranger.open(f"{url}/m/{unsubscribe.rpartition('/')[2]}/nothing?email={EMAIL}")
    requests.put(unsubscribe, timeout=20)
    requests.post(f"{url}/hooks/postmark/tracking/", json={"Recipient": EMAIL}, auth=("hooks", EMAIL), timeout=20)
    requests.post(f"{url}/subscribe", data={"email": EMAIL, "keywords": KEYWORD}, timeout=20)
    agent = {"User-Agent": f"{EMAIL}\x1b[31m {KEYWORD}", "X-Request-ID": f"<{EMAIL}>", "Referer": unsubscribe}
    requests.get(f"{url}/{EMAIL}/{KEYWORD}", headers=agent, timeout=20)
    requests.get(f"{url}/topics/({KEYWORD}", timeout=20)
    requests.head(f"{url}/about", timeout=20)
    # Leaves; and the operators are told of something that quotes them.
    requests.post(unsubscribe, data=ONE_CLICK, timeout=20)
    braking.pull(f"550 <{EMAIL}> said no", timezone.now())
    alert = sink.wait(to(OPERATOR), worker)

    logs = {path.name: path.read_text() for path in folder.glob("*.log")}
    tokens = secrets_in(sink.mails)
    words = [EMAIL, EMAIL.lower(), "Quux", KEYWORD, KEYWORD.replace(" ", "%20"), KEYWORD.replace(" ", "+"), *tokens]
    found = {name: [word for word in words if word in text] for name, text in logs.items()}
    assert Subscriber.objects.get().status == "left"
    assert len(tokens) >= 4
    assert {name: len(text) > 2000 for name, text in logs.items()} == {"gunicorn.log": True, "celery.log": True}
    assert '"logger": "digest_site.request_ids"' in logs["gunicorn.log"]
    assert found == {"gunicorn.log": [], "celery.log": []}
    assert "no-body response" not in logs["gunicorn.log"]
    assert [word for word in words if word in alert.as_string()] == []
