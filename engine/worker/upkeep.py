"""A tenant's chores: what is done every so often, or once a day, rather than when something happens (F8).

When each is due again is a row, locked while a worker does the chore. So any number of clocks and workers do it once,
what was missed is made up for, and a chore that was broken off goes on. All of them may be repeated without harm.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.core.db import tenant_session
from engine.core.poison import POISON
from engine.core.retention import delete_old_audit, delete_old_notifications
from engine.core.tally import Counted, count
from engine.core.tenants import get_tenant, today_of
from engine.customers.entitlements import expire_entitlements
from engine.delivery.retention import delete_old_messages, delete_old_receipts, delete_old_webhooks
from engine.events.retention import delete_stray_events
from engine.journeys.backtest.running import delete_old_backtests
from engine.journeys.counts import fold_counts
from engine.journeys.retention import delete_old_enrolments, finish_ended_journeys
from engine.segments.membership import refresh_all

CLEAN_UP_HOUR = time(3, tzinfo=UTC)
"""When S4 cleans up."""

KEEP_EVENT_KEYS = timedelta(days=10)
"""Repeats are recognised for so long (providers 6: at least seven days)."""

AFTER_FAILURE = timedelta(hours=1)

log = structlog.get_logger()

FORGET = text("DELETE FROM upkeep WHERE tenant_id = :tenant AND chore <> ALL(CAST(:chores AS text[]))")
KNOW = text("""
    INSERT INTO upkeep (tenant_id, chore, due_at)
    SELECT :tenant, chore, :now FROM unnest(CAST(:chores AS text[])) AS chore ON CONFLICT DO NOTHING
""")
CLAIM = text("""
    SELECT chore FROM upkeep WHERE tenant_id = :tenant AND due_at <= :now
    ORDER BY due_at, chore LIMIT 1 FOR UPDATE SKIP LOCKED
""")
DONE = text("UPDATE upkeep SET due_at = :due_at WHERE tenant_id = :tenant AND chore = :chore")

OLD_KEYS = text("""
    DELETE FROM event_keys WHERE tenant_id = :tenant AND key = ANY(ARRAY(
        SELECT key FROM event_keys WHERE tenant_id = :tenant AND received_at < :before LIMIT 5000))
    RETURNING key
""")

Do = Callable[[Session, UUID, datetime], int]
Next = Callable[[datetime, ZoneInfo], datetime]


@dataclass(frozen=True, slots=True)
class Chore:
    """`do` does one batch and returns how much there was, 0 at the end; `following` is when it is due after that."""

    do: Do
    following: Next


def do_chore(tenant_id: UUID, *, now: datetime) -> int:
    """One batch of the chore of a tenant that has waited longest; returns 1, or 0 when none is due.

    A chore that fails is logged and tried again in an hour; the others go on.
    """
    with tenant_session(tenant_id) as session:
        chores = array_literal(CHORES)
        session.execute(FORGET, {"tenant": tenant_id, "chores": chores})
        session.execute(KNOW, {"tenant": tenant_id, "chores": chores, "now": now})
        name = session.scalar(CLAIM, {"tenant": tenant_id, "now": now})
        if name is None:
            return 0
        due_at = _do(session, tenant_id, name, now)
        session.execute(DONE, {"tenant": tenant_id, "chore": name, "due_at": due_at})
        return 1


def _do(session: Session, tenant_id: UUID, name: str, now: datetime) -> datetime:
    """When the chore is due again: at once, behind the others, when there is more to do."""
    try:
        with session.begin_nested():
            handled = CHORES[name].do(session, tenant_id, now)
    except POISON:
        log.exception("a chore failed", chore=name, tenant=str(tenant_id))
        count(Counted.WORK_FAILED)
        return now + AFTER_FAILURE
    if handled:
        return now
    return CHORES[name].following(now, ZoneInfo(get_tenant(session).timezone))


def every(**length: float) -> Next:
    """So long after it was done."""
    return lambda now, _zone: now + timedelta(**length)


def at_clean_up_hour(now: datetime, _zone: ZoneInfo) -> datetime:
    """The next 03:00 UTC."""
    today = datetime.combine(now.astimezone(UTC), CLEAN_UP_HOUR)
    return today if now < today else today + timedelta(days=1)


def at_midnight(now: datetime, zone: ZoneInfo) -> datetime:
    """The next beginning of a day in the tenant's zone."""
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone).astimezone(UTC)


def clean_up(session: Session, tenant_id: UUID, now: datetime) -> int:
    """Delete one batch of what is kept no longer; returns how many rows (S4 `cleanupOldMessageLogs`)."""
    for delete in OLD_ROWS:
        if gone := delete(session, tenant_id, now=now):
            count(Counted.ROWS_CLEANED_UP, gone)
            return gone
    return 0


OLD_ROWS = (
    delete_stray_events,
    delete_old_messages,
    delete_old_enrolments,
    delete_old_backtests,
    delete_old_receipts,
    delete_old_webhooks,
    delete_old_notifications,
    delete_old_audit,
)


def _refresh_segments(session: Session, tenant_id: UUID, now: datetime) -> int:
    refresh_all(session, tenant_id, now=now)
    return 0


def _fold_counts(session: Session, tenant_id: UUID, now: datetime) -> int:
    fold_counts(session, tenant_id)
    return 0


def _forget_event_keys(session: Session, tenant_id: UUID, now: datetime) -> int:
    return len(session.scalars(OLD_KEYS, {"tenant": tenant_id, "before": now - KEEP_EVENT_KEYS}).all())


def _expire_entitlements(session: Session, tenant_id: UUID, now: datetime) -> int:
    return expire_entitlements(session, tenant_id, today=today_of(session, now))


def _finish_journeys(session: Session, tenant_id: UUID, now: datetime) -> int:
    return finish_ended_journeys(session, tenant_id, today=today_of(session, now), now=now)


CHORES: Mapping[str, Chore] = {
    "refresh_segments": Chore(_refresh_segments, every(minutes=5)),
    "fold_counts": Chore(_fold_counts, every(minutes=1)),
    "forget_event_keys": Chore(_forget_event_keys, every(hours=6)),
    "clean_up": Chore(clean_up, at_clean_up_hour),
    "expire_entitlements": Chore(_expire_entitlements, at_midnight),
    "finish_journeys": Chore(_finish_journeys, at_midnight),
}
"""Every chore, by its name in the table (S4 "Scheduled Jobs" gives the longest gaps; ours are shorter)."""
