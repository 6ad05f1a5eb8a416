"""Who has a journey open: each browser tab says so every few seconds, and is forgotten when it stops (issue 4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

BEAT = timedelta(seconds=4)
"""How often a tab gives a sign of life."""

GONE = timedelta(seconds=12)
"""Three signs missed: the tab was closed, or is offline."""

BUSY = timedelta(seconds=20)
"""So long after the last change somebody still counts as editing."""

LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class Companion:
    """Somebody else who has the journey open, once for all their tabs: the step they have selected, or ``."""

    user_id: UUID
    name: str
    node_id: str
    is_editing: bool


@dataclass(frozen=True, slots=True)
class LookAround:
    """The others, and the revision of the draft that is saved by now."""

    companions: tuple[Companion, ...]
    revision: int


BEAT_ONCE = text("""
    INSERT INTO presences (journey_id, client_id, tenant_id, user_id, node_id, seen_at)
    SELECT id, :client, tenant_id, :user, :node, :now FROM journeys WHERE id = :journey
    ON CONFLICT (journey_id, client_id) DO UPDATE
        SET node_id = excluded.node_id, seen_at = excluded.seen_at, user_id = excluded.user_id
""")

EDITED = text("""
    UPDATE presences SET edited_at = :now, seen_at = :now WHERE journey_id = :journey AND client_id = :client
""")

SWEEP = text("DELETE FROM presences WHERE journey_id = :journey AND seen_at <= :gone")

LEAVE = text("DELETE FROM presences WHERE journey_id = :journey AND client_id = :client")

OTHERS = text("""
    SELECT DISTINCT ON (users.name, users.id) users.id, users.name, presences.node_id,
        coalesce(max(presences.edited_at) OVER (PARTITION BY users.id) > :busy, false) AS is_editing
    FROM presences JOIN users ON users.id = presences.user_id
    WHERE presences.journey_id = :journey AND presences.user_id <> :user AND presences.seen_at > :gone
    ORDER BY users.name, users.id, presences.edited_at DESC NULLS LAST, presences.seen_at DESC
""")

REVISION = text("SELECT revision FROM journeys WHERE id = :journey")


def look_around(
    session: Session, journey_id: UUID, *, client_id: UUID, user_id: UUID, node_id: str, now: datetime
) -> LookAround:
    """Give a sign of life and see who else is there; of somebody's tabs the one they edited in last counts.

    A journey that is gone has nobody in it and revision 0.
    """
    place = {"journey": journey_id, "client": client_id, "user": user_id, "gone": now - GONE}
    session.execute(SWEEP, place)
    session.execute(BEAT_ONCE, {**place, "node": node_id[:LONGEST_ID], "now": now})
    others = session.execute(OTHERS, {**place, "busy": now - BUSY})
    return LookAround(
        companions=tuple(Companion(*row) for row in others),
        revision=session.scalar(REVISION, place) or 0,
    )


def note_edit(session: Session, journey_id: UUID, *, client_id: UUID, now: datetime) -> None:
    """This tab has just saved a change."""
    session.execute(EDITED, {"journey": journey_id, "client": client_id, "now": now})


def leave(session: Session, journey_id: UUID, *, client_id: UUID) -> None:
    """This tab shows something else now."""
    session.execute(LEAVE, {"journey": journey_id, "client": client_id})
