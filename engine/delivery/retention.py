"""The end of old messages and of what belongs to them; what is still on its way stays, however old (S4)."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.core.retention import BATCH, logs_end

KEEP_RECEIPTS = timedelta(days=30)
KEEP_WEBHOOKS = timedelta(days=90)

MESSAGES = text("""
    DELETE FROM messages WHERE id = ANY(ARRAY(
        SELECT id FROM messages
        WHERE tenant_id = :tenant AND created_at < :before AND status NOT IN ('queued', 'sending')
        ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED))
    RETURNING id
""")

OF_MESSAGES = tuple(
    text(f"DELETE FROM {table} WHERE tenant_id = :tenant AND {column} = ANY(CAST(:ids AS uuid[]))")
    for table, column in (
        ("message_holds", "message_id"),
        ("tracked_links", "message_id"),
        ("inbox_messages", "id"),
    )
)
"""Why they waited, where their links led, and what the local inbox showed of them."""

RECEIPTS = text("""
    DELETE FROM receipts WHERE id = ANY(ARRAY(
        SELECT id FROM receipts WHERE tenant_id = :tenant AND done_at < :before ORDER BY done_at LIMIT :limit))
    RETURNING id
""")

WEBHOOKS = text("""
    DELETE FROM outgoing_webhooks WHERE id = ANY(ARRAY(
        SELECT id FROM outgoing_webhooks
        WHERE tenant_id = :tenant AND created_at < :before AND status <> 'queued'
        ORDER BY created_at LIMIT :limit))
    RETURNING id
""")


def delete_old_messages(session: Session, tenant_id: UUID, *, now: datetime, limit: int = BATCH) -> int:
    """Delete a batch of old messages with their holds, links and pictures in the inbox; returns how many."""
    values = {"tenant": tenant_id, "before": logs_end(now), "limit": limit}
    ids = session.scalars(MESSAGES, values).all()
    if ids:
        for statement in OF_MESSAGES:
            session.execute(statement, {"tenant": tenant_id, "ids": array_literal(ids)})
    return len(ids)


def delete_old_receipts(session: Session, tenant_id: UUID, *, now: datetime, limit: int = BATCH) -> int:
    """Delete a batch of receipts that were worked off 30 days ago: providers repeat none after so long."""
    values = {"tenant": tenant_id, "before": now - KEEP_RECEIPTS, "limit": limit}
    return len(session.scalars(RECEIPTS, values).all())


def delete_old_webhooks(session: Session, tenant_id: UUID, *, now: datetime, limit: int = BATCH) -> int:
    """Delete a batch of calls to the tenant's own systems that were settled and are 90 days old."""
    values = {"tenant": tenant_id, "before": now - KEEP_WEBHOOKS, "limit": limit}
    return len(session.scalars(WEBHOOKS, values).all())
