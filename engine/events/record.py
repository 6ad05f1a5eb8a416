"""Taking down what happened: each event once, and queued for the journeys that listen to its name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import as_json, insert_many, transpose, unnest
from engine.core.ids import new_id


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to record. `key` is its idempotency key: the same key is taken once."""

    customer_id: UUID
    name: str
    kind: str
    source: str
    properties: Mapping[str, Any]
    context: Mapping[str, Any]
    occurred_at: datetime
    key: UUID


_KEYS = {"key": "uuid"}

TAKE_KEYS = text(f"""
    INSERT INTO event_keys (tenant_id, key, received_at)
    SELECT :tenant, key, :now FROM {unnest(_KEYS)}
    ON CONFLICT DO NOTHING RETURNING key
""")

_EVENTS = {
    "id": "uuid",
    "occurred_at": "timestamptz",
    "tenant_id": "uuid",
    "customer_id": "uuid",
    "name": "text",
    "kind": "text",
    "source": "text",
    "properties": "jsonb",
    "context": "jsonb",
    "received_at": "timestamptz",
}

_QUEUE = {
    "event_id": "uuid",
    "customer_id": "uuid",
    "name": "text",
    "occurred_at": "timestamptz",
    "properties": "jsonb",
}

ENQUEUE = text(f"""
    INSERT INTO event_queue (tenant_id, event_id, customer_id, name, occurred_at, properties)
    SELECT :tenant, event_id, customer_id, name, occurred_at, properties FROM {unnest(_QUEUE)}
    WHERE name IN (SELECT interest.name FROM event_interests interest WHERE interest.tenant_id = :tenant)
""")


def record(
    session: Session,
    tenant_id: UUID,
    events: Sequence[NewEvent],
    *,
    now: datetime,
    live_after: datetime | None = None,
) -> list[UUID]:
    """Record events in three statements, whatever their number; returns the ids of those that were new.

    Args:
        live_after: events that happened before are history: kept, but shown to no journey (imports).
    """
    by_key = {event.key: event for event in events}
    if not by_key:
        return []
    taken = set(session.scalars(TAKE_KEYS, {"tenant": tenant_id, "now": now, "key": sorted(by_key)}))
    new = [(new_id(), event) for key, event in by_key.items() if key in taken]
    rows = [
        (
            event_id,
            event.occurred_at,
            tenant_id,
            event.customer_id,
            event.name,
            event.kind,
            event.source,
            as_json(event.properties),
            as_json(event.context),
            now,
        )
        for event_id, event in new
    ]
    insert_many(session, "events", _EVENTS, rows)
    queued = [
        (event_id, event.customer_id, event.name, event.occurred_at, as_json(event.properties))
        for event_id, event in new
        if live_after is None or event.occurred_at >= live_after
    ]
    if queued:
        session.execute(ENQUEUE, {"tenant": tenant_id, **transpose(_QUEUE, queued)})
    return [event_id for event_id, _ in new]
