"""STANDARDS M01 to M32, each by its id: format, headers, subject and text, over every mail there is.

M11 is test_mail_parsers' matter, M09 and M28 have more in test_mail_poison. M22 is the operator's: both list
headers must stand in the DKIM signature of whoever signs.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from django.core import checks
from django.urls import reverse

from subscriptions import checks as our_checks
from subscriptions.composing import _key, compose_due
from subscriptions.forms import SignUpForm
from subscriptions.gallery import cases
from subscriptions.issue import fill_digest
from subscriptions.models import Delivery, Digest, Subscriber, Token
from subscriptions.rendering import render, render_many
from tests.factories import NOW, make_delivery, make_interest, make_paper, make_subscriber
from tests.subscriptions.mails import ADDRESSES, FORBIDDEN, build_message, digest, interest, item, paper, parsed, raw

SITE = "https://digest.example.org"
LIST = ["List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"]
ONCE = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", *LIST, "Reply-To"]
DIGESTS = {"ordinary", "one", "fifty", "hard", "trending", "quiet", "welcome", "still_wanted"}


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = SITE
    settings.SITE_NAME = "Paper Round"
    settings.DEFAULT_FROM_EMAIL = "Paper Round <papers@digest.example.org>"
    settings.ACCOUNT_FROM_EMAIL = "Paper Round <accounts@digest.example.org>"
    settings.REPLY_TO_EMAIL = "desk@digest.example.org"
    settings.BOUNCE_EMAIL = "bounces@digest.example.org"
    settings.POSTAL_ADDRESS = "1 Reading Room, 12345 Papertown"


@pytest.fixture
def mails() -> dict:
    return {case.name: case.message for case in cases()}


class Links(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.hrefs.append(dict(attrs)["href"])


def bodies(message) -> list[str]:
    return [part.get_content().replace("\r\n", "\n") for part in parsed(message).iter_parts()]


def headers(message) -> Iterator[bytes]:
    return iter(raw(message).partition(b"\r\n\r\n")[0].split(b"\r\n"))


# Structure and transport ---------------------------------------------------------------------------------


def test_m01_text_then_html_and_nothing_else(mails):
    kinds = [[part.get_content_type() for part in parsed(message).iter_parts()] for message in mails.values()]

    assert kinds == [["text/plain", "text/html"]] * len(mails)
    assert [parsed(message).get_content_type() for message in mails.values()] == ["multipart/alternative"] * len(mails)


def test_m02_text_part_has_every_title_and_address(mails):
    for name, message in mails.items():
        text, unfolded = message.body, " ".join(message.body.split())
        missing = [href for href in Links(message.html).hrefs if href not in re.split(r"[\s()]+", text)]
        assert missing == [], name
        assert ("You get this mail" in unfolded, "1 Reading Room, 12345 Papertown" in unfolded) == (True, True), name
        assert re.search(r"</?(?:p|a|td|div|span|b|br|h\d)\b", text.replace("<b>not bold</b>", "")) is None, name
    assert [f"{SITE}/u/" in mails[name].body for name in DIGESTS] == [True] * len(DIGESTS)


def test_m03_lines_are_short(mails):
    for message in mails.values():
        assert max(map(len, raw(message).split(b"\r\n"))) <= 78


def test_m04_wire_is_seven_bit_and_loses_nothing(mails):
    for message in mails.values():
        encodings = {part["Content-Transfer-Encoding"] for part in parsed(message).iter_parts()}
        assert (raw(message).isascii(), encodings <= {"quoted-printable", "base64"}) == (True, True)
        assert bodies(message) == [message.body, message.html]


def test_m05_charset_is_utf_8_and_mime_is_named_once(mails):
    for message in mails.values():
        charsets = [part.get_content_charset() for part in parsed(message).iter_parts()]
        assert (charsets, parsed(message).get_all("MIME-Version")) == (["utf-8", "utf-8"], ["1.0"])


def test_m06_lines_end_in_crlf_only(mails):
    for message in mails.values():
        assert re.search(rb"(?<!\r)\n|\r(?!\n)", raw(message)) is None
    assert bodies(build_message(text="one\n.\n..two\n"))[0] == "one\n.\n..two\n"


def test_m07_headers_stand_once(mails):
    for name, message in mails.items():
        counts = [len(parsed(message).get_all(header, [])) for header in ONCE]
        assert counts == [1] * 6 + [int(name in DIGESTS)] * 3 + [1], name


def test_m08_no_control_character_anywhere(mails):
    for message in mails.values():
        text = raw(message).decode("ascii") + message.body + message.html
        assert re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text) is None


@pytest.mark.parametrize("form", ["a{}Bcc: x@evil", "a{}b"])
def test_m09_no_code_point_reaches_a_header(form):
    # Fifty a message; of the 2,048 surrogates every 64th.
    chars = [char for char in FORBIDDEN if not 0xD800 <= ord(char) <= 0xDFFF or ord(char) % 64 == 0]
    for start in range(0, len(chars), 50):
        texts = [form.format(char) for char in chars[start : start + 50]]
        rows = [
            item(paper(number, title=text, authors=[text]), reasons=[{"interest": text, "terms": [text]}])
            for number, text in enumerate(texts, 1)
        ]
        issue = fill_digest(digest(reason=texts[0]), rows, [interest(text) for text in texts], ADDRESSES)
        message = parsed(build_message(**issue._asdict()))

        assert (message.defects, message["Bcc"]) == ([], None)
        assert [len(message.get_all(name)) for name in ONCE] == [1] * len(ONCE)
        assert message["Subject"].startswith("50 new papers" if len(texts) == 50 else f"{len(texts)} new papers")


@pytest.mark.django_db
def test_m10_line_breaks_reach_no_mailer():
    form = SignUpForm({"email": "ada@example.org\r\nBcc: x@evil.example", "shown": ""}, now=NOW)
    good, poisoned = make_delivery(1), make_delivery(2)
    Subscriber.objects.filter(pk=poisoned.subscriber_id).update(email="a@example.org\nBcc: x@evil.example")

    results = render_many([Delivery.objects.get(pk=each.pk) for each in (poisoned, good)], now=NOW)

    assert (form.is_valid(), "email" in form.errors) == (False, True)
    assert [type(results[each.pk]).__name__ for each in (poisoned, good)] == ["ValueError", "Message"]


def test_m12_retries_are_byte_stable():
    first, second = ({case.name: raw(case.message) for case in cases()} for _ in range(2))

    assert first == second


# Identity ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_m13_date_is_the_moment_of_hand_over():
    later = NOW + timedelta(hours=3)

    assert parsed(render(make_delivery(), now=later))["Date"].datetime == later


def test_m14_message_id_is_deterministic_and_opaque():
    days = [date(2026, 1, 1) + timedelta(days=day) for day in range(100)]
    pairs = [(reader, day) for reader in range(1, 101) for day in days]

    first, again = ([_key(Digest(subscriber_id=reader, edition=day)) for reader, day in pairs] for _ in range(2))

    assert (first == again, len(set(first))) == (True, 10_000)
    message_id = parsed(build_message(key=first[0]))["Message-ID"]
    assert re.fullmatch(r"<digest-[0-9a-f]{32}@digest\.example\.org>", message_id)


def test_m15_from_is_one_address_of_ours(mails):
    for message in mails.values():
        (sender,) = parsed(message)["From"].addresses
        assert (sender.display_name, sender.domain) == ("Paper Round", "digest.example.org")


def test_m16_digests_and_account_mails_have_senders_of_their_own(mails):
    senders = {name: parsed(message)["From"].addresses[0].username for name, message in mails.items()}

    assert senders == {name: "papers" if name in DIGESTS else "accounts" for name in mails}


def test_m17_answers_go_to_a_mailbox_that_is_read(mails, settings):
    assert {str(parsed(message)["Reply-To"]) for message in mails.values()} == {"desk@digest.example.org"}
    settings.REPLY_TO_EMAIL = "no-reply@digest.example.org"

    assert "subscriptions.W005" in {found.id for found in our_checks.check_senders(None)}


def test_m18_envelope_sender_takes_bounces(mails):
    assert {message.from_email for message in mails.values()} == {"bounces@digest.example.org"}


# List headers --------------------------------------------------------------------------------------------


def one_click(delivery) -> str:
    header = parsed(render(Delivery.objects.get(pk=delivery.pk), now=NOW))["List-Unsubscribe"]
    return re.fullmatch(r"<(https://[^>,]+)>", header)[1]


@pytest.mark.django_db
def test_m19_one_click_unsubscribes(client):
    delivery = make_delivery()
    message = parsed(render(delivery, now=NOW))

    answer = client.post(one_click(delivery).removeprefix(SITE), {"List-Unsubscribe": "One-Click"})

    assert (message["List-Unsubscribe-Post"], answer.status_code) == ("List-Unsubscribe=One-Click", 200)
    delivery.subscriber.refresh_from_db()
    assert delivery.subscriber.status == Subscriber.Status.LEFT


@pytest.mark.django_db
def test_m20_unsubscribe_header_is_one_plain_line():
    (line,) = [line for line in headers(render(make_delivery(), now=NOW)) if line.startswith(b"List-Unsubscribe:")]

    assert (line.startswith(b"List-Unsubscribe: <https://"), b"=?" in line, len(line) <= 78) == (True, False, True)


@pytest.mark.django_db
def test_m21_unsubscribe_address_is_opaque_and_its_reader_s_own(client):
    mine, other = make_delivery(1), make_delivery(2)
    token = one_click(mine).removeprefix(f"{SITE}/u/")

    client.post(reverse("subscriptions:unsubscribe", args=[token]))

    assert re.fullmatch(r"[\w-]{22}", token)
    assert Token.objects.filter(digest=token).count() == 0
    statuses = [Subscriber.objects.get(pk=each.subscriber_id).status for each in (mine, other)]
    assert statuses == [Subscriber.Status.LEFT, Subscriber.Status.ACTIVE]
    # The same friendly page (STANDARDS S12), and nobody's row changes.
    client.post(reverse("subscriptions:unsubscribe", args=["A" * 22]))
    assert Subscriber.objects.filter(status=Subscriber.Status.LEFT).count() == 1


def test_m23_link_to_leave_stands_before_mail_programs_clip(mails):
    for name in DIGESTS:
        encoded = parsed(mails[name]).get_body(("html",)).get_payload()
        assert len(encoded) < 90_000, name
        assert f'href="{SITE}/u/' in mails[name].html


def test_m24_list_id_never_changes():
    seen = {
        parsed(build_message(key=f"digest-{issue}{reader}", to=f"reader{reader}@example.net"))["List-Id"]
        for issue in range(3)
        for reader in range(3)
    }

    assert seen == {"Paper Round <digests.digest.example.org>"}


def test_m25_no_header_leads_nowhere(mails):
    for message in mails.values():
        assert {"List-Help", "List-Owner", "List-Archive", "List-Subscribe"}.isdisjoint(message.extra_headers)


def test_m26_machines_know_they_need_not_answer(mails):
    said = {name: (parsed(message)["Auto-Submitted"], parsed(message)["Precedence"]) for name, message in mails.items()}

    assert said == {name: ("auto-generated", "bulk" if name in DIGESTS else None) for name in mails}


def test_m27_feedback_id_names_the_kind_and_the_sender_only():
    ids = {parsed(build_message(key=f"digest-{n}", to=f"r{n}@example.net"))["Feedback-ID"] for n in range(3)}

    assert ids == {"digest:::igestexampleorg"}
    assert re.fullmatch(r"[\w.-]*(?::[\w.-]*){2}:[a-z0-9]{5,15}", ids.pop())


# Subject and text ----------------------------------------------------------------------------------------


def test_m28_subject_is_ours_plus_counts():
    rows = [item(paper(), reasons=[{"interest": "buy at evil.example", "terms": []}])]

    subjects = [fill_digest(digest(), rows, [], ADDRESSES, names_interests=named).subject for named in (True, False)]

    assert subjects == ["1 new paper: buy at evil.example", "1 new paper"]


@pytest.mark.django_db
def test_m28_reader_who_never_confirmed_sees_no_interest_in_the_subject():
    delivery = make_delivery()
    Subscriber.objects.filter(pk=delivery.subscriber_id).update(confirmed_at=None)

    assert render(Delivery.objects.get(pk=delivery.pk), now=NOW).subject == "1 new paper"


@pytest.mark.parametrize("words", ["研究" * 30, "Größe und Reichweite " * 4, "é", "👩‍🔬" * 20, "a" * 60 + "é"])
def test_m29_encoded_words_are_well_formed(words):
    message = build_message(subject=words)
    header = raw(message).split(b"Subject: ")[1].split(b"\r\nFrom: ")[0]

    assert b"?==?" not in header
    assert [len(word) <= 75 for word in header.split()] == [True] * len(header.split())
    assert str(parsed(message)["Subject"]) == message.subject


def test_m30_markup_is_escaped_once_in_html_and_never_in_text():
    text = 'a < b & "c" $\\alpha$'
    issue = fill_digest(digest(), [item(paper(title=text, abstract=text))], [], ADDRESSES)

    # Preheader, title, abstract, and the labels of five links.
    assert issue.html.text.count("a &lt; b &amp; &quot;c&quot; $\\alpha$") == 8
    assert ("&amp;amp;" in issue.html.text, issue.text.text.count(text)) == (False, 2)


@pytest.mark.django_db
def test_m31_no_mail_for_an_empty_digest():
    make_paper()
    make_interest(make_subscriber(), "nothing of the kind")

    compose_due(NOW)

    assert [row.outcome for row in Digest.objects.all()] == ["empty"]
    assert Delivery.objects.count() == 0


def test_m32_sender_and_postal_address_stand_in_both_parts(mails, settings):
    for message in mails.values():
        for part in (message.body, message.html):
            said = " ".join(re.sub(r"<[^>]+>", "", part).split())
            assert "Sent by Paper Round, 1 Reading Room, 12345 Papertown" in said
    settings.POSTAL_ADDRESS = ""

    assert [type(found) for found in our_checks.check_postal_address(None)] == [checks.Error]
