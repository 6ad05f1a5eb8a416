"""How long the installation keeps what happened (F6, S4 `cleanupOldMessageLogs`), and the end of what is older.

Consent, its history and suppressions are never deleted: they are the proof that we may, or may not.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from engine.core.settings import settings

BATCH = 5_000
"""Rows deleted in one transaction: nobody notices. They are chosen by `ARRAY(SELECT …)`, which is asked once; with
`IN (SELECT …)` PostgreSQL may choose to ask it again for each row, when its statistics are of an empty table."""

AUDIT_DAYS = 730
"""The law's two years, however short the logs are kept."""

AUDIT = text("""
    DELETE FROM audit_log WHERE id = ANY(ARRAY(
        SELECT id FROM audit_log WHERE tenant_id = :tenant AND at < :before ORDER BY at LIMIT :limit))
""")
NOTIFICATIONS = text("""
    DELETE FROM notifications WHERE id = ANY(ARRAY(
        SELECT id FROM notifications WHERE tenant_id = :tenant AND at < :before ORDER BY at LIMIT :limit))
""")


def events_end(now: datetime) -> datetime:
    """Events before this moment are not kept (`SAFAR_KEEP_EVENTS_DAYS`)."""
    return now - timedelta(days=settings().keep_events_days)


def logs_end(now: datetime) -> datetime:
    """Logs before this moment are not kept (`SAFAR_KEEP_LOGS_DAYS`)."""
    return now - timedelta(days=settings().keep_logs_days)


def delete_old_audit(session: Session, tenant_id: UUID, *, now: datetime, limit: int = BATCH) -> int:
    """Delete a batch of audit entries older than the logs' time, and than two years; returns how many."""
    before = min(logs_end(now), now - timedelta(days=AUDIT_DAYS))
    return _delete(session.execute(AUDIT, {"tenant": tenant_id, "before": before, "limit": limit}))


def delete_old_notifications(session: Session, tenant_id: UUID, *, now: datetime, limit: int = BATCH) -> int:
    """Delete a batch of what the staff was told long ago; returns how much."""
    values = {"tenant": tenant_id, "before": logs_end(now), "limit": limit}
    return _delete(session.execute(NOTIFICATIONS, values))


def _delete(result: object) -> int:
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
