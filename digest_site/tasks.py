"""The task that proves tasks run, the one that watches over the others, and one that counts for the admin's home."""

from celery import shared_task
from django.utils import timezone

from digest_site import alerts, health
from digest_site.glance import wishes


@shared_task
def heartbeat() -> None:
    health.beat(timezone.now())


@shared_task
def watch() -> None:
    alerts.watch(timezone.now())


@shared_task
def count_wishes() -> None:
    wishes.refresh(timezone.now())
