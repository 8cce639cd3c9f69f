"""The operator's hand, through the admin's own pages."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from papers.lists import BoundedPaginator
from subscriptions import braking
from subscriptions.admin import sending
from subscriptions.models import Brake, Delivery, Edition
from tests.factories import NOW, make_delivery

pytestmark = pytest.mark.django_db

State = Delivery.State
DELIVERIES = "admin:subscriptions_delivery_changelist"
EDITIONS = "admin:subscriptions_edition_changelist"
BRAKE = "admin:subscriptions_brake_changelist"


def act(client, page, action, pks, confirmed=True, **fields):
    data = {"action": action, "_selected_action": pks, **fields} | ({"confirmed": "yes"} if confirmed else {})
    return client.post(reverse(page), data, follow=True)


def told(response):
    return [str(message) for message in response.context["messages"]]


def test_resending_asks_first_and_then_queues(admin_client):
    row = make_delivery(1, state=State.UNKNOWN)

    page = act(admin_client, DELIVERIES, "resend", [row.pk], confirmed=False)
    row.refresh_from_db()
    before = row.state
    answer = act(admin_client, DELIVERIES, "resend", [row.pk])

    row.refresh_from_db()
    assert "Whoever got the first copy gets a second one." in page.content.decode()
    assert (before, row.state) == ("unknown", "queued")
    assert told(answer) == ["1 queued to be sent again."]
    assert LogEntry.objects.get().object_repr == row.key


def test_rows_in_other_states_are_named(admin_client):
    rows = [make_delivery(number, state=state).pk for number, state in ((1, State.UNKNOWN), (2, State.ACCEPTED))]

    answer = act(admin_client, DELIVERIES, "mark_accepted", rows)

    assert told(answer) == ["1 marked as accepted.", "1 left alone: they are not in a state this applies to."]


def test_whole_list_is_asked_about_and_acted_on(admin_client, monkeypatch):
    monkeypatch.setattr(sending, "NAMED", 1)
    monkeypatch.setattr(BoundedPaginator, "LIMIT", 2)
    rows = [make_delivery(number, state=State.UNKNOWN) for number in (1, 2, 3)]

    listed = admin_client.get(reverse(DELIVERIES))
    page = act(admin_client, DELIVERIES, "resend", [rows[2].pk], confirmed=False, select_across="1").text
    answer = act(admin_client, DELIVERIES, "resend", [rows[2].pk], select_across="1")

    assert told(listed) == ["These are the first 2. Filter or search to see others."]
    assert "All 2 of the list, among them:" in page
    assert (page.count('name="_selected_action"'), page.count('name="select_across" value="1"')) == (1, 1)
    assert told(answer)[0] == "2 queued to be sent again."
    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == ["unknown", "queued", "queued"]


def test_ledger_cannot_be_written_or_deleted(admin_client):
    row = make_delivery(1)
    address = reverse("admin:subscriptions_delivery_change", args=[row.pk])

    answers = [
        admin_client.post(address, {"state": "accepted"}),
        admin_client.post(reverse("admin:subscriptions_delivery_delete", args=[row.pk]), {"post": "yes"}),
        admin_client.get(reverse("admin:subscriptions_delivery_add")),
    ]

    row.refresh_from_db()
    assert ([answer.status_code for answer in answers], row.state) == ([403, 403, 403], "queued")


def test_who_may_only_look_finds_no_actions(client):
    auditor = User.objects.create_user("auditor", password="x", is_staff=True)
    auditor.user_permissions.set(Permission.objects.filter(codename__in=["view_delivery", "view_brake"]))
    client.force_login(auditor)
    row = make_delivery(1, state=State.UNKNOWN)

    act(client, DELIVERIES, "resend", [row.pk])

    row.refresh_from_db()
    assert row.state == "unknown"
    assert "Send unknown ones again" not in client.get(reverse(DELIVERIES)).content.decode()


@pytest.mark.parametrize("readers", [1, 3])
def test_editions_show_their_numbers(admin_client, django_assert_num_queries, readers, time_machine):
    time_machine.move_to(NOW, tick=False)
    for number in range(readers):
        make_delivery(number, state=State.ACCEPTED)
    Edition.objects.create(day=NOW.date())

    with django_assert_num_queries(10):
        page = admin_client.get(reverse(EDITIONS))

    row = page.context["cl"].result_list[0]
    # Every reader of this test is due again in their row, since nothing was composed for them.
    assert (row.tally.accepted, row.tally.uncomposed) == (readers, readers)


def test_edition_is_told_to_go_now(admin_client):
    make_delivery(1, not_before=NOW.replace(year=2099))
    edition = Edition.objects.create(day=NOW.date())

    answer = act(admin_client, EDITIONS, "send_now", [edition.pk])

    assert told(answer) == ["1 told to go now."]
    assert Delivery.objects.get().not_before.year < 2099


def test_sending_is_stopped_and_goes_on(admin_client):
    admin_client.get(reverse(BRAKE))
    brake = Brake.objects.get()

    stopped = told(act(admin_client, BRAKE, "stop", [brake.pk])), braking.is_pulled()
    again = told(act(admin_client, BRAKE, "go_on", [brake.pk])), braking.is_pulled()

    assert stopped == (["Sending is stopped."], True)
    assert again == (["Sending goes on."], False)
    assert Brake.objects.get().reason == ""
