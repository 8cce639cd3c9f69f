"""Old and new side by side: workers of two generations on one database, and migrations that the old code survives."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from digest_site.celery import app
from subscriptions.models import Delivery
from tests.factories import make_interest, make_paper, make_subscriber
from tests.journeys.processes import running
from tests.journeys.sink import open_sink

READERS = 40
# The newest migration of each app in the last release. There is none yet: what comes before it was never run anywhere.
RELEASED: dict[str, str] = {}
ADDS = (
    migrations.AddConstraint,
    migrations.AddField,
    migrations.AddIndex,
    migrations.AlterModelManagers,
    migrations.AlterModelOptions,
    migrations.CreateModel,
    migrations.RunPython,
    migrations.RunSQL,
)


def find_breaking(operations) -> list[str]:
    """What running code of the release before would stumble over."""
    return [operation.describe() for operation in operations if not _is_additive(operation)]


def _is_additive(operation) -> bool:
    if isinstance(operation, migrations.AddField):
        field = operation.field
        has_column = not isinstance(field, models.ManyToManyField)
        return not has_column or field.null or field.db_default is not models.NOT_PROVIDED
    return isinstance(operation, ADDS)


def test_migrations_after_the_last_release_only_add():
    loader = MigrationLoader(None)
    since = {
        key: migration
        for key, migration in loader.disk_migrations.items()
        if key[0] in RELEASED and key[1] > RELEASED[key[0]]
    }

    assert {key: found for key, migration in since.items() if (found := find_breaking(migration.operations))} == {}


@pytest.mark.parametrize(
    ("operation", "breaks"),
    [
        (migrations.AddField("brake", "note", models.TextField(default="")), True),
        (migrations.AddField("brake", "note", models.TextField(db_default="")), False),
        (migrations.AddField("brake", "note", models.TextField(null=True)), False),
        (migrations.RemoveField("brake", "reason"), True),
        (migrations.RenameField("brake", "reason", "why"), True),
        (migrations.AlterField("brake", "reason", models.TextField()), True),
        (migrations.DeleteModel("brake"), True),
        (migrations.CreateModel("thing", [("id", models.BigAutoField(primary_key=True))]), False),
    ],
)
def test_what_the_old_code_would_stumble_over_is_found(operation, breaks):
    assert bool(find_breaking([operation])) is breaks


def test_names_of_tasks_are_kept():
    """What an old beat puts into the broker, a new worker must understand."""
    app.loader.import_default_modules()

    assert set(app.tasks) >= {
        "digest_site.tasks.heartbeat",
        "papers.tasks.read_sources",
        "subscriptions.tasks.clean_up",
        "subscriptions.tasks.compose_due",
        "subscriptions.tasks.send_queued",
        "subscriptions.tasks.sweep",
    }


@pytest.mark.django_db(transaction=True)
def test_worker_is_replaced_in_the_middle_of_sending(tmp_path):
    """The old generation is told to end while the new one, with other settings, runs already: each digest once."""
    now = timezone.now()
    make_paper(1, first_seen_at=now - timedelta(hours=3))
    for number in range(READERS):
        reader = make_subscriber(number, next_digest_at=now - timedelta(minutes=1), cutoff_at=now - timedelta(days=1))
        make_interest(reader, "grokking")
    command = ("celery", "--app", "digest_site", "worker", "--beat", "--concurrency", "1")
    with open_sink() as sink:
        settings = {"EMAIL_URL": sink.url, "TICK_SECONDS": "1", "READ_MINUTES": "1440"}
        folders = [tmp_path / "old", tmp_path / "new"]
        for folder in folders:
            folder.mkdir()
        with running(*command, folder=folders[1], **settings, SEND_WINDOW="3", LOG_FORMAT="json") as new:
            with running(*command, folder=folders[0], **settings, SEND_WINDOW="7", MAIL_PER_SECOND="20") as old:
                sink.wait(lambda _: len(sink.mails) >= READERS // 4, old)
            sink.wait(lambda _: len(sink.mails) >= READERS, new)
        copies = Counter(mail["X-Envelope-To"] for mail in sink.mails)

    assert copies == {f"reader{number}@example.org": 1 for number in range(READERS)}
    assert set(Delivery.objects.values_list("state", flat=True)) == {Delivery.State.ACCEPTED}
