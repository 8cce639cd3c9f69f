"""Mails in the admin, as desktop, phone, dark and text side by side."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from subscriptions import links
from tests.factories import make_delivery, make_interest
from tests.operators import enter, make_operator
from tests.readers import dump

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

LOOKS = ["desktop", "phone", "dark", "text"]


@pytest.fixture
def operator(client):
    return enter(client, make_operator())


@pytest.fixture
def delivery():
    delivery = make_delivery()
    make_interest(delivery.subscriber, "grokking")
    return delivery


def address(delivery, *look: str) -> str:
    return reverse(f"admin:subscriptions_digest_look{'' if look else 's'}", args=[delivery.digest_id, *look])


def test_digest_stands_four_ways_side_by_side(operator, delivery):
    before = dump()

    page = operator.get(address(delivery))

    html = page.content.decode()
    assert re.findall(r'<iframe class="\w+" src="([^"]+)" title="\w+" sandbox>', html) == [f"{look}/" for look in LOOKS]
    assert "<strong>1 new paper: grokking</strong>" in html
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    after = dump()
    assert {name for name in after if after[name] != before[name]} <= {"sessions.Session"}


@pytest.mark.parametrize("look", LOOKS)
def test_frame_may_do_nothing_and_holds_no_link_of_the_reader(operator, delivery, look):
    frame = operator.get(address(delivery, look))

    policy = dict(part.strip().partition(" ")[::2] for part in frame["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "frame-ancestors": "'self'",
        "sandbox": "",
    }
    assert frame["X-Frame-Options"] == "SAMEORIGIN"
    text = frame.content.decode()
    assert "Grokking in circuit 1" in text
    own = [links.secret(token) for token in delivery.subscriber.tokens.all()]
    assert (len(own), [secret for secret in own if secret in text]) == (2, [])


def test_light_and_dark_do_not_depend_on_the_browser(operator, delivery):
    desktop, dark = (operator.get(address(delivery, look)).content.decode() for look in ("desktop", "dark"))

    assert [html.count("prefers-color-scheme") for html in (desktop, dark)] == [0, 0]
    assert (desktop.count("@media not all {"), dark.count("@media all {")) == (1, 1)


def test_text_is_text(operator, delivery):
    frame = operator.get(address(delivery, "text"))

    assert frame["Content-Type"] == "text/plain; charset=utf-8"
    assert frame.content.decode().startswith("Paper Round\n")


def test_looks_need_the_right_to_see_digests(client, delivery):
    staff = make_operator("staff", is_superuser=False)
    enter(client, staff)
    pages = [address(delivery), address(delivery, "dark")]

    refused = [client.get(page).status_code for page in pages]
    staff.user_permissions.add(Permission.objects.get(codename="view_digest"))

    assert (refused, [client.get(page).status_code for page in pages]) == ([403] * 2, [200] * 2)


def test_what_is_not_there_is_not_found(operator, delivery):
    pages = [address(delivery, "sideways"), address(delivery).replace(str(delivery.digest_id), "99")]

    assert [operator.get(page).status_code for page in pages] == [404, 404]


def test_page_of_a_digest_leads_to_how_it_looks(operator, delivery):
    page = operator.get(reverse("admin:subscriptions_digest_change", args=[delivery.digest_id]))

    assert f'href="{address(delivery)}"' in page.text
