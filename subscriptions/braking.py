"""Stop all sending when the provider refuses our credentials, until a person has mended them."""

import logging
from datetime import datetime

from django.db import transaction

from subscriptions.models import Brake

logger = logging.getLogger(__name__)

REFUSALS = 3  # calls in a row before the brake is pulled


def pulled() -> Brake | None:
    """The brake, with its reason, while sending is stopped."""
    return Brake.objects.filter(pk=1, pulled_at__isnull=False).first()


def is_pulled() -> bool:
    return pulled() is not None


def count_refusal(reason: str, now: datetime) -> None:
    """Note one refusal of our credentials; the third in a row pulls the brake."""
    with transaction.atomic():
        brake, _ = Brake.objects.select_for_update().get_or_create(pk=1)
        brake.refusals += 1
        if brake.refusals >= REFUSALS and brake.pulled_at is None:
            brake.pulled_at, brake.reason = now, reason
            logger.error("Sending is stopped: the provider refuses our credentials. Mend them, then release the brake")
        brake.save()


def count_success() -> None:
    """An accepted message ends the row of refusals."""
    Brake.objects.filter(pk=1, refusals__gt=0).update(refusals=0)


def pull(reason: str, now: datetime) -> bool:
    """Stop sending by hand; False when it was stopped already."""
    Brake.objects.get_or_create(pk=1)
    return Brake.objects.filter(pk=1, pulled_at=None).update(pulled_at=now, reason=reason) == 1


def release() -> bool:
    """Send again; False when nothing was stopped."""
    released = Brake.objects.filter(pk=1, pulled_at__isnull=False)
    return released.update(pulled_at=None, reason="", refusals=0) == 1
