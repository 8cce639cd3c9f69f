"""The back office as a whole: every page opens, whatever stands in its address."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from tests.factories import make_delivery

pytestmark = pytest.mark.django_db

MISTAKES = [
    "id__in=abc",
    "id__exact=%00",
    "id__exact=99999999999999999999999",
    "q=%00",
    "q=a%20OR",
    "status=%00",
    "source=%00",
    "kind=%00",
    "day__year=0",
    "created_at__year=99999",
    "created_at__gte=yesterday",
    "user__password__startswith=p",
    "nothing=1",
    "o=99.-3",
    "p=-1",
]


def test_page_of_every_app_opens(admin_client):
    labels = {model._meta.app_label for model in admin.site._registry}
    opened = {label: admin_client.get(reverse("admin:app_list", args=[label])) for label in labels}

    assert {label: page.status_code for label, page in opened.items()} == dict.fromkeys(labels, 200)
    assert all(str(apps.get_app_config(label).verbose_name) in page.text for label, page in opened.items())


@pytest.mark.parametrize("query", MISTAKES)
def test_filters_that_make_no_sense_break_no_list(admin_client, query):
    make_delivery()
    lists = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in admin.site._registry
    ]

    answers = {path: admin_client.get(f"{path}?{query}").status_code for path in lists}

    assert {path: status for path, status in answers.items() if status not in {200, 302, 400}} == {}


@pytest.mark.parametrize("row", ["abc", "", "-1", "1 OR 1", "99999999999999999999", "\x00"])
def test_rows_that_are_no_numbers_are_refused(admin_client, row):
    delivery = make_delivery()
    ticked = {"action": "cancel", "_selected_action": [delivery.pk, row], "confirmed": "yes"}

    answer = admin_client.post(reverse("admin:subscriptions_delivery_changelist"), ticked)
    delivery.refresh_from_db()

    assert (answer.status_code, delivery.state) == (400, "queued")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("query", ["nothing=1", "created_at__year=0"])
def test_readers_of_a_filter_that_makes_no_sense_are_not_exported(admin_client, method, query):
    answer = getattr(admin_client, method)(
        f"/admin/subscriptions/subscriber/export/?{query}", {"format": "csv"} if method == "post" else None
    )

    assert answer.status_code == 404
