"""Celery tasks: they translate, nothing more."""

from datetime import date

from celery import shared_task
from django.utils import timezone

from papers import reading
from papers.search.stored import remember_missing
from papers.sources.arxiv import Arxiv

_INDEXED_AT_ONCE = 5_000  # papers, some ten seconds


@shared_task
def read_sources() -> None:
    now = timezone.now()
    sources = reading.configured_sources()
    reading.read_all(now, sources=sources)
    for source in sources.values():
        if isinstance(source, Arxiv):
            reading.describe_new(now, source)
    remember_missing(_INDEXED_AT_ONCE)


@shared_task
def read_again(source: str, day: str) -> None:
    reading.read_source(reading.configured_sources()[source], date.fromisoformat(day), now=timezone.now())
