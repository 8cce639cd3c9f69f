"""What each role can open and do, for every page of the admin."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse

from digest_site import roles
from digest_site.roles import ROLES
from tests.operators import enter, make_operator

pytestmark = pytest.mark.django_db

PAPERS = {model._meta.label_lower for model in apps.get_app_config("papers").get_models()}
READERS = {model._meta.label_lower for model in apps.get_app_config("subscriptions").get_models()}
SITE = {model._meta.label_lower for model in apps.get_app_config("digest_site").get_models()}
PEOPLE = {"auth.user", "auth.group", "admin.logentry"}

# Whose lists a role sees; every other one answers 403.
SEES = {
    "Administrator": PAPERS | READERS | SITE | PEOPLE,
    "Editor": PAPERS,
    "Support": READERS,
    "Auditor": PAPERS | READERS | SITE | PEOPLE,
}
# What a role may do beyond looking.
ADDS_READERS = {"subscriptions.subscriber", "subscriptions.suppression"}
ADDS = {
    "Editor": {"papers.category", "papers.announcement", "papers.paper"},
    "Support": ADDS_READERS,
    "Auditor": set(),
}
ADDS["Administrator"] = ADDS["Editor"] | ADDS["Support"] | {"auth.user", "subscriptions.import"}
READER_ACTS = {"pause", "resume", "unsubscribe", "preview"}
BY_HAND = {"resend", "mark_accepted", "cancel"}


def join(role: str) -> User:
    user = make_operator(role.lower(), is_superuser=False)
    user.groups.add(Group.objects.get(name=role))
    return user


def client_of(role: str) -> Client:
    return enter(Client(), join(role))


def page(model: type[Model], name: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def actions_of(role: str, label: str) -> set[str]:
    request = RequestFactory().get("/")
    request.user = User.objects.filter(username=role.lower()).first() or join(role)
    return set(admin.site._registry[apps.get_model(label)].get_actions(request))


@pytest.mark.parametrize("role", ROLES)
def test_role_opens_its_lists_and_no_others(role):
    client = client_of(role)
    shown = {model._meta.label_lower for model in admin.site._registry}

    opened = {model._meta.label_lower for model in admin.site._registry
              if client.get(page(model, "changelist")).status_code == 200}  # fmt: skip

    assert opened == SEES[role] & shown


@pytest.mark.parametrize("role", ROLES)
def test_role_adds_what_is_its_own(role):
    client = client_of(role)

    opened = {model._meta.label_lower for model in admin.site._registry
              if client.get(page(model, "add")).status_code == 200}  # fmt: skip

    assert opened == ADDS[role]


def test_auditor_changes_nothing():
    client = client_of("Auditor")
    acts = {model._meta.label: actions_of("Auditor", model._meta.label) for model in admin.site._registry}

    assert {label: names for label, names in acts.items() if names - {"preview"}} == {}
    for model in admin.site._registry:
        if row := model._default_manager.first():
            answers = [client.post(page(model, name, row.pk), {"post": "yes"}) for name in ("change", "delete")]
            assert (model, [answer.status_code for answer in answers]) == (model, [403, 403])


@pytest.mark.parametrize(
    ("role", "label", "may", "may_not"),
    [
        ("Administrator", "subscriptions.subscriber", READER_ACTS, set()),
        ("Administrator", "subscriptions.delivery", BY_HAND, set()),
        ("Administrator", "subscriptions.edition", {"send_now"}, set()),
        ("Administrator", "subscriptions.brake", {"stop", "go_on", "trust_database"}, set()),
        ("Administrator", "auth.user", {"forget_second_factor"}, {"delete_selected"}),
        ("Support", "subscriptions.subscriber", READER_ACTS, set()),
        ("Support", "subscriptions.delivery", set(), BY_HAND),
        ("Support", "subscriptions.edition", set(), {"send_now"}),
        ("Support", "subscriptions.brake", set(), {"stop", "go_on", "trust_database"}),
        ("Auditor", "subscriptions.subscriber", {"preview"}, READER_ACTS - {"preview"}),
        ("Editor", "papers.paper", {"hide", "unhide"}, set()),
        ("Support", "papers.paper", set(), {"hide", "unhide"}),
    ],
)
def test_role_has_the_actions_of_its_work(role, label, may, may_not):
    found = actions_of(role, label)

    assert may <= found
    assert not may_not & found


@pytest.mark.parametrize(
    ("codename", "who"),
    [
        ("export_subscriber", {"Administrator"}),
        ("import_subscriber", {"Administrator"}),
        ("erase_subscriber", {"Administrator", "Support"}),
        ("act_by_hand", {"Administrator"}),
    ],
)
def test_right_belongs_to(codename, who):
    assert set(Permission.objects.get(codename=codename).group_set.values_list("name", flat=True)) == who


def test_administrator_does_not_rise_above_their_own_rights(client):
    above = make_operator("above")
    self = join("Administrator")
    enter(client, self)
    fields = {"username": "administrator", "is_active": "on", "is_staff": "on", "is_superuser": "on"}

    client.post(page(User, "change", self.pk), fields | {"groups": [group.pk for group in self.groups.all()]})
    statuses = [
        client.post(page(User, "change", above.pk), fields).status_code,
        client.post(reverse("admin:auth_user_password_change", args=[above.pk]), {"password1": "x"}).status_code,
        client.post(page(Group, "change", self.groups.get().pk), {"name": "x"}).status_code,
    ]
    taken = client.post(
        page(User, "changelist"), {"action": "forget_second_factor", "_selected_action": [above.pk]}, follow=True
    )

    self.refresh_from_db()
    assert not self.is_superuser
    assert statuses == [403, 403, 403]
    assert [str(message) for message in taken.context["messages"]][-1] == "0 second factors taken away."


def test_migrate_puts_the_roles_right():
    support = Group.objects.get(name="Support")
    support.permissions.set(Permission.objects.all())
    own = Group.objects.create(name="Our own")
    before = set(Group.objects.get(name="Auditor").permissions.values_list("pk", flat=True))

    call_command("migrate", verbosity=0)

    named = {f"{row.content_type.app_label}.{row.codename}" for row in support.permissions.all()}
    assert "subscriptions.change_subscriber" in named
    assert not {name for name in named if name.startswith("papers.")}
    assert set(Group.objects.get(name="Auditor").permissions.values_list("pk", flat=True)) == before
    assert own.permissions.count() == 0


def test_roles_wait_for_tables_that_are_not_there():
    class Nothing:
        def get_model(self, *name: str) -> None:
            raise LookupError

    roles.make(apps=Nothing())
