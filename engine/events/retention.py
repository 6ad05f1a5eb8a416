"""The end of old events: whole months are dropped at once, what lies outside of all months is deleted (F8)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.doors import drop_event_partitions
from engine.core.retention import BATCH, events_end

STRAY = text("""
    DELETE FROM events_other WHERE occurred_at < :before AND id = ANY(ARRAY(
        SELECT id FROM events_other WHERE tenant_id = :tenant AND occurred_at < :before LIMIT :limit))
    RETURNING id
""")


def drop_old_months(now: datetime) -> int:
    """Drop the months of events that are wholly older than events are kept; returns how many.

    Raises:
        OperationalError: events are in use just now; to be tried again.
    """
    return drop_event_partitions(events_end(now).date())


def delete_stray_events(session: Session, tenant_id: UUID, *, now: datetime, limit: int = BATCH) -> int:
    """Delete a batch of old events for whose month there is no partition; returns how many."""
    values = {"tenant": tenant_id, "before": events_end(now), "limit": limit}
    return len(session.execute(STRAY, values).all())
