"""How often something may still be done: counted in the database, so that restarts and other processes agree."""

from django.db import models


class Allowance(models.Model):
    """What one key has used up in its present window. See subscriptions.limiting."""

    key = models.CharField(max_length=100, unique=True, help_text="The limit's name and a keyed hash.")
    used = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField(help_text="The window's end; the next use opens a new one.")

    class Meta:
        indexes = (models.Index(fields=["ends_at"], name="allowance_ends"),)

    def __str__(self) -> str:
        return self.key
