import pytest
from django.db import Error, connection, transaction

from subscriptions import consent
from subscriptions.consent import Shown
from subscriptions.models import ConsentEvent, Subscriber
from tests.factories import NOW, make_subscriber

# Never changed, only added to: the log refers to them.
HASHES = {
    "sign-up-1": "f291455851f9f42e876ada66466ae4d5c75de21f1feec5c7c9dfc63436b2cfc6",
    "confirm-1": "e83a04dac5f758aae58175d48afaaa96cb2a7ff5ae2db9ba0e414f22424879f0",
    "sign-up-1-de": "ac6cb84d5e5cc8f5389c4bafa0e696be7304c8becef218ffe5507feda68cad18",
    "confirm-1-de": "8853bf262c9325237788265e7ffdaba532afd26cc5a0d23abe9c1f598875d997",
}


def test_s27_texts_still_say_what_people_agreed_to():
    assert {version: consent.hash_of(version) for version in consent.TEXTS} == HASHES


def test_s27_versions_fit_their_column():
    assert max(map(len, consent.TEXTS)) <= 20


@pytest.mark.django_db
def test_s27_record_keeps_who_when_where_and_which_words():
    reader = make_subscriber()

    consent.record(
        consent.Kind.CONFIRMED, reader, NOW, Shown(form="confirmation page", locale="en", text=consent.CONFIRM)
    )

    assert list(ConsentEvent.objects.values()) == [
        {
            "id": ConsentEvent.objects.get().pk,
            "subscriber_id": reader.pk,
            "kind": "confirmed",
            "at": NOW,
            "form": "confirmation page",
            "text_version": "confirm-1",
            "text_hash": HASHES["confirm-1"],
            "locale": "en",
            "source": "",
            "evidence": "",
        }
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        lambda: ConsentEvent.objects.update(form="forged"),
        lambda: ConsentEvent.objects.all().delete(),
        lambda: connection.cursor().execute("UPDATE subscriptions_consentevent SET form = 'forged'"),
        lambda: connection.cursor().execute("DELETE FROM subscriptions_consentevent"),
    ],
)
def test_s27_database_refuses_to_change_or_delete(change):
    event = consent.record(consent.Kind.REQUESTED, make_subscriber(), NOW, Shown(form="test"))

    with pytest.raises(Error, match="append-only"), transaction.atomic():
        change()

    assert list(ConsentEvent.objects.values_list("pk", "form")) == [(event.pk, "test")]


@pytest.mark.django_db
def test_s27_log_outlives_the_person():
    reader = make_subscriber()
    event = consent.record(consent.Kind.WITHDRAWN, reader, NOW, Shown(form="test"))
    pk = reader.pk

    Subscriber.objects.all().delete()

    assert list(ConsentEvent.objects.values_list("pk", "subscriber_id")) == [(event.pk, pk)]
