"""Every change by staff: who, what, before and after. It stands in the admin's own log, which the database lets
nobody change (see the migration `append_only_log`).

An entry's message is a list: Django's own words for it, and dicts with "note", "before" and "after". Addresses and
what readers wrote stand there as keyed hashes only, so that erasing a reader leaves nothing of them here.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from subscriptions.links import address_hmac

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

Values = Mapping[str, Any]
Message = list[dict[str, Any]]

# Rows one action may take on: each is looked at before and after.
MAX_ROWS = 1_000
MAX_TEXT = 1_000
_ADDRESS = re.compile(r"[^\s@<>()\"',;:]+@[^\s@<>()\"',;:]+\.[^\s@<>()\"',;:]+")
# What readers wrote or what proves their consent, and what nobody should read.
_PRIVATE = frozenset({"keywords", "evidence", "text", "normal", "email_key", "payload"})
_SECRET = re.compile(r"password|secret|^(?:digest|nonce)$")


def said(name: str, value: Any) -> Any:
    """A field's value as it may be kept: plain JSON, without addresses, private text or secrets."""
    if value in (None, "", [], ()) or isinstance(value, bool | int | float):
        return value if not isinstance(value, tuple) else []
    if _SECRET.search(name):
        return "‹secret›"
    if name in _PRIVATE:
        return f"‹{_hash(value)}›"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): said(str(key), inner) for key, inner in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | Model):
        return sorted((said(name, inner) for inner in value), key=str)
    return _ADDRESS.sub(lambda found: f"‹{address_hmac(found[0])[:12]}›", str(value))[:MAX_TEXT]


def differences(before: Values, after: Values) -> dict[str, dict[str, Any]]:
    """The fields that differ, as "before" and "after" of an entry; empty when none does."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if not names:
        return {}
    return {
        side: {name: said(name, values[name]) for name in names if name in values}
        for side, values in (("before", before), ("after", after))
    }


def snapshot(rows: QuerySet[Any]) -> dict[Any, Values]:
    """The columns of some rows, by primary key."""
    return {row.pk: {name: value for name, value in vars(row).items() if name[0] != "_"} for row in rows.all()}


def words(entry: LogEntry) -> str:
    """What an entry says, for people."""
    parts = _parts(entry)
    notes = [str(part["note"]) for part in parts if "note" in part]
    plain = any(key in part for part in parts for key in ("added", "changed", "deleted"))
    if plain or not (notes or parts):
        notes.append(entry.get_change_message())
    return " ".join(filter(None, notes))


def values(entry: LogEntry, side: str) -> dict[str, Any]:
    """What the fields were `before` or `after`."""
    return {name: value for part in _parts(entry) for name, value in part.get(side, {}).items()}


class Audited(ModelAdmin):
    """Laid over every page of the admin, so that none can forget to say what it did."""

    object_history_template = "admin/history.html"

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Message:
        message: Message = super().construct_change_message(request, form, formsets, add)
        for filled in [form, *(inner for formset in formsets or () for inner in formset.forms)]:
            names = [name for name in filled.fields if add or name in filled.changed_data]
            after = {name: filled.cleaned_data[name] for name in names if name in filled.cleaned_data}
            before = {} if add else {name: filled.get_initial_for_field(filled.fields[name], name) for name in after}
            if after:
                message.append({side: _all_said(part) for side, part in (("before", before), ("after", after)) if part})
        return message

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Within an action, what the action says is kept for the entry that also has before and after."""
        notes = getattr(request, "audit_notes", None)
        if notes is None or not isinstance(message, str):
            return super().log_change(request, obj, message)
        notes[obj.pk] = message
        return None

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        before = snapshot(QuerySet(self.model).filter(pk__in=[row.pk for row in queryset]))
        return [record(request, row, "", flag=DELETION, before=before.get(row.pk, {})) for row in queryset]

    def get_actions(self, request: HttpRequest) -> Any:
        actions: Any = super().get_actions(request)
        return {name: (_watched(act, str(title)), name, title) for name, (act, _name, title) in actions.items()}


def record(
    request: HttpRequest, row: Model, note: str, *, flag: int = CHANGE, before: Values | None = None,
    after: Values | None = None,
) -> LogEntry:  # fmt: skip
    """Enter something done to one row, other than by a form or an action."""
    part: dict[str, Any] = {"note": note} if note else {}
    part |= {side: _all_said(given) for side, given in (("before", before), ("after", after)) if given}
    user: Any = request.user
    return LogEntry.objects.log_actions(user.pk, [row], flag, [part], single_object=True)


def _watched(act: Callable[..., Any], title: str) -> Callable[..., Any]:
    def inner(model_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> Any:
        pks = list(rows.order_by("pk").values_list("pk", flat=True)[: MAX_ROWS + 1])
        if len(pks) > MAX_ROWS:
            messages.error(request, _("Choose at most %d rows at a time: a filter helps.") % MAX_ROWS)
            return None
        with _watching(request, rows.model, pks, title):
            return act(model_admin, request, rows)

    return inner


@contextmanager
def _watching(request: Any, model: type[Model], pks: list[Any], title: str) -> Iterator[None]:
    """Enter what happens to these rows, save those that what is done here enters itself."""
    rows: QuerySet[Any] = QuerySet(model).filter(pk__in=pks)
    before, last = snapshot(rows), LogEntry.objects.values_list("pk", flat=True).order_by("-pk").first() or 0
    notes: dict[Any, str] = {}
    request.audit_notes = notes
    try:
        yield
    finally:
        request.audit_notes = None
        kind = ContentType.objects.get_for_model(model)
        own = set(
            LogEntry.objects.filter(pk__gt=last, content_type=kind, user=request.user).values_list(
                "object_id", flat=True
            )
        )
        after = snapshot(rows)
        parts = {pk: differences(before[pk], after[pk]) for pk in after if pk in before and str(pk) not in own}
        changed = {pk: {"note": str(notes.get(pk, title))} | part for pk, part in parts.items() if part or pk in notes}
        named = {row.pk: str(row)[:200] for row in rows.filter(pk__in=changed)}
        LogEntry.objects.bulk_create(
            LogEntry(
                user=request.user, content_type=kind, object_id=str(pk), object_repr=named.get(pk, ""),
                action_flag=CHANGE, change_message=json.dumps([part]),
            )
            for pk, part in changed.items()
        )  # fmt: skip


def laid_over(page: type[ModelAdmin]) -> type[ModelAdmin]:
    """`page` with all it does entered."""
    return type(page.__name__, (Audited, page), {"__doc__": page.__doc__, "__module__": page.__module__})


def _all_said(fields: Values) -> dict[str, Any]:
    return {name: said(name, value) for name, value in fields.items()}


def _parts(entry: LogEntry) -> Message:
    if not entry.change_message.startswith("["):
        return []
    try:
        parts = json.loads(entry.change_message)
    except ValueError:
        return []
    return [part for part in parts if isinstance(part, dict)]


def _hash(value: Any) -> str:
    return salted_hmac(__name__, str(value), algorithm="sha256").hexdigest()[:12]
