"""The admin's pages of ours, read by axe-core in both colour schemes: nothing serious may be left."""

import io

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page

from digest_site import health
from papers.models import Announcement, Paper, Reading, Rejected
from subscriptions import importing
from subscriptions.models import Digest, Subscriber
from tests.journeys import service
from tests.journeys.test_accessibility import LOOKS, NODE, RUN_AXE, SCREENSHOTS
from tests.journeys.test_pages import browser  # noqa: F401 -- a fixture
from tests.operators import enter, make_operator

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LISTS = {
    "readers": "subscriptions_subscriber", "digests": "subscriptions_digest", "deliveries": "subscriptions_delivery",
    "editions": "subscriptions_edition", "brakes": "subscriptions_brake", "interests": "subscriptions_interest",
    "imports": "subscriptions_import", "papers": "papers_paper", "readings": "papers_reading",
    "quarantine": "papers_rejected", "announcements": "papers_announcement", "alerts": "digest_site_alert",
    "audit": "admin_logentry", "users": "auth_user",
}  # fmt: skip
GRAVE = ("serious", "critical")
# Django's own: a label that is a picture, whose text axe does not count, and rows to look at that scroll sideways.
DJANGOS = ("label-title-only: #searchbar", "scrollable-region-focusable: #listings-group")
FILE = "email;interests\nmia@example.org;grokking\nnot an address;(open AND\n"


def addresses() -> dict[str, str]:
    """Each page by a name for its picture."""
    now = timezone.now()
    service.fill(now, readers=20)
    health.beat(now)
    reader = Subscriber.objects.filter(status="active").earliest("pk")
    named, checked = (_uploaded(now) for _ in range(2))
    importing.begin_check(checked, {"0": "email", "1": "keywords"})
    importing.work(lambda: now)
    single = {
        "home": reverse("admin:index"),
        "second-factor": reverse("admin:recovery_codes"),
        "paper": _change(Paper.objects.latest("pk")),
        "paper-add": reverse("admin:papers_paper_add"),
        "reading": _change(Reading.objects.latest("pk")),
        "rejected": _change(Rejected.objects.latest("pk")),
        "announcement": _change(Announcement.objects.latest("pk")),
        "reader": _change(reader),
        "reader-preview": reverse("admin:subscriptions_subscriber_preview", args=[reader.pk]),
        "reader-erase": reverse("admin:subscriptions_subscriber_act", args=[reader.pk, "erase"]),
        "digest": _change(Digest.objects.latest("pk")),
        "import-add": reverse("admin:subscriptions_import_add"),
        "import-columns": reverse("admin:subscriptions_import_columns", args=[named.pk]),
        "import-checked": _change(checked),
        "export": reverse("admin:subscriptions_subscriber_export"),
    }
    return single | {name: reverse(f"admin:{page}_changelist") for name, page in LISTS.items()}


def _uploaded(now):
    return importing.receive(io.BytesIO(FILE.encode()), now, name="people.csv", source="Fair", evidence="Forms")


def _change(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


@pytest.fixture
def page(browser: Browser, client, live_server, request):  # noqa: F811 -- the fixture
    """A page in which an administrator is at work, with axe in it."""
    enter(client, make_operator("admin"))
    cookie = client.cookies[django_settings.SESSION_COOKIE_NAME]
    size = {"width": LOOKS[request.param], "height": 900}
    context = browser.new_context(viewport=size, color_scheme=request.param, reduced_motion="reduce", bypass_csp=True)
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    context.add_init_script(path=NODE / "node_modules" / "axe-core" / "axe.min.js")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("page", LOOKS, indirect=True)
def test_axe_finds_nothing_serious_in_the_admin(page: Page, live_server, request):
    findings = {}
    for name, address in addresses().items():
        response = page.goto(live_server.url + address)
        assert response is not None
        assert (name, response.status) == (name, 200)
        page.screenshot(path=SCREENSHOTS / f"admin-axe-{name}-{request.node.callspec.id}.png", full_page=True)
        if found := [
            one for one in page.evaluate(RUN_AXE) if one.startswith(GRAVE) and not any(own in one for own in DJANGOS)
        ]:
            findings[name] = found

    assert findings == {}
