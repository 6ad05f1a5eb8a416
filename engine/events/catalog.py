"""What a tenant's events are called and what they say, for pickers in the builder and the segment editor."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.rls import TENANT_NOW

RECENT = 2_000
"""How many of the newest events are looked at: enough to find what is in use, and the same cost for any tenant."""

MOST_NAMES = 500

NAMES = text(f"""
    WITH RECURSIVE names AS (
        (SELECT name, 1 AS number FROM events WHERE tenant_id = {TENANT_NOW} ORDER BY tenant_id, name LIMIT 1)
        UNION ALL
        SELECT (SELECT event.name FROM events event
                WHERE event.tenant_id = {TENANT_NOW} AND event.name > names.name
                ORDER BY event.tenant_id, event.name LIMIT 1),
            names.number + 1
        FROM names WHERE names.name IS NOT NULL AND names.number < :most
    )
    SELECT names.name,
        (SELECT count(*) FROM (
            SELECT FROM events event WHERE event.tenant_id = {TENANT_NOW} AND event.name = names.name
            LIMIT :recent) AS counted) AS frequency,
        (SELECT event.occurred_at FROM events event
            WHERE event.tenant_id = {TENANT_NOW} AND event.name = names.name
            ORDER BY event.occurred_at DESC LIMIT 1) AS last_at
    FROM names WHERE names.name IS NOT NULL
    ORDER BY frequency DESC, names.name
""")
"""Leaps from name to name through the index (tenant, name, time), so that the cost grows with the names, not
with the events; the count stops early, for only the order matters."""

PROPERTIES = text(f"""
    SELECT property, count(*) AS frequency
    FROM (
        SELECT properties FROM events
        WHERE tenant_id = {TENANT_NOW} AND name = :name
        ORDER BY occurred_at DESC LIMIT :recent
    ) AS newest, jsonb_object_keys(newest.properties) AS property
    GROUP BY property ORDER BY frequency DESC, property
""")


@dataclass(frozen=True, slots=True)
class EventSeen:
    """An event that was received: how often (`count` stops at 2,000) and when it happened last."""

    name: str
    count: int
    last_at: datetime


def events_seen(session: Session) -> list[EventSeen]:
    """The tenant's events by name, the most frequent first (those beyond 2,000 times by name)."""
    rows = session.execute(NAMES, {"most": MOST_NAMES, "recent": RECENT})
    return [EventSeen(row.name, row.frequency, row.last_at) for row in rows]


def event_names(session: Session) -> list[str]:
    """The names of `events_seen`, in its order."""
    return [event.name for event in events_seen(session)]


def property_names(session: Session, event_name: str) -> list[str]:
    """What the newest 2,000 events of this name say, the most frequent first."""
    return list(session.scalars(PROPERTIES, {"name": event_name, "recent": RECENT}))
