"""Memberships, packages and lots of points: saved by their own number, in what they were said to be last (C1, I5)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal, transpose, unnest
from engine.core.ids import key_of, new_id
from engine.core.tenants import get_tenant
from engine.customers.entitlement_events import (
    CANCELLED_EVENT,
    MEMBERSHIP,
    RENEWED_EVENT,
    SPENT_EVENT,
    STARTED_EVENT,
    told,
)
from engine.customers.expiry import expire_entitlements as expire_entitlements
from engine.customers.models import Entitlement, EntitlementKind, EntitlementStatus
from engine.customers.orders import LIVE
from engine.customers.points import grant_points as grant_points
from engine.customers.standing import keep_membership_status
from engine.events.record import NewEvent, record

ACTIVE, USED_UP, EXPIRED, CANCELLED = EntitlementStatus


@dataclass(frozen=True, slots=True)
class NewEntitlement:
    """What is said of an entitlement at a moment; None leaves a field as it is.

    `status` is active or cancelled: it expires by `expires_on`, and is used up when its balance is 0.
    """

    customer_id: UUID
    kind: EntitlementKind
    external_id: str
    at: datetime
    status: EntitlementStatus = ACTIVE
    name: str | None = None
    starts_on: date | None = None
    expires_on: date | None = None
    balance: int | None = None
    source: str = "api"


LOCK = text("""
    SELECT id FROM customers
    WHERE tenant_id = :tenant AND (id = ANY(CAST(:customers AS uuid[])) OR id IN (
        SELECT customer_id FROM entitlements
        WHERE tenant_id = :tenant AND external_id = ANY(CAST(:entitlements AS text[]))
    ))
    ORDER BY id FOR NO KEY UPDATE
""")
"""Those who give and get these entitlements; locked first, so that balances are changed by one at a time."""

_ROWS = {
    "id": "uuid",
    "customer_id": "uuid",
    "kind": "text",
    "external_id": "text",
    "name": "text",
    "status": "text",
    "starts_on": "date",
    "expires_on": "date",
    "balance": "integer",
    "at": "timestamptz",
}
_NAMES = tuple(name for name in _ROWS if name != "at")
_SET = ("customer_id", "name", "status", "starts_on", "expires_on", "balance", "updated_at")

UPSERT = text(f"""
    INSERT INTO entitlements (tenant_id, {", ".join(_NAMES)}, created_at, updated_at)
    SELECT :tenant, {", ".join(_ROWS)}, at FROM {unnest(_ROWS)}
    ON CONFLICT (tenant_id, kind, external_id) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in _SET)}
""")


def save_entitlements(
    session: Session,
    tenant_id: UUID,
    entitlements: Sequence[NewEntitlement],
    *,
    now: datetime,
    tell: bool = True,
) -> int:
    """Save entitlements by their kind and own number, and the customers' membership status with them (C1, I5).

    What was said last stands, whatever the order in which it comes; what it leaves open is filled from before.
    The statements are the same few whatever the number.

    Args:
        tell: record an event of each change (`Membership Started`, `Package Used`…), which journeys see if it is
            at most 24 hours old; no when the sender's own events told it already.

    Returns:
        How many entitlements were new.
    """
    wanted: dict[tuple[str, str], list[NewEntitlement]] = defaultdict(list)
    for each in entitlements:
        wanted[each.kind, each.external_id].append(each)
    if not wanted:
        return 0
    touched = lock_holders(
        session, tenant_id, [each.customer_id for each in entitlements], [number for _, number in wanted]
    )
    known = {(row.kind, row.external_id): _as_said(row) for row in session.execute(_known(wanted))}
    zone = ZoneInfo(get_tenant(session).timezone)
    settled = {which: _settle(known.get(which), said, zone) for which, said in sorted(wanted.items())}
    changed = {which: each for which, each in settled.items() if each != known.get(which)}
    if changed:
        written = transpose(_ROWS, [_row(each) for each in changed.values()])
        session.execute(UPSERT, {"tenant": tenant_id, **written})
        if any(each.kind == MEMBERSHIP for each in changed.values()):
            keep_membership_status(session, touched, today=now.astimezone(zone).date(), now=now)
    if tell:
        events = (
            _change(known.get(which), each, wanted[which][-1].source) for which, each in changed.items()
        )
        record(session, tenant_id, [each for each in events if each], now=now, live_after=now - LIVE)
    return len(wanted.keys() - known.keys())


def lock_holders(
    session: Session, tenant_id: UUID, customer_ids: Iterable[UUID], numbers: Iterable[str]
) -> Sequence[UUID]:
    """Lock these customers and whoever holds these entitlements, in the order of their ids; returns them."""
    values = {
        "tenant": tenant_id,
        "customers": array_literal(set(customer_ids)),
        "entitlements": array_literal(set(numbers)),
    }
    return session.scalars(LOCK, values).all()


def list_entitlements(session: Session, customer_id: UUID, *, limit: int = 200) -> list[Entitlement]:
    """A customer's memberships, packages and lots of points; what is active first, and what runs out first."""
    query = select(Entitlement).where(Entitlement.customer_id == customer_id)
    ordered = query.order_by(
        (Entitlement.status == ACTIVE).desc(),
        Entitlement.expires_on.asc().nulls_last(),
        Entitlement.id.desc(),
    )
    return list(session.scalars(ordered.limit(limit)))


def _known(wanted: Iterable[tuple[str, str]]) -> Select[Any]:
    kinds, numbers = {kind for kind, _ in wanted}, {number for _, number in wanted}
    return select(*Entitlement.__table__.columns).where(
        Entitlement.kind.in_(kinds), Entitlement.external_id.in_(numbers)
    )


def _settle(known: NewEntitlement | None, said: Iterable[NewEntitlement], zone: ZoneInfo) -> NewEntitlement:
    """What is known after all this was said: the latest wins, field by field; pure."""
    first, *rest = sorted([*([known] if known else []), *said], key=_when)
    for each in rest:
        first = replace(
            first,
            customer_id=each.customer_id,
            status=each.status,
            at=each.at,
            **{name: value for name in OPEN if (value := getattr(each, name)) is not None},
        )
    return replace(
        first,
        name=first.name or "",
        starts_on=first.starts_on or first.at.astimezone(zone).date(),
        status=_status(known, first),
        source="",
    )


OPEN = ("name", "starts_on", "expires_on", "balance")
"""What may be left unsaid."""


def _status(known: NewEntitlement | None, after: NewEntitlement) -> EntitlementStatus:
    """Something expired stays so until it is good for longer; nothing left is used up."""
    if after.status is CANCELLED:
        return CANCELLED
    if known and known.status is EXPIRED and known.expires_on == after.expires_on:
        return EXPIRED
    if after.balance == 0:
        return USED_UP
    return after.status if after.status is EXPIRED else ACTIVE


def _when(said: NewEntitlement) -> tuple[datetime, int]:
    return said.at, RANK[said.status]


RANK = {ACTIVE: 0, USED_UP: 1, EXPIRED: 2, CANCELLED: 3}
"""What follows what, when two things are said of one moment."""


def _as_said(row: Any) -> NewEntitlement:
    return NewEntitlement(
        row.customer_id,
        EntitlementKind(row.kind),
        row.external_id,
        row.updated_at,
        EntitlementStatus(row.status),
        row.name,
        row.starts_on,
        row.expires_on,
        row.balance,
        source="",
    )


def _row(each: NewEntitlement) -> tuple[Any, ...]:
    return (
        new_id(),
        each.customer_id,
        each.kind.value,
        each.external_id,
        each.name,
        each.status.value,
        each.starts_on,
        each.expires_on,
        each.balance,
        each.at,
    )


def _change(before: NewEntitlement | None, after: NewEntitlement, source: str) -> NewEvent | None:
    """The event of a change; None of one that nobody waits for, e.g. another name."""
    spent = (before.balance or 0) - (after.balance or 0) if before else -(after.balance or 0)
    name = _change_name(before, after, spent)
    if name is None:
        return None
    properties = told(
        after.kind,
        after.external_id,
        name=after.name or "",
        starts_on=after.starts_on,
        expires_on=after.expires_on,
        count=abs(spent) or None,
    )
    key = key_of("entitlement", after.kind, after.external_id, name, after.at.timestamp())
    return NewEvent(after.customer_id, name, "track", source, properties, {}, after.at, key)


def _change_name(before: NewEntitlement | None, after: NewEntitlement, spent: int) -> str | None:
    kind = after.kind
    if after.status is CANCELLED:
        return CANCELLED_EVENT.get(kind) if before is None or before.status is not CANCELLED else None
    if before is None:
        return STARTED_EVENT[kind]
    if spent > 0:
        return SPENT_EVENT.get(kind)
    longer = (after.expires_on or date.max) > (before.expires_on or date.max)
    again = after.status is ACTIVE and before.status is not ACTIVE
    return RENEWED_EVENT[kind] if longer or again or spent < 0 else None
