"""The suppression list: who gets on it, and what the events of an address add up to.

Events come twice, late and out of order. What they add up to is a function of the set of them, so that
every order ends alike (STANDARDS S22 to S24).
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from subscriptions.models import DeliveryEvent, Suppression

Kind = DeliveryEvent.Kind
Reason = Suppression.Reason

SOFT_BOUNCES = 3  # on so many different days …
WITHIN = timedelta(days=14)  # … within this, and nothing delivered in between
RANK = {Reason.BOUNCE: 0, Reason.OPERATOR: 1, Reason.COMPLAINT: 2}

Past = tuple[str, datetime]


def suppress(address_hmac: str, reason: Suppression.Reason, at: datetime) -> None:
    """Let the address get no more mail of any kind. A weightier reason replaces a lighter one."""
    rows = Suppression.objects.select_for_update()
    row, new = rows.get_or_create(address_hmac=address_hmac, defaults={"reason": reason, "at": at})
    if new or RANK[Reason(row.reason)] > RANK[reason]:
        return
    row.at = min(row.at, at) if row.reason == reason else at
    row.reason = reason
    row.save(update_fields=["reason", "at"])


def weigh(event: DeliveryEvent) -> None:
    """Let a new delivery or bounce count. A delivery that turns out to lie between bounces takes them back.

    To be called in the transaction that stored the event, with the address's reader locked.
    """
    counted = DeliveryEvent.objects.filter(
        address_hmac=event.address_hmac, kind__in=(Kind.BOUNCED, Kind.SOFT_BOUNCED, Kind.DELIVERED)
    )
    past = list(counted.values_list("pk", "kind", "at"))
    before = dead_since([(kind, at) for pk, kind, at in past if pk != event.pk])
    after = dead_since([(kind, at) for _, kind, at in past])
    if after and (event.kind == Kind.BOUNCED or after != before):
        Suppression.objects.filter(address_hmac=event.address_hmac, reason=Reason.BOUNCE).update(at=after)
        suppress(event.address_hmac, Reason.BOUNCE, after)
    elif before and not after:
        Suppression.objects.filter(address_hmac=event.address_hmac, reason=Reason.BOUNCE).delete()


def dead_since(past: Collection[Past]) -> datetime | None:
    """From when an address with these events counts as not working, None while it does. `past`: in any order."""
    bounced = [at for kind, at in past if kind == Kind.BOUNCED]
    soft = _third_soft_bounce(past)
    return min([*bounced, soft] if soft else bounced, default=None)


def _third_soft_bounce(past: Collection[Past]) -> datetime | None:
    days: list[datetime] = []
    for at, kind in sorted((at, kind) for kind, at in past if kind != Kind.BOUNCED):
        if kind == Kind.DELIVERED:
            days.clear()
        elif not days or days[-1].date() != at.date():
            days = [day for day in days if at - day < WITHIN] + [at]
            if len(days) == SOFT_BOUNCES:
                return at
    return None
