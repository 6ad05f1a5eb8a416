"""Loyalty points: lots that customers earn or are given, each once (C1, I5, J5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal, insert_many
from engine.core.ids import key_of, new_id
from engine.core.tenants import get_tenant
from engine.customers.entitlement_events import POINTS, POINTS_EARNED, told
from engine.customers.orders import LIVE
from engine.events.record import NewEvent, record

SOURCE = "safar"


@dataclass(frozen=True, slots=True)
class Earned:
    """A lot of points to give; `external_id` names what earned them, so that it is given once."""

    customer_id: UUID
    points: int
    expires_on: date | None
    external_id: str
    at: datetime
    source: str = SOURCE
    name: str = ""

    @property
    def event_key(self) -> UUID:
        """The key of its event, so that a lot makes one event, however it comes to us."""
        return key_of("points", self.customer_id, self.external_id)


HOLDERS = text("""
    SELECT id, coalesce(merged_into, id) AS holder FROM customers
    WHERE tenant_id = :tenant AND id = ANY(CAST(:customers AS uuid[])) AND erased_at IS NULL
""")

_LOTS = {
    "id": "uuid",
    "tenant_id": "uuid",
    "customer_id": "uuid",
    "kind": "text",
    "external_id": "text",
    "name": "text",
    "starts_on": "date",
    "expires_on": "date",
    "balance": "integer",
    "created_at": "timestamptz",
    "updated_at": "timestamptz",
}

ONCE = "ON CONFLICT (tenant_id, kind, external_id) DO NOTHING RETURNING external_id"


def earn_points(session: Session, tenant_id: UUID, lots: Sequence[Earned], *, now: datetime) -> int:
    """Give lots of points, each once by its `external_id`, and record `Loyalty Points Earned` for each (I5).

    Customers who were merged stand for who took over; who was erased gets none. Returns how many were new.
    """
    wanted = {each.external_id: each for each in lots}
    if not wanted:
        return 0
    zone = ZoneInfo(get_tenant(session).timezone)
    asked = array_literal({each.customer_id for each in wanted.values()})
    found = session.execute(HOLDERS, {"tenant": tenant_id, "customers": asked})
    holders = {row.id: row.holder for row in found}
    rows = [
        _lot(tenant_id, holders[each.customer_id], each, zone)
        for _, each in sorted(wanted.items())
        if each.customer_id in holders
    ]
    written = insert_many(session, "entitlements", _LOTS, rows, then=ONCE)
    new = [wanted[number] for number in written.scalars()] if written else []
    events = [_earned_event(each, holders[each.customer_id]) for each in new]
    record(session, tenant_id, events, now=now, live_after=now - LIVE)
    return len(new)


def grant_points(
    session: Session,
    tenant_id: UUID,
    grants: Sequence[tuple[UUID, int, date | None, str]],
    now: datetime,
) -> int:
    """Give customers points: `(customer_id, points, expires_on, external_id)`, each `external_id` once (J5).

    `points` is at least 1; `expires_on` is the last day on which they are good, None for ever. Records
    `Loyalty Points Earned` for each. Returns how many were new.
    """
    lots = [Earned(who, points, until, number, now) for who, points, until, number in grants]
    return earn_points(session, tenant_id, lots, now=now)


def _lot(tenant_id: UUID, holder: UUID, lot: Earned, zone: ZoneInfo) -> tuple[Any, ...]:
    earned_on = lot.at.astimezone(zone).date()
    return (
        new_id(),
        tenant_id,
        holder,
        POINTS.value,
        lot.external_id,
        lot.name,
        earned_on,
        lot.expires_on,
        lot.points,
        lot.at,
        lot.at,
    )


def _earned_event(lot: Earned, holder: UUID) -> NewEvent:
    properties = told(POINTS, lot.external_id, name=lot.name, expires_on=lot.expires_on, count=lot.points)
    return NewEvent(holder, POINTS_EARNED, "track", lot.source, properties, {}, lot.at, lot.event_key)
