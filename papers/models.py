"""The world of papers: what was published, where it was listed, and how each reading went."""

from datetime import date, datetime
from typing import Self

from django.db import models
from django.urls import reverse
from django.utils import timezone

from papers.identifiers import MAX_ARXIV_ID
from papers.text import MAX_NAME, MAX_TITLE, MAX_URL

MAX_RAW = 20_000


class PaperQuerySet(models.QuerySet["Paper"]):
    def visible(self) -> Self:
        """Papers a reader may see: not hidden by an editor and not withdrawn."""
        return self.filter(is_hidden=False, is_withdrawn=False)

    def seen_between(self, start: datetime, end: datetime) -> Self:
        """Papers that *we* first saw in the half-open window [start, end)."""
        return self.filter(first_seen_at__gte=start, first_seen_at__lt=end)

    def listed_on(self, day: date) -> Self:
        """Papers any source listed on that day."""
        return self.filter(pk__in=Listing.objects.filter(day=day).values("paper_id"))


class Paper(models.Model):
    """One paper: unique by arXiv id where it has one, else kept by its normalised title."""

    arxiv_id = models.CharField("arXiv id", max_length=MAX_ARXIV_ID, unique=True, null=True, blank=True)
    title = models.CharField(max_length=MAX_TITLE)
    title_key = models.CharField(
        max_length=MAX_TITLE, editable=False, help_text="The title's letters and digits, lower case."
    )
    abstract = models.TextField(blank=True)
    authors = models.JSONField(default=list, blank=True, help_text="Printed names, in order.")
    author_count = models.PositiveIntegerField(null=True, blank=True)
    organisation = models.CharField(max_length=MAX_NAME, blank=True, help_text="Short name, such as google.")
    organisation_name = models.CharField(max_length=MAX_NAME, blank=True)
    categories = models.JSONField(default=list, blank=True, help_text="arXiv categories, the primary one first.")
    keywords = models.JSONField(default=list, blank=True)
    published_on = models.DateField(null=True, blank=True, help_text="arXiv's date of the first version.")
    featured_on = models.DateField(null=True, blank=True, help_text="First day any source listed it.")
    version = models.PositiveSmallIntegerField(null=True, blank=True)
    votes = models.PositiveIntegerField(default=0)
    comments = models.PositiveIntegerField(default=0)
    code_url = models.URLField(max_length=MAX_URL, blank=True)
    code_stars = models.PositiveIntegerField(null=True, blank=True)
    project_url = models.URLField(max_length=MAX_URL, blank=True)
    is_withdrawn = models.BooleanField("withdrawn", default=False)
    is_hidden = models.BooleanField("hidden", default=False, help_text="Neither shown nor sent.")
    is_pinned = models.BooleanField("pinned", default=False, help_text="First on the pages of its day.")
    first_seen_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PaperQuerySet.as_manager()

    class Meta:
        ordering = ("-first_seen_at", "-pk")
        indexes = (
            models.Index(fields=["first_seen_at"], name="paper_first_seen"),
            models.Index(fields=["title_key"], name="paper_title_key"),
            models.Index(fields=["featured_on", "-votes"], name="paper_featured"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["title_key"], condition=models.Q(arxiv_id=None), name="one_paper_per_title_without_id"
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return (
            reverse("papers:paper", args=[self.arxiv_id]) if self.arxiv_id else reverse("papers:entry", args=[self.pk])
        )

    @property
    def abstract_url(self) -> str:
        """The paper's page at arXiv, or "" while its id is unknown."""
        return f"https://arxiv.org/abs/{self.arxiv_id}" if self.arxiv_id else ""

    @property
    def pdf_url(self) -> str:
        return f"https://arxiv.org/pdf/{self.arxiv_id}" if self.arxiv_id else ""

    @property
    def huggingface_url(self) -> str:
        return f"https://huggingface.co/papers/{self.arxiv_id}" if self.arxiv_id else ""


class Listing(models.Model):
    """One sighting: a source showed a paper on a day, at a rank, with so many votes."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="listings")
    source = models.SlugField(max_length=32)
    day = models.DateField()
    section = models.CharField(max_length=16, blank=True)
    rank = models.PositiveIntegerField(null=True, blank=True)
    votes = models.PositiveIntegerField(null=True, blank=True)
    comments = models.PositiveIntegerField(null=True, blank=True)
    first_seen_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("-day", "source", "rank")
        indexes = (models.Index(fields=["day", "paper"], name="listing_day_paper"),)
        constraints = (
            models.UniqueConstraint(fields=["paper", "source", "day"], name="one_listing_per_paper_source_day"),
        )

    def __str__(self) -> str:
        return f"{self.source} {self.day} #{self.rank}"


class Reading(models.Model):
    """One attempt at one source-day. The row exists before the first byte is fetched."""

    class Outcome(models.TextChoices):
        RUNNING = "running", "running"
        NEW = "new", "new papers"
        UNCHANGED = "unchanged", "read before, nothing new"
        QUIET = "quiet", "nothing announced, as expected"
        STALE = "stale", "not out yet"
        FAILED = "failed", "failed"

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

    reading = models.ForeignKey(Reading, on_delete=models.SET_NULL, null=True, blank=True, related_name="rejects")
    source = models.SlugField(max_length=32)
    day = models.DateField()
    reason = models.CharField(max_length=500)
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
