"""The send ledger: what each reader was chosen, and what became of every message."""

from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from papers.models import Paper
from subscriptions.models.subscriber import Subscriber, Token
from subscriptions.telling import tell


class Digest(models.Model):
    """What one reader gets in one edition: decided once, frozen, explained.

    A digest with nothing in it is kept too, without a Delivery, with its reason.
    """

    class Outcome(models.TextChoices):
        QUEUED = "queued", _("queued to send")
        EMPTY = "empty", _("nothing to send")
        LATE = "late", _("skipped: too late")

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="digests")
    edition = models.DateField(help_text="The reader's local date when it fell due.")
    due_at = models.DateTimeField()
    window_start = models.DateTimeField(help_text="Papers first seen from here …")
    window_end = models.DateTimeField(help_text="… to before here were considered.")
    considered = models.PositiveIntegerField(default=0, help_text="Papers in the window.")
    matched = models.PositiveIntegerField(default=0, help_text="Of these, papers that match.")
    sources = models.PositiveSmallIntegerField(default=0, help_text="Sources that were read for it.")
    sources_current = models.PositiveSmallIntegerField(default=0, help_text="Of these, those read to the end.")
    outcome = models.CharField(max_length=8, choices=Outcome)
    reason = models.CharField(max_length=300, blank=True, help_text="Why there is nothing, in English.")
    notices = models.JSONField(default=list, blank=True, help_text="Sentences about failed sources or interests.")
    told = models.JSONField(
        default=dict, blank=True, editable=False, help_text="The same as facts, for readers of any language."
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-edition", "-pk")
        indexes = (models.Index(fields=["edition", "outcome"], name="digest_edition"),)
        constraints = (
            models.UniqueConstraint(fields=["subscriber", "edition"], name="one_digest_per_subscriber_and_edition"),
        )

    def __str__(self) -> str:
        return f"digest {self.pk} of {self.edition}"

    @property
    def reason_told(self) -> str:
        """`reason` in the active language."""
        return " ".join(tell(self.told.get("reason", ()))) or (self.reason and gettext(self.reason))

    @property
    def notices_told(self) -> list[str]:
        return tell(self.told.get("notices", ())) or list(self.notices)


class DigestItem(models.Model):
    """One chosen paper and why."""

    class Section(models.TextChoices):
        MATCHED = "matched", _("for you")
        TRENDING = "trending", _("trending")

    digest = models.ForeignKey(Digest, on_delete=models.CASCADE, related_name="items")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="digest_items")
    position = models.PositiveSmallIntegerField()
    section = models.CharField(max_length=8, choices=Section, default=Section.MATCHED)
    score = models.FloatField(default=0.0)
    reasons = models.JSONField(
        default=list, help_text='One per interest that matched: {"interest": as typed, "terms": words found}.'
    )
    alike = models.ForeignKey(
        Paper,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # nearly always null: the index below leaves those out
        help_text="The paper more of which was asked for, where this one stands higher for that.",
    )

    class Meta:
        ordering = ("position",)
        indexes = (models.Index(fields=["alike"], name="digest_item_alike", condition=models.Q(alike__isnull=False)),)
        constraints = (models.UniqueConstraint(fields=["digest", "paper"], name="one_item_per_digest_and_paper"),)

    def __str__(self) -> str:
        return f"{self.position}. of digest {self.digest_id}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, now: datetime) -> Self:
        """Queued messages that may be sent now."""
        return self.filter(state=Delivery.State.QUEUED, not_before__lte=now)


class Delivery(models.Model):
    """One message to one person. Exists before anything risky is done; see ARCHITECTURE.md, "The send ledger"."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        CLAIMED = "claimed", _("claimed by a worker")
        SENDING = "sending", _("handed to the provider")
        ACCEPTED = "accepted", _("accepted")
        FAILED = "failed", _("refused for good")
        CANCELLED = "cancelled", _("cancelled")
        UNKNOWN = "unknown", _("outcome unknown")

    class Kind(models.TextChoices):
        DIGEST = "digest", _("digest")
        CONFIRM = "confirm", _("confirmation")
        ALREADY = "already", _("already subscribed")
        LINK = "link", _("link to preferences")
        NEW_ADDRESS = "new_address", _("confirm a new address")
        OLD_ADDRESS = "old_address", _("notice to the old address")
        WELCOME = "welcome", _("welcome")
        STILL_WANTED = "still_wanted", _("question whether it is still wanted")

    key = models.CharField(max_length=40, unique=True, help_text="Deterministic; forms the Message-ID.")
    kind = models.CharField(max_length=12, choices=Kind)
    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="deliveries")
    digest = models.OneToOneField(Digest, on_delete=models.CASCADE, null=True, blank=True, related_name="delivery")
    token = models.ForeignKey(Token, on_delete=models.SET_NULL, null=True, blank=True, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    not_before = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Times it was handed to the provider.")
    claim = models.UUIDField(null=True, blank=True, editable=False, help_text="Which worker's window holds it.")
    claimed_at = models.DateTimeField(null=True, blank=True)
    first_sent_at = models.DateTimeField(
        null=True, blank=True, help_text="First handed over: starts the life of its idempotency key."
    )
    in_doubt = models.BooleanField(default=False, help_text="An earlier attempt may have been accepted.")
    settled_at = models.DateTimeField(null=True, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it failed, waits or was cancelled.")
    created_at = models.DateTimeField(default=timezone.now)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name_plural = "deliveries"
        permissions = (("act_by_hand", "Can resend, mark, cancel and stop sending by hand"),)
        indexes = (
            models.Index(fields=["state", "not_before"], name="delivery_due"),
            models.Index(fields=["claim"], name="delivery_claim"),
            models.Index(fields=["provider_id"], name="delivery_provider_id", condition=~models.Q(provider_id="")),
        )

    def __str__(self) -> str:
        return self.key


class DeliveryEvent(models.Model):
    """What a provider told us later about a message. Kept also when we know no such delivery."""

    class Kind(models.TextChoices):
        DELIVERED = "delivered", _("delivered")
        DEFERRED = "deferred", _("deferred")
        BOUNCED = "bounced", _("bounced, for good")
        SOFT_BOUNCED = "soft_bounced", _("bounced, for now")
        BLOCKED = "blocked", _("refused as spam or by policy")
        COMPLAINED = "complained", _("complained")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed at the provider")
        OTHER = "other", _("other")

    fingerprint = models.CharField(max_length=64, unique=True, help_text="The same event twice is one row.")
    delivery = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, blank=True, related_name="events")
    key = models.CharField(max_length=40, blank=True, help_text="The delivery it names, known to us or not.")
    kind = models.CharField(max_length=12, choices=Kind)
    provider = models.CharField(max_length=32)
    address_hmac = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(help_text="When it happened, by the provider's clock.")
    received_at = models.DateTimeField(default=timezone.now)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-at", "-pk")
        indexes = (
            models.Index(fields=["address_hmac", "kind", "at"], name="event_address"),
            models.Index(fields=["received_at"], name="event_received"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
