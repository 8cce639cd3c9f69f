"""People: who they are, what they asked for, what they agreed to."""

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MAX_INTERESTS = 20
MAX_INTEREST = 120
MAX_PAPERS = 50
MAX_EMAIL = 254
MAX_SOURCE = 100


def languages() -> list[tuple[str, str]]:
    """Those that mails can be written in. A function, so that a new language is no migration."""
    return list(settings.LANGUAGES)


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def active(self) -> Self:
        return self.filter(status=Subscriber.Status.ACTIVE)

    def due(self, now: datetime) -> Self:
        """Active readers whose next digest should be composed by now."""
        return self.active().filter(next_digest_at__lte=now)


class Subscriber(models.Model):
    """A person. `email` is kept as typed for sending; `email_key` makes one row of it."""

    class Status(models.TextChoices):
        PENDING = "pending", _("not confirmed")
        ACTIVE = "active", _("active")
        LEFT = "left", _("unsubscribed")

    class Frequency(models.TextChoices):
        DAILY = "daily", _("every day")
        WEEKDAYS = "weekdays", _("Monday to Friday")
        WEEKLY = "weekly", _("once a week")
        PAUSED = "paused", _("paused")

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    email = models.CharField(max_length=MAX_EMAIL, help_text="As typed; the domain as an A-label.")
    email_key = models.CharField(max_length=MAX_EMAIL, unique=True, editable=False)
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    frequency = models.CharField(max_length=8, choices=Frequency, default=Frequency.DAILY)
    weekday = models.PositiveSmallIntegerField(
        choices=Weekday, default=Weekday.MONDAY, help_text="For a weekly digest."
    )
    hour = models.PositiveSmallIntegerField(
        default=7, validators=[MaxValueValidator(23)], help_text="Local hour, 0 to 23."
    )
    zone = models.CharField(max_length=64, default="UTC", help_text="IANA name, such as Europe/Berlin.")
    max_papers = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(MAX_PAPERS)]
    )
    language = models.CharField(
        max_length=12, choices=languages, default=settings.LANGUAGE_CODE, help_text="What mails are written in."
    )
    wants_quiet_note = models.BooleanField(default=False, help_text="A short mail on days without papers.")
    wants_trending = models.BooleanField(
        default=False, help_text="Up to three trending papers beside those that match."
    )
    paused_until = models.DateField(null=True, blank=True)
    next_digest_at = models.DateTimeField(null=True, blank=True, editable=False)
    cutoff_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Papers first seen before this were considered."
    )
    last_edition = models.DateField(null=True, blank=True, editable=False)
    last_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    seen_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Last sign of life: something sent from one of our pages."
    )
    asked_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When they were last asked whether digests are still wanted."
    )
    left_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        indexes = (
            models.Index(fields=["status", "next_digest_at"], name="subscriber_due"),
            models.Index(fields=["-created_at", "-id"], name="subscriber_newest"),
        )
        permissions = (
            ("export_subscriber", "Can export subscribers"),
            ("erase_subscriber", "Can erase subscribers"),
            ("import_subscriber", "Can import subscribers"),
        )

    def __str__(self) -> str:
        return f"subscriber {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email_key = self.email.lower()
        fields = kwargs.get("update_fields")
        if fields is not None and "email" in fields:
            kwargs["update_fields"] = {*fields, "email_key"}
        super().save(*args, **kwargs)

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE

    @property
    def days(self) -> frozenset[int]:
        """Weekdays on which a digest is wished: Monday is 0; empty while paused."""
        match self.frequency:
            case self.Frequency.DAILY:
                return frozenset(range(7))
            case self.Frequency.WEEKDAYS:
                return frozenset(range(5))
            case self.Frequency.WEEKLY:
                return frozenset({self.weekday})
        return frozenset()


class Interest(models.Model):
    """A saved search, in the language of papers.search."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="interests")
    text = models.CharField(max_length=MAX_INTEREST, help_text="As typed.")
    normal = models.CharField(
        max_length=4 * MAX_INTEREST,
        editable=False,
        help_text="Canonical form: equal forms are evaluated once.",
    )
    is_muted = models.BooleanField("muted", default=False, help_text="Papers that match are dropped.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "pk")
        indexes = (models.Index(fields=["normal"], name="interest_normal"),)
        constraints = (
            models.UniqueConstraint(fields=["subscriber", "normal"], name="one_interest_per_subscriber_and_form"),
        )

    def __str__(self) -> str:
        return self.text


class ConsentEvent(models.Model):
    """Append-only: what a person asked for or agreed to, when, and in answer to which words.

    `subscriber` is no database constraint, so the row stays as evidence after the person is erased. From then
    on, and only then, the database lets `source` and `evidence` be emptied and the row be deleted.
    """

    class Kind(models.TextChoices):
        REQUESTED = "requested", _("asked to subscribe")
        CONFIRMED = "confirmed", _("confirmed")
        CHANGED = "changed", _("changed preferences")
        ADDRESS_CHANGED = "address", _("changed address")
        WITHDRAWN = "withdrawn", _("unsubscribed")
        ERASED = "erased", _("had everything deleted")

    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.DO_NOTHING, db_constraint=False, related_name="consents"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField()
    form = models.CharField(max_length=40, help_text="Where: sign-up form, one-click, preferences …")
    text_version = models.CharField(max_length=20, blank=True)
    text_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the words shown.")
    locale = models.CharField(max_length=12, blank=True)
    source = models.CharField(max_length=MAX_SOURCE, blank=True, help_text="Where an operator has the consent from.")
    evidence = models.TextField(blank=True, help_text="What proves it, for a consent given elsewhere.")

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d}"


class Suppression(models.Model):
    """An address that must get no mail of any kind, known by its keyed hash only."""

    class Reason(models.TextChoices):
        COMPLAINT = "complaint", _("complained")
        BOUNCE = "bounce", _("address does not work")
        OPERATOR = "operator", _("by an operator")

    address_hmac = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=12, choices=Reason)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.reason} {self.at:%Y-%m-%d}"


class Token(models.Model):
    """A link's secret, for one purpose. Only its SHA-256 is stored: the table opens no door.

    The secret itself is derived from SECRET_KEY and `nonce` (see subscriptions.links), so a mail
    rendered twice carries the same link.
    """

    class Purpose(models.TextChoices):
        CONFIRM = "confirm", _("confirm a subscription")
        UNSUBSCRIBE = "unsubscribe", _("unsubscribe")
        MANAGE = "manage", _("manage preferences")
        EMAIL = "email", _("change the address")
        FEED = "feed", _("read one's digests as a feed")

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="tokens")
    purpose = models.CharField(max_length=12, choices=Purpose)
    digest = models.CharField(max_length=64, unique=True)
    nonce = models.UUIDField()
    payload = models.JSONField(default=dict, help_text="What the link will do: preferences asked for, new address.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        indexes = (models.Index(fields=["expires_at"], name="token_expires"),)

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"
