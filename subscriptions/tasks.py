"""Celery tasks: they translate, nothing more."""

import mmap
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down
from django.utils import timezone

from subscriptions import blocklists, composing, delivery, editions, importing, retention, sunsetting

# Readers a tick composes for; the next tick takes up the rest. Far within the task's time limit.
COMPOSE_LIMIT = 20_000

# One byte that the worker's processes share with the one they are forked from, which alone hears of its end.
_stopping = mmap.mmap(-1, 1)


@worker_shutting_down.connect
def stop_soon(**kwargs: Any) -> None:
    """Let running tasks end after the message they are at."""
    _stopping[0] = 1


@shared_task
def compose_due() -> None:
    composing.compose_due(timezone.now(), limit=COMPOSE_LIMIT)


@shared_task
def send_queued() -> None:
    delivery.send_queued(is_stopping=lambda: bool(_stopping[0]))


@shared_task
def sweep() -> None:
    now = timezone.now()
    delivery.sweep(now)
    editions.close_balanced(now)
    blocklists.watch(now)


@shared_task
def clean_up() -> None:
    now = timezone.now()
    retention.clean_up(now)
    importing.forget_old(now)


@shared_task
def import_waiting() -> None:
    importing.work(timezone.now, is_stopping=lambda: bool(_stopping[0]))


@shared_task
def watch_silence() -> None:
    now = timezone.now()
    sunsetting.ask_silent(now)
    sunsetting.pause_silent(now)
