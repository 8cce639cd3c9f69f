"""What sources, readers and operators wrote, in a real browser: nothing of it runs (STANDARDS A10)."""

import pytest
from django.conf import settings as configured
from django.urls import reverse
from django.utils import timezone

from subscriptions import links
from subscriptions.models import Token
from tests.digest_site.test_every_page import HOSTILE
from tests.everywhere import DAY, fill
from tests.journeys.test_pages import browser, tab  # noqa: F401 -- fixtures
from tests.operators import enter, make_operator
from tests.readers import path_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PUBLIC = ["/", f"/papers/date/{DAY}", "/papers/trending", "/papers/2608.00001", "/papers/2608.00002"]
OWN = ["/preferences", "/preferences/digests", "/preferences/judgements"]
ADMIN = [
    "papers_paper",
    "papers_rejected",
    "subscriptions_subscriber",
    "subscriptions_delivery",
    "subscriptions_digest",
]


@pytest.mark.parametrize("tab", [(1280, "light")], indirect=True)
@pytest.mark.parametrize("words", HOSTILE)
def test_a10_nothing_that_was_written_runs(tab, client, words):  # noqa: F811 -- the fixture
    reader = fill(words)
    dialogs: list[str] = []
    tab.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    enter(client, make_operator())
    cookie = client.cookies[configured.SESSION_COOKIE_NAME]
    tab.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": tab.site}])
    door = path_of(links.issue(reader, Token.Purpose.MANAGE, timezone.now()))
    lists = [reverse(f"admin:{name}_changelist") for name in ADMIN]
    row = reverse("admin:papers_paper_change", args=[reader.digests.get().items.first().paper_id])

    for path in [*PUBLIC, door, *OWN, reverse("admin:index"), *lists, row]:
        answer = tab.page.goto(tab.site + path)
        assert answer is not None
        assert (path, answer.status) == (path, 200)
        # Whatever would begin to run when it is pointed at or reached.
        tab.page.mouse.move(300, 300)
        tab.page.keyboard.press("Tab")

    assert dialogs == []
    assert tab.page.evaluate("document.querySelectorAll('img[src=x], [onerror], [onfocus], [autofocus]').length") == 0
