"""The task that proves tasks run."""

from celery import shared_task
from django.utils import timezone

from digest_site import health


@shared_task
def heartbeat() -> None:
    health.beat(timezone.now())
