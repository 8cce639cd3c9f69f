"""The folder broker under what breaks kombu's own: readers that look while others write."""

import json
import threading
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection
from kombu.transport import filesystem

from digest_site import folder
from digest_site.celery import app

MESSAGE = {"body": "x" * 20_000, "properties": {}}


@pytest.fixture
def options(tmp_path):
    folders = {"data_folder_in": "queue", "data_folder_out": "queue", "processed_folder": "out", "control_folder": "in"}
    for name in folders.values():
        (tmp_path / name).mkdir(exist_ok=True)
    return {option: str(tmp_path / name) for option, name in folders.items()}


@pytest.fixture
def channel(options):
    with Connection("filesystem://localhost", transport_options=options) as connection:
        yield connection.default_channel


def drain(channel, queue: str = "celery") -> list:
    found = []
    while True:
        try:
            found.append(channel._get(queue))
        except Empty:
            return found


def test_filesystem_means_our_own(options):
    with app.connection_for_write("filesystem://localhost", transport_options=options) as connection:
        assert type(connection.transport) is folder.Transport
        assert issubclass(folder.Transport, filesystem.Transport)


def test_messages_come_once_in_order_and_leave_nothing(channel, options):
    for number in range(12):
        channel._put("celery", {"number": number})
    channel._put("celery.pidbox", {"number": "of another queue"})

    assert channel._size("celery") == 12
    assert [message["number"] for message in drain(channel)] == list(range(12))
    assert [path.name.partition(".")[2] for path in Path(options["data_folder_in"]).iterdir()] == ["celery.pidbox.msg"]
    assert list(Path(options["processed_folder"]).iterdir()) == []


def test_reader_never_meets_half_a_message(channel):
    count, found = 400, []

    def take() -> None:
        while len(found) < count:
            found.extend(drain(channel))

    takers = [threading.Thread(target=take) for _ in range(3)]
    for taker in takers:
        taker.start()
    for number in range(count):
        channel._put("celery", MESSAGE | {"number": number})
    for taker in takers:
        taker.join()

    assert sorted(message["number"] for message in found) == list(range(count))
    assert {len(message["body"]) for message in found} == {20_000}


def test_file_that_is_no_message_is_dropped_and_the_next_one_comes(channel, options, caplog):
    Path(options["data_folder_in"], "000_torn.celery.msg").write_text("")
    channel._put("celery", {"number": 1})

    assert drain(channel) == [{"number": 1}]
    assert caplog.messages == ["Dropped a file that is no message: 000_torn.celery.msg"]


def test_queues_bound_at_the_same_time_all_stand_in_a_whole_table(options):
    start, broken = threading.Barrier(6), []

    def bind(number: int) -> None:
        with Connection("filesystem://localhost", transport_options=options) as connection:
            start.wait()
            connection.default_channel._queue_bind("celery", "", "", f"queue{number}")
            try:
                connection.default_channel.get_table("celery")
            except ValueError as error:
                broken.append(error)

    binders = [threading.Thread(target=bind, args=(number,)) for number in range(6)]
    for binder in binders:
        binder.start()
    for binder in binders:
        binder.join()

    table = json.loads(Path(options["control_folder"], "celery.exchange").read_text())
    assert broken == []
    assert sorted(queue for _, _, queue in table) == [f"queue{number}" for number in range(6)]
