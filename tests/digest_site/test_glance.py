import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache

from digest_site import health
from digest_site.glance import arrivals, dispatch, figures, hands, people, wishes
from digest_site.glance.charts import Block, ceiling, gauge, line, stacks
from digest_site.models import Alert
from papers.models import Listing, Reading
from papers.search.stored import remember
from subscriptions.models import Delivery, DeliveryEvent, Edition
from tests.factories import make_delivery, make_digest, make_interest, make_paper, make_subscriber
from tests.operators import enter, make_operator

NOW = datetime(2026, 8, 12, 7, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (1, 1), (7, 8), (9, 10), (10, 10), (11, 20), (366, 400), (100_000, 100_000)]
)
def test_ceiling(value, top):
    assert ceiling(value) == top


def test_line():
    drawn = line([0, 5, 10])

    assert drawn.points == "0,160 300,80 600,0"
    assert drawn.area == "0,160 0,160 300,80 600,0 600,160"
    assert drawn.top == 10


@pytest.mark.parametrize("values", [[], [0], [3]])
def test_line_of_little(values):
    assert line(values).top == max([*values, 1])


def test_stacks():
    drawn = stacks([("Mon", [("a", 2), ("b", 0), ("c", 2)]), ("Tue", [])])

    monday, tuesday = drawn.columns
    assert monday.blocks == [Block("a", 2, "80", "80"), Block("c", 2, "0", "80")]
    assert (monday.x, monday.width, monday.middle, monday.total) == ("36", "228", "150", 4)
    assert (tuesday.blocks, drawn.top) == ([], 4)


def test_gauge():
    assert gauge(0.001, 0.006, (0.001, 0.003)).filled == "16.67"
    assert gauge(0.5, 0.006, (0.001, 0.003)).filled == "100"
    assert gauge(0, 0.006, (0.001, 0.003)).limits == ["16.67", "50"]


@pytest.mark.django_db
def test_readers():
    make_subscriber(1, confirmed_at=NOW - 100 * DAY)
    make_subscriber(2, confirmed_at=NOW - 2 * DAY, paused_until=TODAY + DAY)
    make_subscriber(3, confirmed_at=NOW - 100 * DAY, status="left", left_at=NOW - DAY)
    make_subscriber(4, confirmed_at=None, status="pending")
    make_subscriber(5, confirmed_at=NOW - 100 * DAY, frequency="paused")

    found = people.readers(NOW)

    assert (found.active, found.paused, found.pending, found.left) == (3, 2, 1, 1)
    assert (found.came, found.went) == (1, 1)
    assert found.history[-4:] == [(TODAY - 3 * DAY, 3), (TODAY - 2 * DAY, 4), (TODAY - DAY, 3), (TODAY, 3)]
    assert len(found.history) == 90
    assert found.weeks[-2:] == [(TODAY - 7 * DAY, 3), (TODAY, 3)]


def read(source: str, day: date, outcome: str, at: datetime) -> None:
    Reading.objects.create(source=source, day=day, outcome=outcome, started_at=at)


@pytest.mark.django_db
def test_arrivals():
    paper = make_paper()
    for source, day in (("arxiv", TODAY), ("huggingface", TODAY), ("huggingface", TODAY - 20 * DAY)):
        Listing.objects.create(paper=paper, source=source, day=day)
    read("arxiv", TODAY, "failed", NOW - timedelta(hours=2))
    read("arxiv", TODAY, "new", NOW - timedelta(hours=1))
    read("huggingface", TODAY - DAY, "failed", NOW - DAY)

    found = arrivals.arrivals(NOW)

    cells = {
        row.slug: [(number, ending.outcome, ending.sign) for number, ending in row.cells[-2:]] for row in found.rows
    }
    assert cells == {"huggingface": [(0, "failed", "✕"), (1, "", " ")], "arxiv": [(0, "", " "), (1, "new", "✓")]}
    assert [column.total for column in found.stacks.columns][-2:] == [0, 2]
    assert found.days[0] == TODAY - 13 * DAY


@pytest.mark.django_db
def test_arrivals_of_editors():
    Listing.objects.create(paper=make_paper(), source="editors", day=TODAY)

    assert [row.slug for row in arrivals.arrivals(NOW).rows] == ["huggingface", "arxiv", "editors"]


@pytest.mark.django_db
def test_dispatch():
    Edition.objects.create(day=TODAY - DAY, closed_at=NOW, counts={"due": 5, "accepted": 4, "failed": 1})
    Edition.objects.create(day=TODAY)
    make_delivery(1, state="accepted")
    make_delivery(2, state="queued")
    make_digest(make_subscriber(3, next_digest_at=NOW + DAY), [], outcome="empty")

    found = dispatch.dispatch(NOW)

    assert [(one.day, one.closed) for one in found.days] == [(TODAY - DAY, True), (TODAY, False)]
    assert dict(found.days[0].parts) == {
        "accepted": 4, "skipped": 0, "waiting": 0, "unknown": 0, "failed": 1, "cancelled": 0
    }  # fmt: skip
    assert dict(found.days[1].parts)["accepted"] == 1
    assert dict(found.days[1].parts)["skipped"] == 1
    assert [state for state, _ in found.states] == list(dispatch.STATES)


@pytest.mark.django_db
@pytest.mark.parametrize(("complained", "level"), [(0, "good"), (1, "over")])
def test_reputation(complained, level):
    for number in range(1, 4):
        make_delivery(number, state=Delivery.State.ACCEPTED, settled_at=NOW - timedelta(hours=1))
    for delivery in Delivery.objects.all()[:complained]:
        DeliveryEvent.objects.create(
            fingerprint=delivery.key, delivery=delivery, kind="complained", provider="x", at=NOW, received_at=NOW
        )

    found = dispatch.reputation(NOW)

    assert (found.rates.accepted, found.complaint_level, found.bounce_level) == (3, level, "good")


@pytest.mark.parametrize(("share", "level"), [(0.0009, "good"), (0.001, "near"), (0.0029, "near"), (0.003, "over")])
def test_limits_of_complaints(share, level):
    rates = dispatch.counting.Rates(accepted=100_000, bounced=0, complained=round(share * 100_000))

    assert dispatch.Reputation(rates).complaint_level == level


@pytest.mark.django_db
def test_hands(admin_user):
    health.beat(NOW)
    Alert.objects.create(name="source_failed", about="arxiv", words="w", opened_at=NOW - DAY, seen_at=NOW)
    Alert.objects.create(name="disk_low", words="d", opened_at=NOW, seen_at=NOW)
    Alert.objects.create(name="mail_waiting", words="over", opened_at=NOW, seen_at=NOW, resolved_at=NOW)

    assert [(hand.name, hand.address) for hand in hands.hands(NOW, admin_user)] == [
        ("source_failed", "/admin/papers/reading/?source=arxiv&outcome__exact=failed"),
        ("disk_low", "/admin/digest_site/alert/?resolved_at__isempty=1"),
    ]


@pytest.mark.django_db
def test_hands_when_nobody_looks_any_more(admin_user):
    health.beat(NOW - DAY)

    assert [(hand.name, hand.since) for hand in hands.hands(NOW, admin_user)] == [("beat_stopped", NOW - DAY)]


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*hands.LISTS, "disk_low"])
def test_every_alert_leads_to_a_list(admin_client, admin_user, name):
    assert admin_client.get(hands.address_of(name, "2026-08-12", admin_user)).status_code == 200


def wish(text: str, *numbers: int, **fields: Any) -> None:
    for number in numbers:
        make_interest(make_subscriber(number, **fields), text)


@pytest.mark.django_db
def test_wishes():
    old, new = make_paper(1, title="Old robots", first_seen_at=NOW - 40 * DAY), make_paper(2, first_seen_at=NOW - DAY)
    remember([old, new])
    wish("grokking", 1, 2)
    wish("robots", 3)
    wish("perpetual motion", 4, 5, 6)
    wish("grokking AND", 7)
    wish("somebody's who left", 8, status="left")

    found = wishes.count(NOW)

    assert [(one.text, one.readers) for one in found.wanted] == [
        ("perpetual motion", 3),
        ("grokking", 2),
        ("grokking AND", 1),
        ("robots", 1),
    ]
    assert [one.text for one in found.silent] == ["perpetual motion", "grokking AND", "robots"]
    assert [length for _, length in found.bars] == ["100.0", "66.7", "33.3", "33.3"]


@pytest.mark.django_db
def test_wishes_are_counted_every_six_hours():
    assert wishes.refresh(NOW) is True
    wish("grokking", 1)
    assert wishes.refresh(NOW + timedelta(hours=5)) is False
    assert wishes.last_counted().wanted == []
    assert wishes.refresh(NOW + timedelta(hours=6)) is True
    assert [one.text for one in wishes.last_counted().wanted] == ["grokking"]


@pytest.mark.django_db
def test_figures_are_counted_once_a_minute(admin_user):
    first = figures(NOW, admin_user)
    make_subscriber(1)
    Alert.objects.create(name="disk_low", words="d", opened_at=NOW, seen_at=NOW)
    second = figures(NOW, admin_user)
    cache.clear()
    third = figures(NOW, admin_user)

    assert [found["readers"].active for found in (first, second, third)] == [0, 0, 1]
    assert "disk_low" in {hand.name for hand in second["hands"]}


def test_home_says_what_it_shows(admin_client, django_assert_max_num_queries):
    make_subscriber(1, email="<b>@example.org")
    make_interest(make_subscriber(2), '<script>alert("x")</script>')
    wishes.refresh(NOW)

    with django_assert_max_num_queries(16):
        page = admin_client.get("/admin/").text

    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert " style=" not in page.split('class="glance"')[1].split("content-main")[0]


def test_home_before_anybody_wants_anything(admin_client):
    wishes.refresh(NOW)

    page = admin_client.get("/admin/").text

    assert page.count("No interest was counted so far.") == 2
    assert "Each found something" not in page


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        ("Editor", {"hands", "arrivals"}),
        ("Support", {"hands", "readers", "reputation", "wanted", "dispatch", "silent"}),
        ("Auditor", {"hands", "readers", "reputation", "arrivals", "wanted", "dispatch", "silent"}),
    ],
)
def test_home_shows_what_a_role_may_see(client, db, role, shown):
    user = make_operator(role.lower(), is_superuser=False)
    user.groups.add(Group.objects.get(name=role))
    Alert.objects.create(name="delivery_unknown", words="3 unknown", opened_at=NOW, seen_at=NOW)

    page = enter(client, user).get("/admin/").text

    assert set(re.findall(r'<h2 id="glance-(\w+)"', page)) == shown
    assert ("?state__exact=unknown" in page) == (role != "Editor")


def test_home_in_german_has_no_decimal_comma_in_a_drawing(admin_client, settings):
    settings.LANGUAGE_CODE = "de"
    for number in range(3):
        make_subscriber(number, confirmed_at=NOW - number * DAY)

    drawing = admin_client.get("/admin/").text.split("<polyline")[1].split("/>")[0]

    assert all(len(pair.split(",")) == 2 for pair in drawing.split('"')[3].split())
