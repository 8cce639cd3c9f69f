"""What papers are found by, in the form that the database's full-text search takes."""

from django.db import models

from papers.models.paper import Paper


class PaperWords(models.Model):
    """The normalised words of one paper; migration 0004 puts the database's own full-text index on them."""

    paper = models.OneToOneField(Paper, on_delete=models.CASCADE, primary_key=True, related_name="words")
    words = models.TextField()
    form = models.PositiveSmallIntegerField(help_text="Which version of the normal form made them.")

    class Meta:
        verbose_name = verbose_name_plural = "paper's words"

    def __str__(self) -> str:
        return f"words of paper {self.pk}"
