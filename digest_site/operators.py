"""What the admin shows of the people who work in it, in place of what other packages registered."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from digest_site import audit, factors

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    _UserAdmin = UserAdmin[User]
else:
    ModelAdmin, _UserAdmin = admin.ModelAdmin, UserAdmin

# Their pages would show one operator another's key. See `manage.py reset_second_factor`.
admin.site.unregister([TOTPDevice, StaticDevice, User, Group])


@admin.register(User)
class OperatorAdmin(_UserAdmin):
    """People who may log in here. Nobody is deleted, for the audit list names them: take away "active" instead."""

    list_display = ("username", "email", "roles", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    filter_horizontal = ("groups",)
    actions = ("forget_second_factor",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (gettext_lazy("Personal info"), {"fields": ("first_name", "last_name", "email")}),
        (gettext_lazy("Rights"), {"fields": ("is_active", "is_staff", "groups", "is_superuser")}),
        (gettext_lazy("Important dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users: QuerySet[User] = super().get_queryset(request)
        return users.prefetch_related("groups")

    @admin.display(description=gettext_lazy("roles"))
    def roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all())

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        return fixed if _is_superuser(request) else (*fixed, "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only those with every right may change, or set the password of, somebody who has every right."""
        above = obj is not None and obj.is_superuser and not _is_superuser(request)
        return super().has_change_permission(request, obj) and not above

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(
        description=gettext_lazy("Take away the second factor: phone and codes are lost"), permissions=["change"]
    )
    def forget_second_factor(self, request: HttpRequest, users: QuerySet[User]) -> None:
        below = [user for user in users if self.has_change_permission(request, user) and factors.forget(user)]
        for user in below:
            self.log_change(request, user, _("Took away the second factor."))
        text = ngettext("%d second factor taken away.", "%d second factors taken away.", len(below)) % len(below)
        messages.success(request, text)


@admin.register(Group)
class RoleAdmin(GroupAdmin):
    """The four roles are put right by every `migrate`; others can be added."""

    list_display = ("name", "members")

    @admin.display(description=gettext_lazy("members"))
    def members(self, group: Group) -> int:
        return len(group.user_set.all())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        groups: QuerySet[Group] = super().get_queryset(request)
        return groups.prefetch_related("user_set")


class KindFilter(admin.SimpleListFilter):
    """By kind of row. Named from what has a page, so that no query looks through the whole log."""

    title = gettext_lazy("what")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        kinds = ContentType.objects.get_for_models(*admin.site._registry)  # noqa: SLF001 -- it has no public name
        return sorted(((str(kind.pk), kind.name) for kind in kinds.values()), key=_label)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(content_type=self.value()) if self.value() else queryset


@admin.register(LogEntry)
class AuditAdmin(ModelAdmin):
    """Every change by staff. See digest_site.audit."""

    list_display = ("action_time", "user", "kind", "row", "what", "change")
    list_display_links = ("action_time",)
    list_filter = ("action_flag", KindFilter, "user")
    list_select_related = ("user", "content_type")
    list_per_page = 50
    search_fields = ("=object_id",)
    search_help_text = gettext_lazy("A row's number")
    ordering = ("-pk",)
    show_full_result_count = False
    fields = ("action_time", "user", "kind", "row", "what", "change")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("kind"))
    def kind(self, entry: LogEntry) -> str:
        return entry.content_type.name if entry.content_type else ""

    @admin.display(description=gettext_lazy("row"))
    def row(self, entry: LogEntry) -> str | SafeString:
        address = entry.get_admin_url()
        text = entry.object_repr or entry.object_id
        return format_html('<a href="{}">{}</a>', address, text) if address and not entry.is_deletion() else str(text)

    @admin.display(description=gettext_lazy("what was done"))
    def what(self, entry: LogEntry) -> str:
        return audit.words(entry) or entry.get_action_flag_display()

    @admin.display(description=gettext_lazy("before → after"))
    def change(self, entry: LogEntry) -> SafeString:
        before, after = audit.values(entry, "before"), audit.values(entry, "after")
        rows = ((name, _shown(before, name), _shown(after, name)) for name in {**before, **after})
        return format_html_join("", "<div><b>{}</b>: {} → {}</div>", rows)


def _shown(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    return "–" if value in (None, "") else str(value)


def _label(choice: tuple[str, Any]) -> str:
    return str(choice[1])


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))
