"""Welcome, and the question whether digests are still wanted. The other mails about a subscription: test_rendering."""

import re
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from subscriptions import digest_links, links, queueing, signup
from subscriptions.consent import Shown
from subscriptions.delivery import send_queued
from subscriptions.digest_links import Act
from subscriptions.issue import CannotRender
from subscriptions.keywords import read_one
from subscriptions.models import Delivery, Digest, Subscriber, Token
from subscriptions.preferences import Preferences
from subscriptions.rendering import render
from tests.factories import NOW, make_interest, make_paper, make_subscriber
from tests.readers import dump, pending

pytestmark = pytest.mark.django_db

Kind = Delivery.Kind
PAGE = Shown(form="confirmation page", locale="en", text="confirm-1")


def confirm(*keywords: str) -> Delivery:
    """The welcome of somebody who has just confirmed."""
    wishes = Preferences(keywords=[read_one(text) for text in keywords])
    signup.sign_up("ada@example.org", wishes, NOW, Shown(form="sign-up form"))
    signup.confirm(Token.objects.get(purpose=Token.Purpose.CONFIRM), NOW, PAGE)
    return Delivery.objects.get(kind=Kind.WELCOME)


def question() -> Delivery:
    delivery = queueing.queue(Kind.STILL_WANTED, make_subscriber(), NOW)
    assert delivery
    return delivery


def parse(delivery: Delivery):
    fresh = Delivery.objects.get(pk=delivery.pk)
    raw = render(fresh, now=NOW).message().as_bytes(linesep="\r\n")
    return message_from_bytes(raw, policy=default), raw


def parts(delivery: Delivery) -> tuple[str, str]:
    mail, _ = parse(delivery)
    return tuple(mail.get_body([kind]).get_content().replace("\r\n", "\n") for kind in ("plain", "html"))


# Welcome ---------------------------------------------------------------------------------------------


def test_welcome_shows_what_a_digest_would_bring_now():
    for number in range(1, 6):
        make_paper(number, votes=number, abstract="Grokking.")
    make_paper(7, title="Something else", abstract="")

    text, html = parts(confirm("grokking", "-survey"))

    shown = re.findall(r"^Grokking in circuit \d$", text, re.M)
    assert shown == ["Grokking in circuit 5", "Grokking in circuit 4", "Grokking in circuit 3"]
    assert all(title in html for title in shown)
    for part in (text, html):
        assert "And 2 more." in part
        assert "grokking" in part
        assert "survey" in part
        assert "Something else" not in part
    assert "What you chose: every day at 07:00 (UTC), 10 papers at most." in text


def test_welcome_without_a_matching_paper_says_so():
    make_paper(1, title="Something else", abstract="")

    text, html = parts(confirm("grokking"))

    assert all(
        "No paper of the last day matches what you asked for." in " ".join(part.split()) for part in (text, html)
    )


def test_welcome_of_a_reader_without_keywords_shows_what_is_trending():
    make_paper(1, votes=3)

    text, _ = parts(confirm())

    assert "Grokking in circuit 1" in text
    assert "You gave no keywords, so you get the trending papers." in text


def test_s03_confirming_again_brings_no_second_welcome():
    confirm()
    token = Token.objects.get(purpose=Token.Purpose.CONFIRM)

    signup.confirm(token, NOW, PAGE)

    assert Delivery.objects.filter(kind=Kind.WELCOME).count() == 1


def test_welcome_takes_nothing_from_the_first_digest():
    make_paper(1)
    delivery = confirm("grokking")
    before = dump()

    render(delivery, now=NOW)

    assert dump() == before
    assert Digest.objects.count() == 0


def test_m12_welcome_rendered_again_is_the_same_though_papers_have_come():
    make_paper(1)
    delivery = confirm("grokking")
    first = parts(delivery)
    make_paper(2, first_seen_at=NOW + timedelta(hours=1))

    assert parts(delivery) == first


def test_welcome_that_leaves_after_the_first_digest_is_the_same():
    make_paper(1)
    delivery = confirm("grokking")
    first = parts(delivery)
    Subscriber.objects.update(cutoff_at=NOW + timedelta(minutes=1), last_edition=NOW.date())

    assert parts(delivery) == first


def test_welcome_takes_the_same_queries_for_few_papers_and_many():
    delivery = confirm("grokking")
    counts = []
    for number in range(1, 9):
        make_paper(number)
        if number in {1, 8}:
            with CaptureQueriesContext(connection) as queries:
                render(Delivery.objects.get(pk=delivery.pk), now=NOW)
            counts.append(len(queries))

    assert counts[0] == counts[1]


def test_welcome_goes_to_nobody_who_left_meanwhile():
    delivery = confirm()
    Client().post(links.url(Token.objects.get(purpose="unsubscribe")).removeprefix(settings.SITE_URL))

    delivery.refresh_from_db()

    assert delivery.state == "cancelled"


def test_nobody_is_welcomed_before_confirming():
    pending()

    assert list(Delivery.objects.values_list("kind", flat=True)) == ["confirm"]


def test_poisoned_papers_and_names_make_a_valid_welcome():
    make_paper(1, title="<b>Grokking</b>\x0b\u202e & $\\alpha$\r\nBcc: x@evil.example", authors=["A\x0bda <i>"])

    mail, raw = parse(confirm("grokking"))

    assert (mail.defects, mail["Bcc"], mail["Subject"]) == ([], None, "Welcome to Paper Round")
    html = mail.get_body(["html"]).get_content()
    assert "&lt;b&gt;Grokking&lt;/b&gt;" in html
    assert all(byte < 128 for byte in raw)


# Still wanted? ---------------------------------------------------------------------------------------


def test_s25_question_carries_a_link_that_keeps_the_reader():
    delivery = question()

    text, html = parts(delivery)

    (link,) = re.findall(rf"{re.escape(settings.SITE_URL)}/k/([\w-]{{36}})", text)
    assert digest_links.find(link, Act.KEEP, NOW) == (delivery.subscriber, 0)
    assert f'href="{settings.SITE_URL}/k/{link}"' in html
    assert "Without an answer within 30 days your digests pause." in " ".join(text.split())


# Both ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("queue", [confirm, question])
def test_m19_they_are_list_mail_one_leaves_with_one_click(queue):
    delivery = queue()

    mail, raw = parse(delivery)

    line = next(line for line in raw.split(b"\r\n") if line.startswith(b"List-Unsubscribe:")).decode()
    path = line.removeprefix("List-Unsubscribe: <").removesuffix(">").removeprefix(settings.SITE_URL)
    assert len(line) <= 78
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["From"] == settings.DEFAULT_FROM_EMAIL
    assert mail["List-Id"]
    assert Client(enforce_csrf_checks=True).post(path).status_code == 200
    assert Subscriber.objects.get().status == "left"


@pytest.mark.parametrize("queue", [confirm, question])
def test_m02_text_part_has_every_link_of_the_html_part(queue):
    make_paper(1)

    text, html = parts(queue())

    assert [url for url in re.findall(r'href="([^"]+)"', html) if url not in text] == []
    assert settings.POSTAL_ADDRESS in " ".join(text.split())
    assert max(len(line) for line in text.split("\n") if "://" not in line) <= 72


@pytest.mark.parametrize("queue", [confirm, question])
def test_they_do_not_leave_without_a_link_to_leave(queue):
    delivery = queue()
    Token.objects.filter(purpose="unsubscribe").delete()

    with pytest.raises(CannotRender):
        render(Delivery.objects.get(pk=delivery.pk), now=NOW)


def test_they_are_sent_through_the_ledger(mailoutbox):
    make_interest(question().subscriber, "grokking")
    confirm()

    send_queued(lambda: NOW)

    assert sorted(mail.subject for mail in mailoutbox)[-2:] == [
        "Do you still want Paper Round?",
        "Welcome to Paper Round",
    ]
