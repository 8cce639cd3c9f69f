"""The task that proves tasks run, and the one that watches over the others."""

from celery import shared_task
from django.utils import timezone

from digest_site import alerts, health


@shared_task
def heartbeat() -> None:
    health.beat(timezone.now())


@shared_task
def watch() -> None:
    alerts.watch(timezone.now())
