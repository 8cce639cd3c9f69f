"""What the editors tell all readers."""

from datetime import date
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.safestring import SafeString

from papers import markdown

MAX_ANNOUNCEMENT = 2_000


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def current(self, day: date) -> Self:
        """Those to be shown on a day, the newest first."""
        return self.filter(starts_on__lte=day, ends_on__gte=day)


class Announcement(models.Model):
    """A short note in Markdown, shown on the site and in digests from one day to another, both included."""

    body = models.TextField("text", max_length=MAX_ANNOUNCEMENT, help_text="Markdown: *emphasis*, [link](https://…).")
    starts_on = models.DateField("first day")
    ends_on = models.DateField("last day")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        ordering = ("-starts_on", "-pk")
        indexes = (models.Index(fields=["ends_on", "starts_on"], name="announcement_days"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")),
                name="announcement_ends_after_it_starts",
                violation_error_message="The last day lies before the first.",
            ),
        )

    def __str__(self) -> str:
        return self.text.split("\n", 1)[0][:80]

    @property
    def html(self) -> SafeString:
        """Sanitised: only a few tags, only web and mail links. Safe in a page and in a mail."""
        return markdown.to_html(self.body)

    @property
    def text(self) -> str:
        """For the text part of a mail; links stand behind their words."""
        return markdown.to_text(self.body)
