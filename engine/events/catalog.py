"""What a tenant's events are called and what they say, for pickers in the builder and the segment editor."""

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
            LIMIT :recent) AS counted) AS frequency
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


def event_names(session: Session) -> list[str]:
    """The names of the tenant's events, the most frequent first (those beyond 2,000 times by name)."""
    return list(session.scalars(NAMES, {"most": MOST_NAMES, "recent": RECENT}))


def property_names(session: Session, event_name: str) -> list[str]:
    """What the newest 2,000 events of this name say, the most frequent first."""
    return list(session.scalars(PROPERTIES, {"name": event_name, "recent": RECENT}))
