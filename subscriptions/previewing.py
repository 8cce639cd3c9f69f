"""A reader's next digest for an operator's eyes. Nothing is saved, and nothing goes to the reader."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from papers.models import Announcement
from subscriptions import braking, queueing
from subscriptions.composing import preview_for
from subscriptions.drafting import Draft
from subscriptions.message import Message
from subscriptions.models import Digest, Subscriber
from subscriptions.rendering import render_preview
from subscriptions.transport import Channel, Misconfigured, Outcome, Refused


@dataclass(frozen=True)
class Preview:
    """What was chosen, and the message it would make."""

    draft: Draft
    message: Message


def preview(subscriber: Subscriber, now: datetime, *, to: str) -> Preview:
    """The digest the reader would get if it were made now, addressed to `to`; its links lead to the site only."""
    draft = preview_for(subscriber, now)
    if draft.digest is None:
        raise ValueError("a preview always has a digest")
    interests = list(subscriber.interests.all())
    announcements = Announcement.objects.current(draft.digest.edition)
    message = render_preview(
        draft.digest, draft.items, interests, announcements, to=to, now=now, language=subscriber.language
    )
    return Preview(draft, message)


def look_at(digest: Digest, now: datetime) -> Message:
    """A stored digest as its mail would be now, but for its reader's own links."""
    items = list(digest.items.select_related("paper"))
    interests = list(digest.subscriber.interests.all())
    announcements = Announcement.objects.current(digest.edition)
    return render_preview(
        digest, items, interests, announcements, to="reader@example.org", now=now, language=digest.subscriber.language
    )


def send_copy(subscriber: Subscriber, now: datetime, *, to: str) -> Outcome:
    """Send that message to `to` at once, past the ledger: it is nobody's digest. The brake, and the suppression
    list, hold for it as for all mail."""
    if braking.is_pulled():
        return Misconfigured(_("sending is stopped: see Brakes."))
    if queueing.is_suppressed(to):
        return Refused(_("your own address is on the suppression list."))
    message = preview(subscriber, now, to=to).message
    with Channel() as channel:
        return channel.open(now) or channel.send(message)
