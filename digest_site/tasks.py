"""Tasks of the site itself: one proves that tasks run, one watches over the others, the rest keep house."""

from celery import shared_task
from django.utils import timezone

from digest_site import alerts, health, throttle
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


@shared_task
def forget_attempts() -> None:
    throttle.forget_old(timezone.now())
