"""Who did what in the admin stands in a list that nobody can change, and that holds nobody's address."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.urls import reverse

from digest_site import audit
from papers.models import Category
from subscriptions import links
from subscriptions.models import Brake, Suppression
from tests.factories import make_delivery, make_interest, make_paper, make_subscriber
from tests.operators import make_operator

pytestmark = pytest.mark.django_db

AUDIT = "admin:admin_logentry_changelist"
SCHEDULE = {"frequency": "daily", "weekday": "0", "hour": "7", "zone": "UTC", "max_papers": "10", "language": "en"}


def entries() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    rows = LogEntry.objects.order_by("pk")
    return [(audit.words(row), audit.values(row, "before"), audit.values(row, "after")) for row in rows]


def act(client, model: str, action: str, *rows: Any, **fields: str):
    data = {"action": action, "_selected_action": [row.pk for row in rows]} | fields
    return client.post(reverse(f"admin:{model}_changelist"), data, follow=True)


# What is entered -------------------------------------------------------------------------------------


def test_change_is_entered_with_before_and_after(admin_client):
    reader = make_subscriber()
    make_interest(reader, "private words")
    address = reverse("admin:subscriptions_subscriber_change", args=[reader.pk])
    sizes = {f"{kind}-{name}_FORMS": "0" for kind in ("interests", "consents") for name in ("TOTAL", "INITIAL")}

    admin_client.post(address, SCHEDULE | sizes | {"hour": "9", "keywords": "other private words"})

    ((words, before, after),) = entries()
    assert words == "Changed Interests and Hour."
    assert (before["hour"], after["hour"]) == (7, 9)
    assert before.keys() == after.keys() == {"hour", "keywords"}
    assert before["keywords"] != after["keywords"]
    assert "private words" not in LogEntry.objects.get().change_message


def test_addition_and_deletion_are_entered_with_what_was_there(admin_client):
    admin_client.post(
        reverse("admin:subscriptions_suppression_add"), {"email": "ada@example.org", "reason": "operator"}
    )
    row = Suppression.objects.get()
    admin_client.post(reverse("admin:subscriptions_suppression_delete", args=[row.pk]), {"post": "yes"})

    added, deleted = entries()
    sealed = f"‹{links.address_hmac('ada@example.org')[:12]}›"
    assert added == ("Added.", {}, {"email": sealed, "reason": "operator"})
    assert deleted[1]["reason"] == "operator"
    assert deleted[2] == {}


def test_action_is_entered_for_each_row_it_changed(admin_client):
    first, second, hidden = make_paper(1), make_paper(2), make_paper(3, is_hidden=True)

    act(admin_client, "papers_paper", "hide", first, second, hidden)

    changes = [(before["is_hidden"], after["is_hidden"]) for _, before, after in entries() if "is_hidden" in before]
    assert changes == [(False, True)] * 2
    assert {entry.object_id for entry in LogEntry.objects.all()} >= {str(first.pk), str(second.pk)}


def test_act_by_hand_is_entered_once(admin_client):
    delivery = make_delivery(1, state="unknown")

    act(admin_client, "subscriptions_delivery", "cancel", delivery, confirmed="yes")
    Brake.objects.get_or_create(pk=1)
    act(admin_client, "subscriptions_brake", "stop", Brake.objects.get(), confirmed="yes")

    assert entries() == [
        ("cancelled by hand", {"state": "unknown"}, {"state": "cancelled"}),
        ("stopped sending: by admin", {"sending": "going"}, {"sending": "stopped"}),
    ]


def test_pausing_is_entered_and_a_page_that_only_asks_is_not(admin_client):
    reader, delivery = make_subscriber(1), make_delivery(2, state="unknown")

    act(admin_client, "subscriptions_delivery", "cancel", delivery)
    act(admin_client, "subscriptions_subscriber", "pause", reader)

    ((words, before, after),) = entries()
    assert words == "Pause until resumed"
    assert before["paused_until"] is None
    assert after["next_digest_at"] is None


def test_role_and_password_are_entered_without_the_password(admin_client):
    user = make_operator("ben", is_superuser=False)
    role = Group.objects.get(name="Support")
    fields = {"username": "ben", "email": "ben@example.org", "is_active": "on", "is_staff": "on"}

    admin_client.post(reverse("admin:auth_user_change", args=[user.pk]), fields | {"groups": [role.pk]})
    admin_client.post(
        reverse("admin:auth_user_password_change", args=[user.pk]),
        {"usable_password": "true", "password1": "kx93-very-long", "password2": "kx93-very-long"},
    )

    (_, before, after), (_, _, password) = entries()
    assert (before["groups"], after["groups"]) == ([], ["Support"])
    assert set(password.values()) <= {"‹secret›", "true"}
    assert "kx93" not in str(list(LogEntry.objects.values()))


def test_changing_ones_own_password_is_entered(client):
    from tests.operators import PASSWORD, enter

    enter(client, make_operator())
    new = {"new_password1": "kx93-very-long", "new_password2": "kx93-very-long"}

    client.post(reverse("admin:password_change"), new | {"old_password": "wrong"})
    assert entries() == []
    client.post(reverse("admin:password_change"), new | {"old_password": PASSWORD})

    assert entries() == [("Changed their own password.", {}, {})]


def test_row_changed_in_the_list_is_entered(admin_client):
    Category.objects.exclude(code="cs.LG").delete()
    row = Category.objects.get()
    form = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": row.pk, "_save": "Save"}

    admin_client.post(reverse("admin:papers_category_changelist"), form)

    assert entries() == [("Changed Read.", {"is_read": True}, {"is_read": False})]


def test_action_on_too_many_rows_is_refused(admin_client, monkeypatch):
    monkeypatch.setattr(audit, "MAX_ROWS", 1)
    readers = [make_subscriber(number) for number in (1, 2)]

    page = act(admin_client, "subscriptions_subscriber", "pause", *readers)

    assert [str(message) for message in page.context["messages"]] == [
        "Choose at most 1 rows at a time: a filter helps."
    ]
    assert entries() == []


# What is kept ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("hour", 7, 7),
        ("is_pinned", False, False),
        ("title", "", ""),
        ("title", None, None),
        ("password1", "kx93", "‹secret›"),
        ("nonce", "kx93", "‹secret›"),
        ("next_digest_at", "x", "x"),
        ("groups", [], []),
        ("title", "x" * 2_000, "x" * 1_000),
    ],
)
def test_value_is_kept_as(name, value, kept):
    assert audit.said(name, value) == kept


@pytest.mark.parametrize(
    "text", ["ada@example.org", "Ada <ada@example.org>", "from ada@example.org, twice", "ADA@Example.ORG"]
)
def test_s30_address_is_kept_as_a_keyed_hash(text):
    kept = audit.said("reason", text)

    assert "@" not in kept
    assert links.address_hmac("ada@example.org")[:12] in kept


def test_s30_what_a_reader_wrote_is_kept_as_a_keyed_hash():
    assert audit.said("keywords", "grokking") == audit.said("keywords", "grokking") != audit.said("keywords", "other")
    assert "grokking" not in audit.said("keywords", ["grokking"])


@pytest.mark.parametrize("change", [lambda rows: rows.update(change_message="x"), lambda rows: rows.delete()])
def test_log_cannot_be_changed(admin_user, change):
    LogEntry.objects.log_actions(admin_user.pk, [admin_user], 2, "kept")

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        change(LogEntry.objects.all())

    assert LogEntry.objects.get().change_message == "kept"


def test_nobody_is_deleted(admin_client):
    user = make_operator("ben")

    page = reverse("admin:auth_user_delete", args=[user.pk])

    assert admin_client.post(page, {"post": "yes"}).status_code == 403
    act(admin_client, "auth_user", "delete_selected", user, post="yes")
    assert User.objects.filter(pk=user.pk).exists()


# How it is shown -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3])
def test_list_shows_who_did_what_in_as_many_queries(admin_client, size, django_assert_num_queries):
    papers = [make_paper(number) for number in range(size)]
    act(admin_client, "papers_paper", "hide", *papers)
    admin_client.get(reverse(AUDIT))

    with django_assert_num_queries(6):
        page = admin_client.get(reverse(AUDIT))

    assert page.context["cl"].result_count == size
    assert "<b>is_hidden</b>: False → True" in page.text


def test_history_of_a_row_is_in_words(admin_client):
    reader = make_subscriber()
    act(admin_client, "subscriptions_subscriber", "pause", reader)

    page = admin_client.get(reverse("admin:subscriptions_subscriber_history", args=[reader.pk]))

    assert "Pause until resumed" in page.text


def test_message_of_unknown_make_is_shown_as_it_is(admin_user):
    (entry,) = LogEntry.objects.log_actions(admin_user.pk, [admin_user], 2, "[not json")

    assert (audit.words(entry), audit.values(entry, "before")) == ("[not json", {})
