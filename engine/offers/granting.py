"""Giving coupons to customers: a code of their own each, for a whole batch at once, each once for ever (J5, O2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine.core.bulk import unnest
from engine.core.ids import key_of, new_id
from engine.core.tenants import today_of
from engine.events.record import NewEvent, record
from engine.offers.codes import COUPON_LENGTH, draw_code, insert_once
from engine.offers.models import Coupon

GRANTED = "coupon.granted"
SOURCE = "safar"


@dataclass(frozen=True, slots=True)
class Grant:
    """A coupon for a customer. `dedupe_key` names what gives it, for ever: the same key is given once.

    `valid_days` counts from today, the last day included; None: as long as the coupon itself.
    """

    dedupe_key: UUID
    coupon_id: UUID
    customer_id: UUID
    valid_days: int | None = None
    enrolment_id: UUID | None = None
    node_id: str | None = None
    visit: int | None = None


_NEW = {
    "id": "uuid",
    "dedupe_key": "uuid",
    "coupon_id": "uuid",
    "customer_id": "uuid",
    "code": "text",
    "enrolment_id": "uuid",
    "node_id": "text",
    "visit": "integer",
    "valid_until": "date",
}

GIVE = text(f"""
    INSERT INTO coupon_codes (tenant_id, id, dedupe_key, coupon_id, customer_id, code, enrolment_id, node_id, visit,
        valid_until, created_at)
    SELECT :tenant, rows.id, rows.dedupe_key, coupon.id, coalesce(customer.merged_into, customer.id), rows.code,
        rows.enrolment_id, rows.node_id, rows.visit, least(coupon.valid_until, rows.valid_until), :now
    FROM {unnest(_NEW)}
    JOIN coupons coupon ON coupon.id = rows.coupon_id AND coupon.is_active AND coupon.valid_until >= :today
    JOIN customers customer ON customer.id = rows.customer_id AND customer.erased_at IS NULL
    WHERE NOT EXISTS (SELECT FROM coupons other WHERE other.tenant_id = :tenant AND other.code = rows.code)
    ON CONFLICT DO NOTHING
    RETURNING dedupe_key, coupon_id, customer_id, code, valid_until
""")


def grant_codes(session: Session, tenant_id: UUID, grants: Sequence[Grant], *, now: datetime) -> int:
    """Give customers codes of their own and record `coupon.granted` for each; returns how many were new.

    Customers who were merged stand for who took over; who was erased gets none, nor does anybody of a coupon that is
    switched off or over.
    """
    today = today_of(session, now)
    wishes = {each.dedupe_key: partial(_row, each, today) for each in grants}
    values = {"now": now, "today": today}
    new = insert_once(session, tenant_id, "coupon_codes", GIVE, _NEW, wishes, values)
    names = _names(session, {row.coupon_id for row in new})
    events = [_event(row, names[row.coupon_id], now) for row in new]
    record(session, tenant_id, events, now=now)
    return len(new)


def grantable(session: Session, coupon_ids: Sequence[UUID], *, now: datetime) -> frozenset[UUID]:
    """Which of these coupons can be given today: switched on, not over, not used up."""
    left = Coupon.max_total_uses.is_(None) | (Coupon.current_uses < Coupon.max_total_uses)
    fit = (Coupon.id.in_(coupon_ids), Coupon.is_active, Coupon.valid_until >= today_of(session, now), left)
    return frozenset(session.scalars(select(Coupon.id).where(*fit)))


def _row(grant: Grant, today: date) -> tuple[Any, ...]:
    return (
        new_id(),
        grant.dedupe_key,
        grant.coupon_id,
        grant.customer_id,
        draw_code(COUPON_LENGTH),
        grant.enrolment_id,
        grant.node_id,
        grant.visit,
        today + timedelta(days=grant.valid_days) if grant.valid_days else None,
    )


def _names(session: Session, coupon_ids: set[UUID]) -> dict[UUID, str]:
    if not coupon_ids:
        return {}
    rows = session.execute(select(Coupon.id, Coupon.name).where(Coupon.id.in_(coupon_ids)))
    return {row.id: row.name for row in rows}


def _event(row: Any, name: str, now: datetime) -> NewEvent:
    told = {
        "coupon": name,
        "code": row.code,
        "valid_until": row.valid_until.isoformat(),
        "coupon_id": str(row.coupon_id),
    }
    return NewEvent(row.customer_id, GRANTED, "track", SOURCE, told, {}, now, key_of(GRANTED, row.dedupe_key))
