"""The end of old runs through journeys (S4), and of journeys whose last day has passed (J6).

A customer's last entry by each trigger stays as a trace without its steps and what the event carried: "never again"
and "only the first time" would forget her otherwise. Who is under way, paused or stuck stays whole.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal
from engine.core.retention import BATCH, logs_end
from engine.journeys.models import JourneyStatus
from engine.journeys.moves import move

OLD = text(f"""
    SELECT old.id, NOT EXISTS (
            SELECT FROM journeys WHERE journeys.id = old.journey_id AND journeys.status <> '{JourneyStatus.ARCHIVED}'
        ) OR EXISTS (
            SELECT FROM enrolments later
            WHERE later.journey_id = old.journey_id AND later.customer_id = old.customer_id
                AND later.entered_at > old.entered_at AND later.trigger_id IS NOT DISTINCT FROM old.trigger_id
        ) AS may_go
    FROM enrolments old
    WHERE old.tenant_id = :tenant AND old.finished_at < :before AND NOT old.is_trace
        AND old.status IN ('completed', 'exited')
    ORDER BY old.finished_at LIMIT :limit FOR UPDATE OF old SKIP LOCKED
""")

STEPS = text("DELETE FROM steps WHERE enrolment_id = ANY(CAST(:ids AS uuid[]))")
GONE = text("DELETE FROM enrolments WHERE id = ANY(CAST(:ids AS uuid[]))")
TRACE = text("UPDATE enrolments SET is_trace = true, entry = '{}' WHERE id = ANY(CAST(:ids AS uuid[]))")

ENDED = text("""
    SELECT journeys.id FROM journeys JOIN journey_versions version ON version.id = journeys.live_version_id
    WHERE journeys.status = 'live' AND CAST(version.graph -> 'settings' ->> 'ends_on' AS date) < :today
    ORDER BY journeys.id
""")


def delete_old_enrolments(session: Session, tenant_id: UUID, *, now: datetime, limit: int = BATCH) -> int:
    """Delete a batch of runs that ended long ago, with their steps, or leave a trace of them; returns how many."""
    rows = session.execute(OLD, {"tenant": tenant_id, "before": logs_end(now), "limit": limit}).all()
    if rows:
        session.execute(STEPS, {"ids": array_literal([row.id for row in rows])})
        session.execute(GONE, {"ids": array_literal([row.id for row in rows if row.may_go])})
        session.execute(TRACE, {"ids": array_literal([row.id for row in rows if not row.may_go])})
    return len(rows)


def finish_ended_journeys(session: Session, tenant_id: UUID, *, today: date, now: datetime) -> int:
    """Let journeys whose last day has passed admit nobody; who is under way goes on. Returns how many.

    Args:
        today: the tenant's day.
    """
    ended = session.scalars(ENDED, {"today": today}).all()
    for journey_id in ended:
        move(session, tenant_id, journey_id, "finish", user_id=None, now=now)
    return len(ended)
