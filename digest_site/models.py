"""What the service has to say to those who run it."""

from typing import Self

from django.db import models


class AlertQuerySet(models.QuerySet["Alert"]):
    def unresolved(self) -> Self:
        return self.filter(resolved_at=None)


class Alert(models.Model):
    """One thing that wants a hand, from when it was found until it was gone. See digest_site.alerts."""

    name = models.CharField(max_length=32, help_text="As RUNBOOK.md lists it.")
    about = models.CharField(max_length=64, blank=True, help_text="Which of several, such as a source.")
    words = models.CharField(max_length=500)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="When it was last found to be so.")
    told_at = models.DateTimeField(null=True, blank=True, help_text="When the operators were last told.")
    resolved_at = models.DateTimeField(null=True, blank=True)
    end_told_at = models.DateTimeField(null=True, blank=True, help_text="When they were told that it is over.")

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ("-opened_at", "-pk")
        indexes = (models.Index(fields=["resolved_at"], name="alert_resolved"),)
        constraints = (
            models.UniqueConstraint(
                fields=["name", "about"], condition=models.Q(resolved_at=None), name="one_open_alert_per_name_and_about"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.about}".strip()
