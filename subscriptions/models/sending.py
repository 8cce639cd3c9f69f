"""What sending as a whole knows of itself: pace, brake, and whether an edition is done."""

from django.db import models
from django.utils import timezone


class Lane(models.Model):
    """Pace towards one recipient domain, or, with an empty domain, of everything. Shared by all workers."""

    domain = models.CharField(max_length=253, unique=True, blank=True, help_text="Empty: all mail together.")
    free_at = models.DateTimeField(help_text="The next message may leave from here.")
    slow_until = models.DateTimeField(null=True, blank=True, help_text="The domain asked us to slow down.")
    seconds = models.FloatField(default=0.0, help_text="Between two messages while it is slowed down.")
    day = models.DateField(null=True, blank=True, help_text="The UTC day that `sent` counts.")
    sent = models.PositiveIntegerField(default=0, help_text="Messages handed over on `day`.")

    class Meta:
        ordering = ("domain",)

    def __str__(self) -> str:
        return self.domain or "all mail"


class Brake(models.Model):
    """One row. Stops all sending when the provider refuses our credentials, or a person says so."""

    refusals = models.PositiveSmallIntegerField(default=0, help_text="In a row, for our credentials or settings.")
    pulled_at = models.DateTimeField(null=True, blank=True, help_text="Set: nothing is sent until it is released.")
    reason = models.CharField(max_length=300, blank=True)
    epoch = models.CharField(
        max_length=40, blank=True, help_text="Which history of the database this is. See subscriptions.continuity."
    )
    replaced_at = models.DateTimeField(
        null=True, blank=True, help_text="The database was found to be another one: what was due by then is in doubt."
    )

    def __str__(self) -> str:
        return f"sending stopped: {self.reason}" if self.pulled_at else "sending"


class Edition(models.Model):
    """One send day. Closed when every digest due on it has an end that can be named."""

    day = models.DateField(unique=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict, blank=True, help_text="As they stood when it was closed.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-day",)

    def __str__(self) -> str:
        return str(self.day)
