"""From ledger rows to messages. What a digest looks like is test_issue's matter, its bytes test_message's."""

import re
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from papers.models import Announcement, Paper
from subscriptions import blocks, links
from subscriptions.digest_links import DigestLinks
from subscriptions.issue import CannotRender
from subscriptions.models import Delivery, Digest, DigestItem, Interest, Subscriber, Token
from subscriptions.rendering import render, render_many, render_preview
from tests.factories import NOW, make_delivery, make_digest, make_interest, make_paper, make_subscriber

pytestmark = pytest.mark.django_db

Kind, Purpose = Delivery.Kind, Token.Purpose
SITE = "https://digest.example.org"


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = SITE
    settings.SITE_NAME = "Paper Round"
    settings.DEFAULT_FROM_EMAIL = "Paper Round <papers@digest.example.org>"
    settings.ACCOUNT_FROM_EMAIL = "Paper Round <accounts@digest.example.org>"
    settings.POSTAL_ADDRESS = "1 Reading Room, 12345 Papertown"


def fetch(delivery: Delivery) -> Delivery:
    return Delivery.objects.get(pk=delivery.pk)


def parse(message):
    return message_from_bytes(message.message().as_bytes(linesep="\r\n"), policy=default)


def queue(kind: str, purpose: str | None = None, payload: dict | None = None) -> Delivery:
    subscriber = make_subscriber()
    token = purpose and links.issue(subscriber, purpose, NOW, payload)
    return Delivery.objects.create(
        key=f"{kind}-1", kind=kind, subscriber=subscriber, token=token or None, not_before=NOW
    )


def unsubscribe_url(subscriber: Subscriber) -> str:
    return links.url(subscriber.tokens.get(purpose=Purpose.UNSUBSCRIBE))


# Digests -----------------------------------------------------------------------------------------------


def test_digest_goes_to_its_reader_with_their_links():
    delivery = make_delivery()
    make_interest(delivery.subscriber, "grokking")

    message = render(fetch(delivery), now=NOW)

    unsubscribe = unsubscribe_url(delivery.subscriber)
    parsed = parse(message)
    assert (parsed["To"], parsed["From"], parsed["Subject"], parsed["List-Unsubscribe"]) == (
        "reader1@example.org",
        "Paper Round <papers@digest.example.org>",
        "1 new paper: grokking",
        f"<{unsubscribe}>",
    )
    assert parsed["Message-ID"] == f"<{delivery.key}@digest.example.org>"
    addresses = [line for line in message.body.splitlines() if line.startswith(SITE)]
    own = DigestLinks(delivery.subscriber.tokens.get(purpose=Purpose.UNSUBSCRIBE), NOW.date())
    wishes = own.feedback(delivery.digest.items.get().paper_id)
    manage = links.url(delivery.token)
    assert addresses == [wishes.more, wishes.less, manage, own.pause, own.view, unsubscribe, SITE]
    assert [url in message.html for url in addresses] == [True] * 7


def test_digest_whose_manage_link_ended_leads_to_the_preferences():
    delivery = make_delivery()

    body = render(fetch(delivery), now=NOW + timedelta(days=7)).body

    assert f"Change your preferences:\n{SITE}/preferences\n" in body


def test_quiet_digest_is_a_note():
    subscriber = make_subscriber(wants_quiet_note=True)
    digest = make_digest(subscriber, [], outcome=Digest.Outcome.EMPTY, reason="Nothing was announced.", matched=0)
    delivery = Delivery.objects.create(
        key="digest-quiet", kind=Kind.DIGEST, subscriber=subscriber, digest=digest, not_before=NOW
    )

    message = render(fetch(delivery), now=NOW)

    assert message.subject == "No new papers for you on 12 August 2026"
    assert message.body.split("\n\n")[1] == "Nothing was announced."
    assert parse(message)["Precedence"] == "bulk"


def test_newest_living_unsubscribe_token_is_used():
    delivery = make_delivery()
    newest = links.issue(delivery.subscriber, Purpose.UNSUBSCRIBE, NOW - timedelta(hours=2))
    ended = links.issue(delivery.subscriber, Purpose.UNSUBSCRIBE, NOW - timedelta(hours=1))
    Token.objects.filter(pk=ended.pk).update(expires_at=NOW)

    message = render(fetch(delivery), now=NOW)

    assert parse(message)["List-Unsubscribe"] == f"<{links.url(newest)}>"


def test_digest_without_unsubscribe_token_cannot_leave():
    delivery = make_delivery()
    delivery.subscriber.tokens.filter(purpose=Purpose.UNSUBSCRIBE).delete()

    with pytest.raises(CannotRender, match=r"^the reader has no token to unsubscribe with"):
        render(fetch(delivery), now=NOW)


def test_delivery_without_its_digest_cannot_leave():
    with pytest.raises(CannotRender, match=r"^this delivery has no digest$"):
        render(queue(Kind.DIGEST), now=NOW)


@pytest.mark.parametrize("flag", ["is_hidden", "is_withdrawn"])
def test_paper_hidden_after_composing_is_not_sent(flag):
    shown, hidden = make_paper(1), make_paper(2)
    delivery = make_delivery(papers=[shown, hidden])
    Paper.objects.filter(pk=hidden.pk).update(**{flag: True})

    message = render(fetch(delivery), now=NOW)

    assert (message.subject, hidden.title in message.body) == ("1 new paper: grokking", False)


def test_digest_of_hidden_papers_only_cannot_leave():
    delivery = make_delivery(papers=[make_paper(is_hidden=True)])

    with pytest.raises(CannotRender, match=r"^every paper of this digest was hidden or withdrawn$"):
        render(fetch(delivery), now=NOW)


def test_readers_with_equal_interests_get_equal_html_but_for_their_links():
    one, other = (render(fetch(make_delivery(number)), now=NOW) for number in (1, 2))

    mine, theirs = (
        [url for url in message.html.split('"') if re.match(rf"{SITE}/[fmpuv]/", url)] for message in (one, other)
    )
    html = one.html
    for own, foreign in zip(mine, theirs, strict=True):
        html = html.replace(own, foreign)
    assert len(mine) == 6
    assert html == other.html


def test_rendering_again_changes_only_the_date():
    delivery = make_delivery()

    first, again = (render(fetch(delivery), now=NOW + timedelta(minutes=m)) for m in (0, 5))

    first_bytes, again_bytes = (message.message().as_bytes() for message in (first, again))
    assert first_bytes.replace(b"07:00:30", b"07:05:30") == again_bytes


def test_announcements_of_the_day_stand_in_both_parts():
    delivery = make_delivery()
    days = [(0, 0), (-3, 1), (1, 9), (-9, -1)]
    for number, (first, last) in enumerate(days):
        Announcement.objects.create(
            body=f"Notice **{number}**: [more](https://digest.example.org/about)",
            starts_on=NOW.date() + timedelta(days=first),
            ends_on=NOW.date() + timedelta(days=last),
        )

    message = render(fetch(delivery), now=NOW)

    assert re.findall(r"Notice (\d): more \((.+)\)", message.body) == [("0", f"{SITE}/about"), ("1", f"{SITE}/about")]
    assert re.findall(r'<p style="[^"]+">Notice <strong>(\d)</strong>: <a [^>]*style=', message.html) == ["0", "1"]


# Batches -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("readers", [1, 3])
def test_queries_do_not_grow_with_the_batch(readers):
    papers = [make_paper(number) for number in range(1, 4)]
    for number in range(1, readers + 1):
        make_interest(make_delivery(number, papers=papers).subscriber, "grokking")
    deliveries = list(Delivery.objects.all())

    with CaptureQueriesContext(
        connection,
    ) as queries:
        messages = render_many(deliveries, now=NOW)

    assert [message.subject for message in messages.values()] == ["3 new papers: grokking"] * readers
    # Tokens, readers, interests, digests, items, papers; the readers' tokens to unsubscribe; announcements.
    assert len(queries) == 8


def test_rendering_changes_no_row():
    delivery = make_delivery()

    with CaptureQueriesContext(connection) as queries:
        render(fetch(delivery), now=NOW)

    assert [query["sql"][:6] for query in queries] == ["SELECT"] * len(queries)


def test_paper_is_rendered_once_a_run(monkeypatch):
    for cached in (blocks._paper_block, blocks._found_block):
        cached.cache_clear()
    filled = []
    fill_page = blocks.fill_page
    monkeypatch.setattr(blocks, "fill_page", lambda *args: filled.append(args[0]) or fill_page(*args))
    papers = [make_paper(number) for number in (1, 2)]
    deliveries = [make_delivery(number, papers=papers) for number in (1, 2, 3)]

    render_many(deliveries[:2], now=NOW)
    render_many(deliveries[2:], now=NOW)

    assert sorted(filled) == ["found.html", "paper.html", "paper.html"]


def test_changed_paper_is_rendered_anew():
    paper = make_paper()
    render(fetch(make_delivery(1, papers=[paper])), now=NOW)
    Paper.objects.filter(pk=paper.pk).update(title="Its second title")

    message = render(fetch(make_delivery(2, papers=[paper])), now=NOW)

    assert "Its second title" in message.body


def test_one_broken_delivery_does_not_keep_the_others():
    good, broken = make_delivery(1), make_delivery(2)
    Subscriber.objects.filter(pk=broken.subscriber_id).update(email="a@example.org, b@example.org")

    results = render_many([fetch(broken), fetch(good)], now=NOW)

    assert str(results[broken.pk]) == "the recipient is not exactly one ASCII address"
    assert results[good.pk].to == ["reader1@example.org"]


def test_poisoned_rows_make_a_valid_message():
    chars = "\x01\x0b\x0c\x1b\x1c\x7f\x85\x9f\u2028\u202e\u2066\ufeff\uffff"
    poison = f"a{chars}Bcc: x@evil.example"
    paper = make_paper(title=poison, abstract=poison, authors=[poison], organisation=poison)
    delivery = make_delivery(papers=[paper])
    make_interest(delivery.subscriber, poison)
    delivery.digest.items.update(reasons=[{"interest": poison, "terms": [poison]}])

    parsed = parse(render(fetch(delivery), now=NOW))

    assert (parsed.defects, parsed["Bcc"], parsed["Subject"]) == ([], None, "1 new paper: a Bcc: x@evil.example")
    bodies = "".join(part.get_content() for part in parsed.iter_parts())
    assert set(chars) & set(bodies) == set()


# Mails about the subscription --------------------------------------------------------------------------

ACCOUNT_MAILS = [
    (Kind.CONFIRM, Purpose.CONFIRM, "Confirm your subscription to Paper Round", "72 hours", "/c/"),
    (Kind.ALREADY, Purpose.MANAGE, "You are already subscribed to Paper Round", "7 days", "/m/"),
    (Kind.LINK, Purpose.MANAGE, "Your link to your Paper Round preferences", "7 days", "/m/"),
    (Kind.NEW_ADDRESS, Purpose.EMAIL, "Confirm your new address for Paper Round", "30 minutes", "/a/"),
    (Kind.OLD_ADDRESS, Purpose.MANAGE, "Your Paper Round address is about to change", None, "/m/"),
]


@pytest.mark.parametrize(("kind", "purpose", "subject", "life", "path"), ACCOUNT_MAILS)
def test_account_mail_brings_its_link(kind, purpose, subject, life, path):
    delivery = queue(kind, purpose, {"email": "moving@example.net"})

    message = render(fetch(delivery), now=NOW)

    link = links.url(delivery.token)
    parsed = parse(message)
    moving = kind in {Kind.NEW_ADDRESS, Kind.OLD_ADDRESS}
    assert (parsed["Subject"], parsed["From"], parsed["To"], parsed["List-Unsubscribe"], parsed["Precedence"]) == (
        subject,
        "Paper Round <accounts@digest.example.org>",
        "moving@example.net" if moving else "reader1@example.org",
        None,
        None,
    )
    assert link.startswith(SITE + path)
    assert [line for line in message.body.splitlines() if "://" in line] == [link, SITE]
    assert message.html.count(f'href="{link}"') == 1
    unfolded = " ".join(message.body.split())
    assert life is None or f"The link works for {life}." in unfolded
    assert "1 Reading Room, 12345 Papertown" in unfolded
    assert max(map(len, message.body.splitlines())) <= 72


@pytest.mark.parametrize("kind", [kind for kind, *_ in ACCOUNT_MAILS])
def test_account_mail_says_nothing_the_reader_typed(kind):
    purpose = next(purpose for name, purpose, *_ in ACCOUNT_MAILS if name == kind)
    delivery = queue(kind, purpose, {"email": "moving@example.net", "interests": ["buy at evil.example"]})
    make_interest(delivery.subscriber, "buy at evil.example")

    message = render(fetch(delivery), now=NOW)

    assert "evil.example" not in message.subject + message.body + message.html


@pytest.mark.parametrize("kind", [Kind.CONFIRM, Kind.LINK, Kind.NEW_ADDRESS])
def test_account_mail_without_its_link_cannot_leave(kind):
    with pytest.raises(CannotRender, match=r"^the link this mail should bring has ended$"):
        render(queue(kind), now=NOW)


def test_account_mail_whose_link_ended_cannot_leave():
    delivery = queue(Kind.CONFIRM, Purpose.CONFIRM)

    with pytest.raises(CannotRender, match=r"^the link this mail should bring has ended$"):
        render(fetch(delivery), now=NOW + timedelta(hours=72))


def test_notice_to_the_old_address_never_brings_the_new_one_s_link():
    delivery = queue(Kind.OLD_ADDRESS, Purpose.EMAIL, {"email": "old@example.net"})

    message = render(fetch(delivery), now=NOW)

    assert (message.to, links.url(delivery.token) in message.body + message.html) == (["old@example.net"], False)
    assert [line for line in message.body.splitlines() if "://" in line] == [f"{SITE}/preferences/link", SITE]


# Previews ----------------------------------------------------------------------------------------------


def test_preview_takes_rows_that_were_never_saved():
    paper = make_paper()
    digest = Digest(edition=NOW.date(), due_at=NOW, window_start=NOW, window_end=NOW, considered=9, matched=1)
    item = DigestItem(paper=paper, position=1, reasons=[{"interest": "grokking", "terms": ["grokking"]}])

    with CaptureQueriesContext(connection) as queries:
        message = render_preview(digest, [item], [Interest(text="grokking")], to="editor@example.org", now=NOW)

    assert (len(queries), message.to, message.subject) == (0, ["editor@example.org"], "1 new paper: grokking")
    assert {line for line in message.body.splitlines() if line.startswith(SITE)} == {SITE}
    assert [name for name in message.extra_headers if name.startswith("List-")] == []
    assert DigestItem.objects.count() == 0
