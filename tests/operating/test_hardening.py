"""What the broker may bring, and what it may not (STANDARDS A27); how long each part of a task may take (D21)."""

import pickle
from pathlib import Path

import pytest
from kombu.exceptions import ContentDisallowed
from kombu.serialization import dumps, loads, prepare_accept_content

from digest_site import settings
from digest_site.celery import app
from subscriptions.delivery import LEASE, RUN_SECONDS


class Canary:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_a27_tasks_are_json_and_leave_no_results():
    conf = app.conf

    assert (conf.accept_content, conf.task_serializer, conf.task_ignore_result) == (["json"], "json", True)


def test_a27_pickled_message_is_refused_and_not_opened(tmp_path):
    canary = tmp_path / "canary"
    body = pickle.dumps(Canary(canary))
    accept = prepare_accept_content(app.conf.accept_content)

    with pytest.raises(ContentDisallowed):
        loads(body, "application/x-python-serialize", "binary", accept=accept)

    assert not canary.exists()
    pickle.loads(body)
    assert canary.exists()  # it would have sung


def test_a27_json_is_taken():
    content_type, encoding, body = dumps([[], {}, {}], serializer="json")

    assert loads(body, content_type, encoding, accept=prepare_accept_content(app.conf.accept_content)) == [[], {}, {}]


def test_d21_a_task_that_dies_comes_back_and_one_that_lives_does_not():
    conf = app.conf

    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.worker_prefetch_multiplier) == (True, True, 1)
    assert conf.worker_soft_shutdown_timeout >= settings.EMAIL_TIMEOUT
    assert settings.EMAIL_TIMEOUT < conf.task_soft_time_limit < conf.task_time_limit < LEASE.total_seconds()
    # The broker delivers again what is not acknowledged by then.
    assert LEASE.total_seconds() < settings._VISIBILITY
    # The longest EMAIL_TIMEOUT there may be: a run ends by itself before it is told to.
    assert conf.task_soft_time_limit > RUN_SECONDS + 300


def test_d21_redis_is_told_when_to_deliver_again():
    options = app.conf.broker_transport_options

    assert options.get("visibility_timeout") == (settings._VISIBILITY if settings.REDIS_URL else None)
    # Results are ignored, so no second value can be the shorter one.
    assert app.conf.result_backend is None
