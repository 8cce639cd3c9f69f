"""A mail scanner that opens every link in a browser and waits for the page to act: nothing changes (STANDARDS S02)."""

import pytest
from django.utils import timezone

from subscriptions import links, signup
from subscriptions.consent import Shown
from subscriptions.models import Token
from subscriptions.preferences import Preferences
from tests.factories import make_delivery
from tests.journeys.test_pages import browser, tab  # noqa: F401 -- fixtures
from tests.readers import dump, mailed_paths, path_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("tab", [(1280, "light")], indirect=True)
def test_s02_scanner_that_runs_scripts_changes_nothing(tab):  # noqa: F811 -- the fixture
    now = timezone.now()
    delivery = make_delivery()
    reader = delivery.subscriber
    signup.sign_up("waiting@example.org", Preferences(), now, Shown(form="sign-up form"))
    tokens = [
        Token.objects.filter(purpose=Token.Purpose.CONFIRM).latest("pk"),
        reader.tokens.get(purpose=Token.Purpose.UNSUBSCRIBE),
        links.issue(reader, Token.Purpose.EMAIL, now, {"email": "new@example.org"}),
        links.issue(reader, Token.Purpose.MANAGE, now),
    ]
    mailed = mailed_paths(reader, delivery.digest.items.get().paper_id, delivery.digest.due_at)
    before = dump()
    tab.page.clock.install()

    for path in [*map(path_of, tokens), *mailed.values()]:
        answer = tab.page.goto(tab.site + path)
        assert answer is not None
        assert (path, answer.status) == (path, 200)
        tab.page.clock.run_for(60_000)  # whatever a script had put off happens now
        tab.page.wait_for_load_state("networkidle")

    assert dump() == before
