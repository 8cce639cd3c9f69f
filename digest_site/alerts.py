"""Tell those who run this what wants a hand: each thing once, once a day while it lasts, and when it is over.

Alerts do not go through the send ledger: they have no reader, must leave while sending is stopped, and one too many
costs nothing. They leave directly, one message an address, through ALERT_EMAIL_URL where that is set, since the
provider may be the very thing that fails. What could not be mailed is tried again with the next look.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation

from digest_site import alarms
from digest_site.logs import escape, mask
from digest_site.models import Alert
from subscriptions.message import BodyCharset, tidy_subject
from subscriptions.parts import fill
from subscriptions.transport import Channel, Receipt

logger = logging.getLogger(__name__)

# Told again while it lasts.
REMIND = timedelta(days=1)
# Over only when it was not found for so long, so that what flickers is one alert.
CALM = timedelta(minutes=30)
# Between two mails, whatever happens.
PAUSE = timedelta(minutes=10)
KEPT = timedelta(days=365)
HEADERS = {"Auto-Submitted": "auto-generated"}


def watch(now: datetime) -> None:
    """Look, remember, tell. Safe to run twice and in several processes: who tells is decided by the rows."""
    remember(alarms.look(now), now)
    tell(now)


def remember(found: dict[tuple[str, str], str], now: datetime) -> None:
    """Open what is new, note what is still so, close what is over, erase what is long over."""
    known = {(alert.name, alert.about): alert for alert in Alert.objects.unresolved()}
    for (name, about), raw in found.items():
        words = escape(mask(raw))[:500]
        if alert := known.get((name, about)):
            Alert.objects.filter(pk=alert.pk).update(words=words, seen_at=now)
        else:
            _open(name, about, words, now)
    over = Alert.objects.unresolved().filter(seen_at__lt=now - CALM)
    over.update(resolved_at=now)
    Alert.objects.filter(resolved_at__lt=now - KEPT).delete()


def tell(now: datetime) -> bool:
    """Mail what operators do not know yet; False when there is nothing, it is too soon, or it could not be mailed."""
    if not settings.ALERT_EMAILS or not (rows := _take(now)):
        return False
    if _mail(rows, now):
        return True
    for row in rows:  # as before: the next look tries again
        Alert.objects.filter(pk=row.pk).update(told_at=row.told_at, end_told_at=row.end_told_at)
    return False


def _open(name: str, about: str, words: str, now: datetime) -> None:
    try:
        with transaction.atomic():
            Alert.objects.create(name=name, about=about, words=words, opened_at=now, seen_at=now)
    except IntegrityError:
        return  # another process was quicker
    logger.error("Alert %s: %s", f"{name} {about}".strip(), words)


def _take(now: datetime) -> list[Alert]:
    """The alerts to tell of now, as they were; their rows say already that they are told, so nobody else tells."""
    with transaction.atomic():
        rows = list(Alert.objects.select_for_update().filter(end_told_at=None).order_by("opened_at", "pk"))
        if any(row.told_at and row.told_at > now - PAUSE for row in rows) or _told_an_end(now):
            return []
        news = [row for row in rows if _is_news(row, now)]
        lasting = [row.pk for row in news if row.resolved_at is None]
        Alert.objects.filter(pk__in=lasting).update(told_at=now)
        Alert.objects.filter(pk__in={row.pk for row in news} - set(lasting)).update(end_told_at=now)
    return news


def _told_an_end(now: datetime) -> bool:
    return Alert.objects.filter(end_told_at__gt=now - PAUSE).exists()


def _is_news(row: Alert, now: datetime) -> bool:
    if row.resolved_at:
        return row.told_at is not None
    return row.told_at is None or row.told_at <= now - REMIND


def _mail(rows: list[Alert], now: datetime) -> bool:
    parts = compose(rows)
    done = 0
    with Channel(get_connection(**settings.ALERT_EMAIL)) as channel:
        for address in settings.ALERT_EMAILS:
            message = EmailMultiAlternatives(
                parts["subject"], parts["text"], settings.SERVER_EMAIL, [address], headers=HEADERS
            )
            message.attach_alternative(parts["html"], "text/html")
            message.encoding = BodyCharset({})
            outcome = channel.open(now) or channel.send(message)
            if isinstance(outcome, Receipt):
                done += 1
            else:
                logger.error("An alert could not be mailed: %s", outcome.reason)
    return done > 0


def compose(rows: list[Alert]) -> dict[str, str]:
    """`subject`, `text` and `html` of one mail about all of them, in English as the alerts' own words are."""
    over = [row for row in rows if row.resolved_at]
    lasting = [row for row in rows if not row.resolved_at]
    home = settings.SITE_URL + reverse("admin:index")
    context = {"lasting": lasting, "over": over, "first": (lasting or over)[0], "more": len(rows) - 1, "home": home}
    with translation.override("en"):
        parts = fill("alert", context)
    return parts | {"subject": tidy_subject(parts["subject"])}
