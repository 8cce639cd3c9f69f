"""Serve the invented papers on loopback, for a developer to look at and to read from."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from digest_site.demo import upstream
from digest_site.demo.samples import sample_days


class Command(BaseCommand):
    help = "Serve invented papers on 127.0.0.1 in the shapes of Hugging Face and arXiv, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8901, help="default 8901; 0 takes any free port")

    def handle(self, *, port: int, **options: Any) -> None:
        today = timezone.now().date()
        try:
            server = upstream.bind(today, port)
        except (OSError, OverflowError) as error:
            raise CommandError(f"Port {port} cannot be used ({error}): choose another with --port.") from error
        with server:
            self.stdout.write(_welcome(upstream.base_url(server), today))
            self.stdout.flush()
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                self.stdout.write("Stopped.")


def _welcome(url: str, today: date) -> str:
    newest = sample_days(today)[-1]
    return f"""\
Invented papers of five weekdays up to {newest}:
  {url}/papers/date/{newest}
  {url}/api/daily_papers?date={newest}&limit=100
  {url}/rss/cs.LG+cs.RO
  {url}/api/query?id_list=2600.00001,2600.00002
To read from it, set in the environment:
  HUGGINGFACE_URL={url} ARXIV_URL={url} ARXIV_RSS_URL={url} ARXIV_API_URL={url} SOURCES_ALLOW_PRIVATE=true
Ctrl-C stops it."""
