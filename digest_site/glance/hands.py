"""What wants a hand: open alerts, each with the list on which to act."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from digest_site import health
from digest_site.models import Alert

# name → list, and how it is filtered. "{about}" is what the alert is about.
LISTS: dict[str, tuple[str, dict[str, str]]] = {
    "source_failed": ("papers_reading", {"source": "{about}", "outcome__exact": "failed"}),
    "records_quarantined": ("papers_rejected", {"source": "{about}"}),
    "papers_few": ("papers_reading", {"source": "{about}"}),
    "fields_empty": ("papers_reading", {"source": "{about}"}),
    "delivery_unknown": ("subscriptions_delivery", {"state__exact": "unknown"}),
    "mail_waiting": ("subscriptions_delivery", {"state__exact": "queued"}),
    "sending_stopped": ("subscriptions_brake", {}),
    "database_replaced": ("subscriptions_brake", {}),
    "edition_unclosed": ("subscriptions_edition", {"day": "{about}"}),
    "mail_refused": ("subscriptions_deliveryevent", {"kind__exact": "blocked"}),
    "bounces_high": ("subscriptions_deliveryevent", {"kind__exact": "bounced"}),
    "complaints_high": ("subscriptions_deliveryevent", {"kind__exact": "complained"}),
    "account_mails_held": ("subscriptions_allowance", {}),
}
# Where no list helps, what is known of it.
OPEN_ALERTS = ("digest_site_alert", {"resolved_at__isempty": "1"})


@dataclass(frozen=True)
class Hand:
    """One thing to see to; `address` is "" where the user may not see the list."""

    name: str
    words: str
    since: datetime | None
    address: str


def hands(now: datetime, user: Any) -> list[Hand]:
    """Open alerts, the oldest first. That nobody looks any more is found here and now."""
    found = [
        Hand(alert.name, alert.words, alert.opened_at, address_of(alert.name, alert.about, user))
        for alert in Alert.objects.unresolved().order_by("opened_at", "pk")[:50]
    ]
    beat = health.check_heartbeat(now)
    if not beat["ok"] and not any(hand.name == "beat_stopped" for hand in found):
        words = _("No tick was run lately: beat, the broker or the workers stand still, and so does this list.")
        found.insert(0, Hand("beat_stopped", words, beat["last"], address_of("beat_stopped", "", user)))
    return found


def address_of(name: str, about: str, user: Any) -> str:
    model, filters = LISTS.get(name, OPEN_ALERTS)
    if not user.has_perm(model.replace("_", ".view_")):
        return ""
    address = reverse(f"admin:{model}_changelist")
    query = urlencode({key: value.format(about=about) for key, value in filters.items()})
    return f"{address}?{query}" if query else address
