"""What was published, and where it was listed."""

from datetime import date, datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from papers.identifiers import MAX_ARXIV_ID
from papers.text import MAX_NAME, MAX_TITLE, MAX_URL

MAX_NOTE = 300
EDITABLE = ("title", "abstract")
"""What an editor may put into words of their own."""


class PaperQuerySet(models.QuerySet["Paper"]):
    def visible(self) -> Self:
        """Papers a reader may see: not hidden by an editor and not withdrawn."""
        return self.filter(is_hidden=False, is_withdrawn=False)

    def seen_between(self, start: datetime, end: datetime) -> Self:
        """Papers that *we* first saw in the half-open window [start, end)."""
        return self.filter(first_seen_at__gte=start, first_seen_at__lt=end)

    def listed_on(self, day: date) -> Self:
        """Papers any source listed on that day."""
        return self.listed_between(day, day)

    def listed_between(self, first: date, last: date) -> Self:
        """Papers any source listed on one of these days, both included."""
        return self.filter(pk__in=Listing.objects.filter(day__range=(first, last)).values("paper_id"))

    def part(self, start: int, end: int) -> list["Paper"]:
        """A slice in the order asked for, in two queries: to sort whole papers would carry their abstracts along."""
        keys = list(self.values_list("pk", flat=True)[start:end])
        papers = Paper.objects.in_bulk(keys)
        return [papers[key] for key in keys if key in papers]


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
    is_pinned = models.BooleanField(
        "editor's pick", default=False, help_text="First on the pages of its day, and named as a pick in digests."
    )
    pick_note = models.CharField(
        "note", max_length=MAX_NOTE, blank=True, help_text="Why it was picked. Readers see it beside the paper."
    )
    picked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    picked_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_edited = models.BooleanField("edited", default=False, editable=False)
    source_words = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="Field → what the sources say, where an editor's words stand in its place.",
    )
    first_seen_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PaperQuerySet.as_manager()

    class Meta:
        ordering = ("-first_seen_at", "-pk")
        indexes = (
            models.Index(fields=["first_seen_at"], name="paper_first_seen"),
            models.Index(fields=["updated_at"], name="paper_updated"),
            models.Index(fields=["title_key"], name="paper_title_key"),
            models.Index(fields=["featured_on", "-votes"], name="paper_featured"),
            models.Index(fields=["organisation", "first_seen_at", "id"], name="paper_organisation"),
            # What editors look for among very many, few rows each; read backwards they are in the lists' order.
            models.Index(fields=["first_seen_at", "id"], name="paper_hidden", condition=models.Q(is_hidden=True)),
            models.Index(fields=["first_seen_at", "id"], name="paper_pinned", condition=models.Q(is_pinned=True)),
            models.Index(fields=["first_seen_at", "id"], name="paper_withdrawn", condition=models.Q(is_withdrawn=True)),
            models.Index(fields=["first_seen_at", "id"], name="paper_edited", condition=models.Q(is_edited=True)),
            models.Index(fields=["first_seen_at", "id"], name="paper_without_id", condition=models.Q(arxiv_id=None)),
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

    def said(self, field: str) -> Any:
        """What the sources say, whatever an editor made of it."""
        return self.source_words.get(field, getattr(self, field))

    def edit(self, field: str, value: str) -> None:
        """Put an editor's words in the sources' place; readings then leave them alone. The same words undo it."""
        said = self.said(field)
        kept = {name: words for name, words in self.source_words.items() if name != field}
        self.source_words = kept if value == said else {**kept, field: said}
        self.is_edited = bool(self.source_words)
        setattr(self, field, value)

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
        indexes = (
            models.Index(fields=["day", "paper"], name="listing_day_paper"),
            models.Index(fields=["source", "-day"], name="listing_source_day"),
        )
        constraints = (
            models.UniqueConstraint(fields=["paper", "source", "day"], name="one_listing_per_paper_source_day"),
        )

    def __str__(self) -> str:
        return f"{self.source} {self.day} #{self.rank}"
