"""A file of people who agreed elsewhere, from upload to the last row."""

from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from subscriptions.models.subscriber import MAX_SOURCE


class ImportQuerySet(models.QuerySet["Import"]):
    def waiting(self, now: datetime) -> Self:
        """Those with work to do that no worker is at."""
        free = models.Q(leased_until=None) | models.Q(leased_until__lte=now)
        return self.filter(free, state__in=Import.AT_WORK).order_by("pk")


class Import(models.Model):
    """One file. Its content lies in ImportPart until it is done: the database is where all hosts meet."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("columns to be named")
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("checked")
        IMPORTING = "importing", _("being imported")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    class Kind(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "XLSX"

    AT_WORK = (State.CHECKING, State.IMPORTING)

    name = models.CharField(_("file"), max_length=200)
    kind = models.CharField(max_length=4, choices=Kind)
    encoding = models.CharField(max_length=20, blank=True)
    delimiter = models.CharField(max_length=1, blank=True)
    source = models.CharField(_("source"), max_length=MAX_SOURCE)
    evidence = models.TextField(_("evidence"))
    only_whole = models.BooleanField(_("all or none"), default=False)
    columns = models.JSONField(default=dict, help_text="What each column holds, by its number.")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.UPLOADED)
    row = models.PositiveIntegerField(_("rows read"), default=0, help_text="How far the present pass has come.")
    rows = models.PositiveIntegerField(_("rows"), default=0)
    good = models.PositiveIntegerField(_("good"), default=0)
    bad = models.PositiveIntegerField(_("bad"), default=0)
    joined = models.PositiveIntegerField(_("joined"), default=0)
    problem = models.CharField(max_length=300, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    operator_id = models.PositiveBigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"import {self.pk}"

    @property
    def is_at_work(self) -> bool:
        return self.state in self.AT_WORK


class ImportPart(models.Model):
    """A piece of the file, in order."""

    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=["of", "number"], name="one_part_per_import_and_number"),)

    def __str__(self) -> str:
        return f"part {self.number}"


class ImportFault(models.Model):
    """What is wrong with a row. Nothing of the row itself: it may be anybody's address."""

    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="faults")
    row = models.PositiveIntegerField()
    column = models.CharField(max_length=40, blank=True)
    problem = models.CharField(max_length=300)

    class Meta:
        ordering = ("row", "pk")

    def __str__(self) -> str:
        return f"row {self.row}"
