"""Celery tasks: they translate, nothing more."""

from celery import shared_task
from django.utils import timezone

from subscriptions import composing, delivery, editions, retention

# Readers a tick composes for; the next tick takes up the rest. Far within the task's time limit.
COMPOSE_LIMIT = 20_000


@shared_task
def compose_due() -> None:
    composing.compose_due(timezone.now(), limit=COMPOSE_LIMIT)


@shared_task
def send_queued() -> None:
    delivery.send_queued()


@shared_task
def sweep() -> None:
    now = timezone.now()
    delivery.sweep(now)
    editions.close_balanced(now)


@shared_task
def clean_up() -> None:
    retention.clean_up(timezone.now())
