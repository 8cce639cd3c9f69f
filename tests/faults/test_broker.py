"""F08 to F14: beat and broker, which only carry hints, come twice, come late, forget, or are gone."""

import re
from datetime import timedelta

import pytest
import requests

from papers.models import Paper
from subscriptions.models import Digest, DigestItem
from tests.factories import make_paper
from tests.faults.provider import Act
from tests.faults.web import serve
from tests.readers import sign_up_fields

BEAT = ("celery", "--app", "digest_site", "beat", "--pidfile=")


def slowly(_):
    return Act(stall=0.02)


@pytest.mark.thorough
def test_f08_two_beats(site):
    site.make_readers(40)
    for number in ("1", "2"):
        site.start(*BEAT, "--schedule", str(site.folder / f"schedule-{number}"))
    site.start_workers()

    site.until(lambda: site.states() == {"accepted": 40}, "what two beats send", ticking=False)

    site.judge()


@pytest.mark.thorough
def test_f09_everything_down_for_four_hours(site):
    site.make_readers(24)
    site.clock.advance(timedelta(hours=4))

    site.start_workers()
    site.finish()

    site.judge()


def test_f10_everything_down_for_three_days(site):
    """The edition of the first day is skipped with its reason, and today's brings all its papers."""
    readers = site.make_readers(12)
    for day in (1, 2, 3):
        make_paper(10 + day, first_seen_at=site.clock.now() + timedelta(days=day, hours=-3))
    site.clock.advance(timedelta(days=3))
    today = site.clock.now().date()

    site.due |= {(reader.pk, today) for reader in readers}
    site.start_workers()
    site.finish()

    site.judge(accepted=12)
    assert set(Digest.objects.filter(outcome="late").values_list("edition")) == {(today - timedelta(days=3),)}
    items = DigestItem.objects.filter(digest__subscriber=readers[0], digest__edition=today)
    assert set(items.values_list("paper__arxiv_id")) == set(Paper.objects.values_list("arxiv_id"))


@pytest.mark.thorough
def test_f11_broker_killed_with_a_thousand_tasks(site):
    site.make_readers(40)
    site.send(*["subscriptions.tasks.send_queued"] * 1000)
    site.provider.rule = slowly
    site.start_workers()
    site.until_accepted(5)

    site.broker.kill()
    site.broker.start()
    site.finish()

    site.judge()


@pytest.mark.thorough
def test_f12_broker_down_at_sign_up_and_dispatch(site):
    site.make_readers(12)
    site.broker.kill()
    with serve(site) as url:
        browser = requests.Session()
        pages = [browser.get(f"{url}{path}").status_code for path in ("/", "/subscribe", "/healthz", "/readyz")]
        csrf = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(f"{url}/subscribe").text)
        fields = sign_up_fields("new@example.org", site.clock.now(), csrfmiddlewaretoken=csrf[1])
        sent = browser.post(f"{url}/subscribe", data=fields)

    site.broker.start()
    site.start_workers()
    site.finish()

    assert (pages, sent.status_code, sent.url) == ([200, 200, 200, 503], 200, f"{url}/subscribe/thanks")
    assert site.ledger.copies()["new@example.org"] == 1
    site.judge(accepted=13)


def test_f13_broker_emptied_again_and_again(site):
    site.make_readers(40)
    site.provider.rule = slowly
    site.start_workers()

    for count in (1, 10, 20, 30):
        site.until_accepted(count)
        site.broker.client.flushall()
    site.finish()

    site.judge()


def test_f14_every_task_three_times(site):
    site.make_readers(40)
    site.copies = 3

    site.start_workers()
    site.finish()

    site.judge()
