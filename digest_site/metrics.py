"""What Prometheus is told. Every figure is asked of the database at that moment, so that it does not matter which
of several processes answers, and nothing is lost when one ends."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Max
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from digest_site import health
from digest_site.models import Alert
from papers.models import Paper, Reading
from subscriptions import braking, counting, editions

DAY = timedelta(days=1)
BOUNDS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 360, 720))


def render(now: datetime, accept: str) -> tuple[bytes, str]:
    """All figures, and their content type: OpenMetrics where `accept` asks for it, else Prometheus' own text."""
    registry = CollectorRegistry()
    registry.register(Figures(now))
    encoder, content_type = choose_encoder(accept)
    return encoder(registry), content_type


class Figures(Collector):
    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        yield from _papers(self.now)
        yield from _queue(self.now)
        yield from _sending(self.now)
        yield _latency(self.now)
        yield from _service(self.now)


def _papers(now: datetime) -> Iterator[Metric]:
    readings = _family("readings", "Readings begun in the last day, by how they ended.", "source", "outcome")
    recent = Reading.objects.filter(started_at__gt=now - DAY).order_by()
    for source, outcome, count in recent.values_list("source", "outcome").annotate(Count("pk")):
        readings.add_metric([source, outcome], count)
    good = _family("source_last_good_timestamp_seconds", "When a source was last read well.", "source")
    month = Reading.objects.filter(started_at__gt=now - 30 * DAY, outcome__in=health.GOOD).order_by()
    for source, last in month.values_list("source").annotate(Max("started_at")):
        good.add_metric([source], last.timestamp())
    first_seen = Paper.objects.filter(first_seen_at__gt=now - DAY)
    return iter((readings, good, _gauge("papers_new", "Papers first seen in the last day.", first_seen.count())))


def _queue(now: datetime) -> Iterator[Metric]:
    yield _by("readers", "Readers by status.", "status", counting.readers())
    yield _by("digests", "Digests of the last two editions by outcome.", "outcome", counting.digests(now))
    states = counting.deliveries(now)
    yield _by("deliveries", "Messages by state; of those that ended, the last day's.", "state", states)
    yield _gauge("unknown_deliveries", "Messages whose outcome nobody knows.", states[counting.State.UNKNOWN])
    wait = counting.longest_wait(now).total_seconds()
    yield _gauge("queue_age_seconds", "How long the message due longest has been waiting.", wait)
    late = counting.longest_uncomposed(now).total_seconds()
    yield _gauge("compose_age_seconds", "How long the reader due longest has been waiting for a digest.", late)


def _sending(now: datetime) -> Iterator[Metric]:
    rates = counting.rates(now)
    yield _gauge("accepted_week", "Messages accepted in the last week.", rates.accepted)
    yield _gauge("bounce_ratio", "Share of a week's accepted messages that bounced for good.", rates.bounce)
    yield _gauge("complaint_ratio", "Share of a week's accepted messages that were complained of.", rates.complaint)
    yield _gauge("sending_stopped", "1 while the brake is pulled.", braking.is_pulled())
    yield _gauge("editions_unclosed", "Editions that should have closed a day ago.", len(editions.stuck(now)))


def _latency(now: datetime) -> Metric:
    found = counting.latencies(now, BOUNDS)
    labels = [str(most.total_seconds()) for most in BOUNDS]
    buckets = [*zip(labels, found.within, strict=True), ("+Inf", found.count)]
    words = "From when a digest fell due until the provider took it, the last day's."
    return GaugeHistogramMetricFamily("paper_round_send_latency_seconds", words, buckets, found.seconds)


def _service(now: datetime) -> Iterator[Metric]:
    last = health.last_beat()
    yield _gauge("heartbeat_timestamp_seconds", "The last tick a worker ran.", last.timestamp() if last else 0)
    alerts = _family("alerts", "Alerts that are open, by name.", "alert")
    for name, count in Alert.objects.unresolved().order_by().values_list("name").annotate(Count("pk")):
        alerts.add_metric([name], count)
    yield alerts


def _family(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"paper_round_{name}", words, labels=labels)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"paper_round_{name}", words, value=float(value))


def _by(name: str, words: str, label: str, values: dict[str, int]) -> Metric:
    family = _family(name, words, label)
    for key, value in values.items():
        family.add_metric([key], value)
    return family
