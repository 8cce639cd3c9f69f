"""Say that the database was restored, so that nobody gets again what was sent since the backup."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from subscriptions import continuity

DONE = """\
Sending is stopped, and {count} unsent messages are in doubt.
Start web, workers and beat now: what the provider reports heals by itself, and what fell due since the backup is
composed again but not sent. Then look at Deliveries in the admin, and release the brake there (see RUNBOOK.md,
database_replaced)."""


class Command(BaseCommand):
    help = "After a restore and before anything is started: stop sending, and doubt what was due."

    def handle(self, *args: Any, **options: Any) -> None:
        count = continuity.distrust(timezone.now())
        self.stdout.write(DONE.format(count=count))
