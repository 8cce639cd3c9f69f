"""What each kind of staff may do. `migrate` makes the groups so, also for models that came with an upgrade.

Who needs something in between gets a group of their own: these four are put right again by every `migrate`.
"""

from fnmatch import fnmatchcase
from typing import Any

from django.apps import apps as all_apps
from django.contrib.auth.management import create_permissions

# As app.codename, with * for anything.
ROLES: dict[str, tuple[str, ...]] = {
    "Administrator": ("papers.*", "subscriptions.*", "digest_site.*", "auth.*_user", "auth.view_group", "admin.view_*"),
    "Editor": ("papers.*",),
    "Support": (
        "subscriptions.view_*",
        "subscriptions.add_subscriber",
        "subscriptions.change_subscriber",
        "subscriptions.erase_subscriber",
        "subscriptions.add_suppression",
    ),
    "Auditor": (
        "papers.view_*",
        "subscriptions.view_*",
        "digest_site.view_*",
        "auth.view_user",
        "auth.view_group",
        "admin.view_logentry",
    ),
}


def make(apps: Any = all_apps, using: str = "default", **kwargs: Any) -> None:
    """Make the groups, with the permissions of ROLES and no others. Follows every `migrate`; safe to run twice."""
    try:
        group_model, permission_model = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    except LookupError:  # migrated to a state without them
        return
    for config in all_apps.get_app_configs():  # those of apps that come later in the list, too
        create_permissions(config, verbosity=0, using=using, apps=apps)
    rows = permission_model.objects.using(using).values_list("pk", "content_type__app_label", "codename")
    known = {f"{app}.{codename}": pk for pk, app, codename in rows}
    for role, patterns in ROLES.items():
        group, _ = group_model.objects.using(using).get_or_create(name=role)
        group.permissions.set(pk for name, pk in known.items() if any(fnmatchcase(name, one) for one in patterns))
