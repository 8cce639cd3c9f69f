"""What a provider's event means for a delivery and its address: a table for what Anymail made of it, one for
each provider's own words where Anymail merges what must stay apart, and the receiving server's reply last.

Pure: no database. Blocked mail is the operator's business and never counts against the address.
"""

import re
from collections.abc import Mapping
from typing import Any

from anymail.signals import AnymailTrackingEvent

from subscriptions.models import DeliveryEvent

Kind = DeliveryEvent.Kind

# https://anymail.dev/en/stable/sending/tracking/#anymail.signals.AnymailTrackingEvent.event_type
TYPES = {
    "delivered": Kind.DELIVERED,
    "deferred": Kind.DEFERRED,
    "complained": Kind.COMPLAINED,
    "unsubscribed": Kind.UNSUBSCRIBED,
    "failed": Kind.BLOCKED,  # taken, then not sent for a reason of the provider's own
}
# https://anymail.dev/en/stable/sending/tracking/#anymail.signals.AnymailTrackingEvent.reject_reason
REASONS = {
    "invalid": Kind.BOUNCED,
    "bounced": Kind.BOUNCED,
    "timed_out": Kind.SOFT_BOUNCED,
    "blocked": Kind.BLOCKED,
    "spam": Kind.BLOCKED,
    "unsubscribed": Kind.UNSUBSCRIBED,
}
WITHOUT_REASON = {"bounced": Kind.SOFT_BOUNCED, "rejected": Kind.BLOCKED}

# The place in the raw event where a provider says which kind of failure it was, and its words for it.
Words = Mapping[str, DeliveryEvent.Kind]
# https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html#bounce-types
AMAZON: Words = {
    "Permanent": Kind.BOUNCED,
    "Transient": Kind.SOFT_BOUNCED,
    "Undetermined": Kind.SOFT_BOUNCED,
    "Transient|MessageTooLarge": Kind.BLOCKED,
    "Transient|ContentRejected": Kind.BLOCKED,
    "Transient|AttachmentRejected": Kind.BLOCKED,
}
WORDS: Mapping[str, tuple[tuple[str, ...], Words]] = {
    "amazon_ses": (("bounce", "bounceType|bounceSubType"), AMAZON),
    # https://developers.brevo.com/docs/transactional-webhooks
    "brevo": (("event",), {"hard_bounce": Kind.BOUNCED, "soft_bounce": Kind.SOFT_BOUNCED}),
    # https://developers.mailersend.com/api/v1/webhooks.html
    "mailersend": (("data", "type"), {"hard_bounced": Kind.BOUNCED, "soft_bounced": Kind.SOFT_BOUNCED}),
    # https://documentation.mailgun.com/docs/mailgun/user-manual/events/event-structure: "severity" is
    # Anymail's business; "old" has been tried for hours, "generic" may be anything.
    "mailgun": (
        ("event-data", "reason"),
        {
            "bounce": Kind.BOUNCED,
            "suppress-bounce": Kind.BOUNCED,
            "suppress-complaint": Kind.BLOCKED,
            "suppress-unsubscribe": Kind.UNSUBSCRIBED,
            "espblock": Kind.BLOCKED,
            "old": Kind.SOFT_BOUNCED,
        },
    ),
    # https://dev.mailjet.com/email/guides/webhooks/
    "mailjet": (
        ("event|hard_bounce",),
        {"bounce|True": Kind.BOUNCED, "bounce|False": Kind.SOFT_BOUNCED},
    ),
    # https://postmarkapp.com/developer/api/bounce-api#bounce-types: a filter's notice is no reader's complaint
    "postmark": (
        ("Type",),
        {
            "HardBounce": Kind.BOUNCED,
            "SoftBounce": Kind.SOFT_BOUNCED,
            "SpamNotification": Kind.BLOCKED,
            "VirusNotification": Kind.BLOCKED,
        },
    ),
    # https://resend.com/docs/webhooks/emails/bounced: Amazon's words
    "resend": (("data", "bounce", "type|subType"), AMAZON),
    # https://support.sparkpost.com/docs/deliverability/bounce-classification-codes
    "sparkpost": (
        ("msys", "*", "bounce_class"),
        {
            "10": Kind.BOUNCED,
            "30": Kind.BOUNCED,
            **dict.fromkeys(("1", "20", "21", "22", "24", "40", "70"), Kind.SOFT_BOUNCED),
            **dict.fromkeys(("23", "25", "50", "51", "52", "53", "54"), Kind.BLOCKED),
        },
    ),
}
FAILURES = frozenset({"bounced", "rejected", "complained"})
COUNTED = frozenset({Kind.BOUNCED, Kind.SOFT_BOUNCED})
# Anymail calls it blocked; it is the provider's memory of earlier bounces, and nothing goes through any more.
ON_THEIR_LIST = frozenset({"Permanent|Suppressed", "Permanent|OnAccountSuppressionList"})

# Enhanced status codes, RFC 3463, and not a piece of an IP address.
_ENHANCED = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
# Bad mailbox, bad domain, bad syntax, moved, takes no mail at all; disabled.
_NO_SUCH_ADDRESS = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"})
_MAILBOX_FULL = "2.2"
_BASIC = re.compile(r"\s*(?:smtp;\s*)?([45])\d\d\b")
_POLICY = re.compile(r"\bspam|black-?\s?list|block-?\s?list|deny-?\s?list|\brbl\b|reputation|\bdmarc\b|\bspf\b", re.I)


def judge(provider: str, event: AnymailTrackingEvent) -> DeliveryEvent.Kind:
    """The kind of `event`; OTHER for whatever says nothing about delivery."""
    if event.event_type not in FAILURES:
        return _delayed_by_ses(event) if provider == "amazon_ses" else TYPES.get(event.event_type, Kind.OTHER)
    kind = TYPES.get(event.event_type) or REASONS.get(event.reject_reason) or WITHOUT_REASON[event.event_type]
    said = _in_own_words(provider, event.esp_event, kind)
    kind = said or kind
    if kind not in COUNTED:
        return kind
    return _by_reply(reply_of(event), kind, final=said is not None)


def reply_of(event: AnymailTrackingEvent) -> str:
    """What the receiving server is said to have answered, or the provider in its stead."""
    return " ".join(str(text) for text in (event.mta_response, event.description) if text)


def _delayed_by_ses(event: AnymailTrackingEvent) -> DeliveryEvent.Kind:
    # An event that Anymail 15 does not know.
    if _look_up(event.esp_event, "eventType") == "DeliveryDelay":
        return Kind.DEFERRED
    return TYPES.get(event.event_type, Kind.OTHER)


def _in_own_words(provider: str, raw: Any, kind: DeliveryEvent.Kind) -> DeliveryEvent.Kind | None:
    if provider not in WORDS:
        return None
    path, words = WORDS[provider]
    word = _look_up(raw, *path)
    said = words.get(word) or words.get(word.partition("|")[0])
    worse = kind == Kind.COMPLAINED or (kind == Kind.BLOCKED and word not in ON_THEIR_LIST)
    return None if worse and said in COUNTED else said


def _look_up(raw: Any, *path: str) -> str:
    """The word at the end of `path`, "" if there is none. "*" is the only key, "a|b" joins two values."""
    for name in path[:-1]:
        if not isinstance(raw, Mapping):
            return ""
        raw = next(iter(raw.values()), None) if name == "*" else raw.get(name)
    if not isinstance(raw, Mapping):
        return ""
    return "|".join(str(raw.get(name, "")) for name in path[-1].split("|"))


def _by_reply(reply: str, kind: DeliveryEvent.Kind, *, final: bool) -> DeliveryEvent.Kind:
    """Blocked, if the reply tells of policy. Hard or soft by the reply, unless the provider has said it: `final`."""
    enhanced = _ENHANCED.search(reply)
    severity, status = (enhanced[1], f"{enhanced[2]}.{enhanced[3]}") if enhanced else (_severity(reply), "")
    if status.startswith("7.") or (not status and _POLICY.search(reply)):
        return Kind.BLOCKED
    if final:
        return kind
    if severity == "4" or status == _MAILBOX_FULL:
        return Kind.SOFT_BOUNCED
    return Kind.BOUNCED if status in _NO_SUCH_ADDRESS else kind


def _severity(reply: str) -> str:
    basic = _BASIC.match(reply)
    return basic[1] if basic else ""
