"""The way back in for somebody who has lost both phone and recovery codes."""

from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from digest_site import factors

NOTE = "Second factor taken away by reset_second_factor."


class Command(BaseCommand):
    help = "Take away somebody's second factor. At their next log-in they set up a new one, with their password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="the name they log in with")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"Nobody logs in as {username}.")
        with transaction.atomic():
            if not factors.forget(user):
                raise CommandError(f"{username} has no second factor; the next log-in sets one up.")
            LogEntry.objects.log_actions(user.pk, [user], CHANGE, NOTE)
        self.stdout.write(
            f"Done: the next log-in of {username} sets up a new second factor. Was the password perhaps seen by "
            f"somebody? Then also: manage.py changepassword {username}"
        )
