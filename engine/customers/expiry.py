"""Entitlements that run out by the calendar: each told once (C1, J2)."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.core.ids import key_of
from engine.core.tenants import get_tenant
from engine.customers.entitlement_events import EXPIRED_EVENT, MEMBERSHIP, told
from engine.customers.models import EntitlementStatus
from engine.customers.standing import keep_membership_status
from engine.events.record import NewEvent, record

SOURCE = "safar"
BATCH = 5_000

LIVE_DAYS = timedelta(days=7)
"""What ran out earlier is history, which starts no journey; more than a day, for a clock may stand still."""

LOCK = text(f"""
    SELECT id, coalesce(merged_into, id) AS stands_for, erased_at IS NOT NULL AS is_erased FROM customers
    WHERE tenant_id = :tenant AND id IN (
        SELECT customer_id FROM entitlements
        WHERE tenant_id = :tenant AND status = '{EntitlementStatus.ACTIVE}' AND expires_on < :today
        ORDER BY expires_on LIMIT :batch
    )
    ORDER BY id FOR NO KEY UPDATE
""")
"""Their holders, locked first as whoever changes a balance locks them."""

EXPIRE = text(f"""
    UPDATE entitlements SET status = '{EntitlementStatus.EXPIRED}'
    WHERE tenant_id = :tenant AND customer_id = ANY(CAST(:customers AS uuid[]))
        AND status = '{EntitlementStatus.ACTIVE}' AND expires_on < :today
    RETURNING id, customer_id, kind, external_id, name, starts_on, expires_on, balance
""")


def expire_entitlements(session: Session, tenant_id: UUID, *, today: date) -> int:
    """Let run out what was good until yesterday at the latest, and record that it did (C1).

    Events are `Membership Expired`, `Package Expired`, `Loyalty Points Expired`, one for each entitlement, at
    the midnight after its last day; `membership_status` follows. About 5,000 in a call: the clock calls again
    while the answer is not 0.

    Args:
        today: the tenant's day.

    Returns:
        How many ran out.
    """
    zone = ZoneInfo(get_tenant(session).timezone)
    values = {"tenant": tenant_id, "today": today, "batch": BATCH}
    holders = {row.id: row for row in session.execute(LOCK, values)}
    if not holders:
        return 0
    values = {"tenant": tenant_id, "today": today, "customers": array_literal(holders)}
    gone = session.execute(EXPIRE, values).all()
    midnight = datetime.combine(today, time(), zone)
    members = {row.customer_id for row in gone if row.kind == MEMBERSHIP}
    keep_membership_status(session, sorted(members), today=today, now=midnight)
    _tell(session, tenant_id, [(row, holders[row.customer_id]) for row in gone], midnight, zone)
    return len(gone)


def _tell(
    session: Session, tenant_id: UUID, gone: Sequence[tuple[Any, Any]], midnight: datetime, zone: ZoneInfo
) -> None:
    events = [_event(row, holder.stands_for, zone) for row, holder in gone if not holder.is_erased]
    record(session, tenant_id, events, now=midnight, live_after=midnight - LIVE_DAYS)


def _event(row: Any, holder: UUID, zone: ZoneInfo) -> NewEvent:
    after_last_day = datetime.combine(row.expires_on + timedelta(days=1), time(), zone)
    properties = told(
        row.kind,
        row.external_id,
        name=row.name,
        starts_on=row.starts_on,
        expires_on=row.expires_on,
        count=row.balance,
    )
    key = key_of("expired", row.id, row.expires_on)
    return NewEvent(holder, EXPIRED_EVENT[row.kind], "track", SOURCE, properties, {}, after_last_day, key)
