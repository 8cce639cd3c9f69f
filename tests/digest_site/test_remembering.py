"""A cache whose Redis is away."""

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.utils import timezone

from digest_site import alarms, health

AWAY = {"BACKEND": "digest_site.remembering.Remembering", "LOCATION": "redis://127.0.0.1:1"}


@pytest.fixture
def _away(settings):
    settings.CACHES = {"default": AWAY}


@pytest.mark.usefixtures("_away")
def test_nothing_is_remembered_and_nothing_is_raised():
    cache = caches["default"]

    cache.set("name", "value")

    assert (cache.get("name"), cache.get("name", 3), cache.add("name", 4)) == (None, 3, False)
    assert cache.get_or_set("name", lambda: 5) == 5


@pytest.mark.django_db
@pytest.mark.usefixtures("_away")
def test_pages_go_on_and_the_heart_counts_as_silent(client):
    now = timezone.now()

    statuses = [client.get(path).status_code for path in ("/", "/subscribe", "/status", "/readyz")]

    assert statuses == [200, 200, 200, 503]
    assert health.check_heartbeat(now) == {"ok": False, "last": None}
    assert ("beat_stopped", "") in alarms.look(now + timedelta(hours=1))
