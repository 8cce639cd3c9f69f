from datetime import timedelta

import pytest
from django.utils import timezone
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse

from digest_site import alerts, health, metrics
from papers.models import Reading
from subscriptions import braking
from subscriptions.models import Delivery, DeliveryEvent
from tests.factories import make_delivery, make_digest, make_paper, make_subscriber

pytestmark = pytest.mark.django_db
State = Delivery.State


@pytest.fixture
def now():
    return timezone.now().replace(microsecond=0)


def figures(now) -> dict[str, float]:
    """Every figure by name and labels, as Prometheus' own parser reads them."""
    body, content_type = metrics.render(now, "")
    assert content_type.startswith("text/plain; version=")
    return {
        sample.name.removeprefix("paper_round_")
        + "".join(f" {sample.labels[name]}" for name in sorted(sample.labels, reverse=True)): sample.value
        for family in parse(body.decode())
        for sample in family.samples
    }


def settle(row: Delivery, state: str, due_at, seconds: int) -> None:
    type(row.digest).objects.filter(pk=row.digest_id).update(due_at=due_at)
    Delivery.objects.filter(pk=row.pk).update(
        state=state, not_before=due_at, settled_at=due_at + timedelta(seconds=seconds), attempts=1
    )


def test_empty_installation_has_every_figure(now):
    found = figures(now)

    assert {name for name, value in found.items() if value} == set()
    assert set(found) >= {"readers active", "deliveries unknown", "bounce_ratio", "queue_age_seconds", "papers_new"}


def test_figures_are_those_of_the_database(now):
    Reading.objects.create(source="arxiv", day=now.date(), started_at=now - timedelta(hours=1), outcome="new")
    Reading.objects.create(source="arxiv", day=now.date(), started_at=now - timedelta(minutes=5), outcome="failed")
    Reading.objects.create(source="arxiv", day=now.date(), started_at=now - timedelta(days=2), outcome="new")
    paper = make_paper(1, first_seen_at=now - timedelta(hours=2))
    rows = [make_delivery(number, [paper]) for number in range(1, 6)]
    due_at = now - timedelta(hours=3)
    settle(rows[0], State.ACCEPTED, due_at, 30)
    settle(rows[1], State.ACCEPTED, due_at, 400)
    settle(rows[2], State.UNKNOWN, due_at, 5)
    settle(rows[3], State.FAILED, now - timedelta(days=3), 5)
    Delivery.objects.filter(pk=rows[4].pk).update(not_before=now - timedelta(minutes=7))
    DeliveryEvent.objects.create(
        fingerprint="1", delivery=rows[0], kind="bounced", provider="postmark", at=now, received_at=now
    )
    DeliveryEvent.objects.create(fingerprint="2", kind="complained", provider="postmark", at=now, received_at=now)
    make_digest(make_subscriber(9, status="left"), [], outcome="empty", edition=now.date())
    make_subscriber(10, next_digest_at=now - timedelta(minutes=3))
    type(rows[0].subscriber).objects.exclude(email="reader10@example.org").update(next_digest_at=None)
    health.beat(now - timedelta(seconds=40))
    braking.pull("by hand", now)
    alerts.remember({("sending_stopped", ""): "by hand"}, now)

    found = {name: value for name, value in figures(now).items() if value}

    buckets = {f"send_latency_seconds_bucket {bound.total_seconds()}": 1.0 for bound in metrics.BOUNDS[:3]}
    buckets |= {f"send_latency_seconds_bucket {bound.total_seconds()}": 2.0 for bound in metrics.BOUNDS[3:]}
    assert found == buckets | {
        "send_latency_seconds_bucket +Inf": 2.0,
        "send_latency_seconds_gcount": 2.0,
        "send_latency_seconds_gsum": 430.0,
        "readings arxiv new": 1.0,
        "readings arxiv failed": 1.0,
        "source_last_good_timestamp_seconds arxiv": (now - timedelta(hours=1)).timestamp(),
        "papers_new": 1.0,
        "readers active": 6.0,
        "readers left": 1.0,
        "digests empty": 1.0,
        "deliveries accepted": 2.0,
        "deliveries unknown": 1.0,
        "deliveries queued": 1.0,
        "unknown_deliveries": 1.0,
        "queue_age_seconds": 420.0,
        "compose_age_seconds": 180.0,
        "accepted_week": 2.0,
        "bounce_ratio": 0.5,
        "sending_stopped": 1.0,
        "heartbeat_timestamp_seconds": (now - timedelta(seconds=40)).timestamp(),
        "alerts sending_stopped": 1.0,
    }


def test_open_metrics_are_given_to_those_who_ask(client):
    accept = "application/openmetrics-text; version=1.0.0"

    response = client.get("/metrics", headers={"accept": accept})

    assert (response.status_code, response["Content-Type"].partition(";")[0]) == (200, "application/openmetrics-text")
    assert "paper_round_queue_age_seconds" in {family.name for family in parse_open(response.content.decode())}


def test_figures_take_the_same_queries_however_much_there_is(now, django_assert_num_queries):
    paper = make_paper()
    for number in range(1, 4):
        settle(make_delivery(number, [paper]), State.ACCEPTED, now, number)

    with django_assert_num_queries(16):
        metrics.render(now, "")


@pytest.mark.parametrize(
    ("headers", "peer", "status"),
    [
        ({}, "127.0.0.1", 200),
        ({}, "::1", 200),
        ({}, "192.0.2.7", 403),
        ({}, "", 403),
        ({"x-forwarded-for": "127.0.0.1"}, "127.0.0.1", 403),
        ({"forwarded": "for=127.0.0.1"}, "127.0.0.1", 403),
    ],
)
def test_without_token_figures_are_for_this_machine(client, headers, peer, status):
    assert client.get("/metrics", headers=headers, REMOTE_ADDR=peer).status_code == status


@pytest.mark.parametrize(
    ("shown", "status"), [("Bearer s3cret", 200), ("Bearer s3cre", 403), ("s3cret", 403), ("Bearer", 403), ("", 403)]
)
def test_with_token_figures_are_for_whoever_shows_it(client, settings, shown, status):
    settings.METRICS_TOKEN = "s3cret"

    response = client.get("/metrics", headers={"authorization": shown, "x-forwarded-for": "192.0.2.7"})

    assert response.status_code == status


def test_figures_are_never_kept_and_answer_get_and_head_only(client):
    assert "no-store" in client.get("/metrics")["Cache-Control"]
    assert (client.head("/metrics").status_code, client.post("/metrics").status_code) == (200, 405)
