"""How each reading went, what it could not take in, and what is read at all."""

from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from papers.text import MAX_NAME

MAX_RAW = 20_000


class Reading(models.Model):
    """One attempt at one source-day. The row exists before the first byte is fetched."""

    class Outcome(models.TextChoices):
        RUNNING = "running", _("running")
        NEW = "new", _("new papers")
        UNCHANGED = "unchanged", _("read before, nothing new")
        QUIET = "quiet", _("nothing announced, as expected")
        STALE = "stale", _("not out yet")
        FAILED = "failed", _("failed")

    source = models.SlugField(max_length=32)
    day = models.DateField()
    route = models.CharField(max_length=32, blank=True, help_text="The format it came by.")
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    found = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    validators = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="Address → ETag and Last-Modified of what was committed.",
    )

    class Meta:
        ordering = ("-started_at", "-pk")
        indexes = (
            models.Index(fields=["source", "day", "-started_at"], name="reading_source_day"),
            models.Index(fields=["-started_at"], name="reading_started"),
        )

    def __str__(self) -> str:
        return f"{self.source} {self.day}: {self.outcome}"


class Rejected(models.Model):
    """Quarantine: one record that could not go in, once, however often it is met."""

    MAX_REASON = 500

    reading = models.ForeignKey(Reading, on_delete=models.SET_NULL, null=True, blank=True, related_name="rejects")
    source = models.SlugField(max_length=32)
    day = models.DateField()
    reason = models.CharField(max_length=MAX_REASON)
    raw = models.TextField(help_text=f"The record as it came, cut at {MAX_RAW:,} characters.")
    digest = models.CharField(max_length=64, editable=False, help_text="SHA-256 of the whole record.")
    first_seen_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("-first_seen_at", "-pk")
        verbose_name = "rejected record"
        constraints = (models.UniqueConstraint(fields=["source", "digest"], name="one_rejected_per_record"),)

    def __str__(self) -> str:
        return f"{self.source} {self.day}: {self.reason}"


class CategoryQuerySet(models.QuerySet["Category"]):
    def read(self) -> Self:
        return self.filter(is_read=True)


class Category(models.Model):
    """An arXiv category and whether its announcements are read."""

    code = models.CharField(max_length=32, unique=True, help_text="As arXiv writes it, such as cs.LG.")
    name = models.CharField(max_length=MAX_NAME, blank=True)
    is_read = models.BooleanField("read", default=True)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        ordering = ("code",)
        verbose_name = "arXiv category"
        verbose_name_plural = "arXiv categories"

    def __str__(self) -> str:
        return self.code


class Gate(models.Model):
    """Whose turn it is at one host: pacing shared by every process."""

    host = models.CharField(max_length=253, unique=True)
    free_at = models.DateTimeField(help_text="No request before this.")

    def __str__(self) -> str:
        return self.host
