"""What the broker may bring, and what it may not (STANDARDS A27)."""

import pickle
from pathlib import Path

import pytest
from kombu.exceptions import ContentDisallowed
from kombu.serialization import dumps, loads, prepare_accept_content

from digest_site.celery import app


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
