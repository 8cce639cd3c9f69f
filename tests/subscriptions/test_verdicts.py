"""STANDARDS S22: what is hard, what is soft, and what is not the reader's doing."""

import pytest
from anymail.signals import AnymailTrackingEvent

from subscriptions.verdicts import judge

HARD, SOFT, BLOCKED = "bounced", "soft_bounced", "blocked"


def event(event_type: str, reason: str | None = None, reply: str | None = None, raw: object = None):
    return AnymailTrackingEvent(event_type=event_type, reject_reason=reason, mta_response=reply, esp_event=raw)


@pytest.mark.parametrize(
    ("event_type", "reason", "kind"),
    [
        ("delivered", None, "delivered"),
        ("deferred", None, "deferred"),
        ("complained", "spam", "complained"),
        ("complained", None, "complained"),
        ("unsubscribed", None, "unsubscribed"),
        ("unsubscribed", "unsubscribed", "unsubscribed"),
        ("failed", None, BLOCKED),
        ("bounced", "invalid", HARD),
        ("bounced", "bounced", HARD),
        ("bounced", "timed_out", SOFT),
        ("bounced", "blocked", BLOCKED),
        ("bounced", "spam", BLOCKED),
        ("bounced", "unsubscribed", "unsubscribed"),
        ("bounced", "other", SOFT),
        ("bounced", None, SOFT),
        ("rejected", "invalid", HARD),
        ("rejected", "bounced", HARD),
        ("rejected", "timed_out", SOFT),
        ("rejected", "blocked", BLOCKED),
        ("rejected", "spam", BLOCKED),
        ("rejected", "unsubscribed", "unsubscribed"),
        ("rejected", "other", BLOCKED),
        ("rejected", None, BLOCKED),
        ("queued", None, "other"),
        ("sent", None, "other"),
        ("autoresponded", None, "other"),
        ("subscribed", None, "other"),
        ("unknown", None, "other"),
        ("of tomorrow", "of tomorrow", "other"),
    ],
)
def test_s22_anymails_words_have_a_kind(event_type, reason, kind):
    assert judge("some provider", event(event_type, reason)) == kind


def ses(kind: str, subtype: str) -> dict:
    return {"eventType": "Bounce", "bounce": {"bounceType": kind, "bounceSubType": subtype}}


def resend(kind: str, subtype: str) -> dict:
    return {"type": "email.bounced", "data": {"bounce": {"type": kind, "subType": subtype, "message": "…"}}}


def sparkpost(bounce_class: str) -> dict:
    return {"msys": {"message_event": {"type": "bounce", "bounce_class": bounce_class}}}


@pytest.mark.parametrize(
    ("provider", "event_type", "reason", "raw", "kind"),
    [
        ("amazon_ses", "bounced", "bounced", ses("Permanent", "General"), HARD),
        ("amazon_ses", "bounced", "bounced", ses("Permanent", "Suppressed"), HARD),
        ("amazon_ses", "bounced", "bounced", ses("Transient", "MailboxFull"), SOFT),
        ("amazon_ses", "bounced", "bounced", ses("Transient", "ContentRejected"), BLOCKED),
        ("amazon_ses", "bounced", "bounced", ses("Undetermined", "Undetermined"), SOFT),
        ("amazon_ses", "bounced", "bounced", ses("Novel", "Novel"), HARD),
        ("amazon_ses", "unknown", None, {"eventType": "DeliveryDelay"}, "deferred"),
        ("amazon_ses", "unknown", None, {"eventType": "Novel"}, "other"),
        ("brevo", "bounced", "bounced", {"event": "hard_bounce"}, HARD),
        ("brevo", "bounced", "bounced", {"event": "soft_bounce"}, SOFT),
        ("brevo", "bounced", "invalid", {"event": "invalid_email"}, HARD),
        ("brevo", "rejected", "blocked", {"event": "blocked"}, BLOCKED),
        ("mailersend", "bounced", "bounced", {"data": {"type": "hard_bounced"}}, HARD),
        ("mailersend", "bounced", None, {"data": {"type": "hard_bounced"}}, HARD),
        ("mailersend", "bounced", "bounced", {"data": {"type": "soft_bounced"}}, SOFT),
        ("mailgun", "bounced", "bounced", {"event-data": {"reason": "bounce"}}, HARD),
        ("mailgun", "bounced", "other", {"event-data": {"reason": "generic"}}, SOFT),
        ("mailgun", "bounced", "other", {"event-data": {"reason": "old"}}, SOFT),
        ("mailgun", "bounced", "other", {"event-data": {"reason": "espblock"}}, BLOCKED),
        ("mailgun", "bounced", "other", {"event-data": {"reason": "suppress-complaint"}}, BLOCKED),
        ("mailgun", "bounced", "other", {"event-data": {"reason": "suppress-unsubscribe"}}, "unsubscribed"),
        ("mailjet", "bounced", "bounced", {"event": "bounce", "hard_bounce": True}, HARD),
        ("mailjet", "bounced", "bounced", {"event": "bounce", "hard_bounce": False}, SOFT),
        ("mailjet", "bounced", "blocked", {"event": "bounce", "hard_bounce": True}, BLOCKED),
        ("mailjet", "rejected", "spam", {"event": "blocked", "error": "spam reporter"}, BLOCKED),
        ("postmark", "bounced", "bounced", {"Type": "HardBounce"}, HARD),
        ("postmark", "bounced", "bounced", {"Type": "SoftBounce"}, SOFT),
        ("postmark", "complained", "spam", {"Type": "SpamComplaint"}, "complained"),
        ("postmark", "complained", "spam", {"Type": "SpamNotification"}, BLOCKED),
        ("postmark", "rejected", "invalid", {"Type": "BadEmailAddress"}, HARD),
        ("resend", "bounced", "bounced", resend("Permanent", "General"), HARD),
        ("resend", "bounced", "bounced", resend("Transient", "General"), SOFT),
        ("resend", "bounced", "blocked", resend("Permanent", "Suppressed"), HARD),
        ("resend", "bounced", "other", resend("Undetermined", "Undetermined"), SOFT),
        ("sparkpost", "bounced", "invalid", sparkpost("10"), HARD),
        ("sparkpost", "bounced", "bounced", sparkpost("30"), HARD),
        ("sparkpost", "bounced", "bounced", sparkpost("22"), SOFT),
        ("sparkpost", "bounced", "bounced", sparkpost("40"), SOFT),
        ("sparkpost", "bounced", "spam", sparkpost("51"), BLOCKED),
        ("sparkpost", "bounced", "other", sparkpost("53"), BLOCKED),
    ],
)
def test_s22_providers_own_words_part_what_anymail_merges(provider, event_type, reason, raw, kind):
    assert judge(provider, event(event_type, reason, raw=raw)) == kind


@pytest.mark.parametrize("raw", [None, [], "", 17, {"msys": None}, {"msys": {}}, {"data": []}, {"bounce": "x"}])
@pytest.mark.parametrize("provider", ["amazon_ses", "mailersend", "mailgun", "resend", "sparkpost"])
def test_s24_raw_event_of_another_shape_leaves_anymails_word(provider, raw):
    assert judge(provider, event("bounced", "bounced", raw=raw)) == HARD


@pytest.mark.parametrize(
    ("reason", "reply", "kind"),
    [
        ("bounced", "550 5.1.1 no such user", HARD),
        ("bounced", "550 5.7.1 blocked using zen.example: see https://example.org", BLOCKED),
        ("bounced", "554 Message refused: your host is on a block list", BLOCKED),
        ("bounced", "550 rejected by our SPAM filter", BLOCKED),
        ("bounced", "550 5.1.1 user unknown, see https://example.org/spam", HARD),
        ("bounced", "552 5.2.2 mailbox full", SOFT),
        ("bounced", "smtp; 451 4.3.0 try again", SOFT),
        ("bounced", "421 busy", SOFT),
        ("bounced", "550 refused, 5.7.1.2 is not our host", HARD),
        ("other", "550 5.1.1 no such user", HARD),
        ("other", "550 5.1.10 null MX", HARD),
        ("other", "550 5.1.8 sender domain", SOFT),
        ("other", "550 no", SOFT),
        (None, "", SOFT),
    ],
)
def test_s22_reply_of_the_receiving_server_decides_where_nothing_else_does(reason, reply, kind):
    assert judge("some provider", event("bounced", reason, reply)) == kind


def test_s22_hard_bounce_for_policy_is_no_bounce():
    raw = ses("Permanent", "General")

    assert judge("amazon_ses", event("bounced", "bounced", "smtp; 550 5.7.1 listed", raw)) == BLOCKED


def test_s22_hard_bounce_stays_hard_whatever_the_first_digit():
    raw = {"Type": "HardBounce"}

    assert judge("postmark", event("bounced", "bounced", "smtp;450 4.1.1 unknown", raw)) == HARD
