"""What readers said about single papers. It moves the order of later digests, never what is in them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from papers.models import Paper
from subscriptions.models.subscriber import Subscriber


class Feedback(models.Model):
    """One reader's word on one paper: the last one. Erased with the reader."""

    class Verdict(models.IntegerChoices):
        MORE = 1, _("more like this")
        LESS = -1, _("less like this")

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="feedback")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="feedback")
    verdict = models.SmallIntegerField(choices=Verdict)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name_plural = "feedback"
        constraints = (
            models.UniqueConstraint(fields=["subscriber", "paper"], name="one_word_per_subscriber_and_paper"),
        )

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} {self.paper_id}"
