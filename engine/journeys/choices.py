"""What the configs of a journey's steps may point at, by name: for the builder's lists and suggestions (J3)."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine.channels.interface import Channel
from engine.core.models import Tenant
from engine.landing.models import LandingPage
from engine.segments.fields import find_field, segment_fields
from engine.segments.models import Segment
from engine.segments.segments import field_values
from engine.templates.models import Template

PREVIEW_LENGTH = 600
EVENT_NAMES = 200
SAMPLE = 20

EVENTS_SEEN = text("""
    WITH RECURSIVE seen AS (
        (SELECT name, 1 AS place FROM events ORDER BY tenant_id, name LIMIT 1)
        UNION ALL
        SELECT (SELECT min(e.name) FROM events e WHERE e.name > seen.name), seen.place + 1
        FROM seen WHERE seen.name IS NOT NULL AND seen.place < :most
    )
    SELECT seen.name,
           coalesce(array_agg(DISTINCT key.name) FILTER (WHERE key.name IS NOT NULL), '{}') AS properties
    FROM seen
    LEFT JOIN LATERAL (
        SELECT properties FROM events e WHERE e.name = seen.name ORDER BY e.occurred_at DESC LIMIT :sample
    ) AS recent ON true
    LEFT JOIN LATERAL jsonb_object_keys(
        CASE WHEN jsonb_typeof(recent.properties) = 'object' THEN recent.properties ELSE '{}' END
    ) AS key(name) ON true
    WHERE seen.name IS NOT NULL
    GROUP BY seen.name ORDER BY seen.name
""")
"""Each event name once by walking the index, with the keys of its newest events' properties."""


def load_choices(session: Session) -> dict[str, Any]:
    """Templates, segments, forms, events with their properties, tags, rule fields and the currency, as JSON.

    Lists are `{"id", "name", …}`; `fields` are `engine.segments.field.FieldInfo`, `open_operators` those of
    fields any key names (`event.total`).
    """
    seen = session.execute(EVENTS_SEEN, {"most": EVENT_NAMES, "sample": SAMPLE}).all()
    return {
        "channels": [channel.value for channel in Channel],
        "templates": _templates(session),
        "segments": _segments(session),
        "forms": _forms(session),
        "events": [{"name": row.name} for row in seen],
        "properties": {row.name: row.properties for row in seen},
        "tags": field_values(session, "tags", limit=100),
        "currency": session.scalar(select(Tenant.currency)),
        **_rule_fields(),
    }


def _templates(session: Session) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Template.id, Template.name, Template.description, Template.channel, Template.contents)
        .where(Template.is_active)
        .order_by(Template.name)
    )
    return [
        {
            "id": str(row.id),
            "name": row.name,
            "about": row.description,
            "channel": row.channel,
            "locales": sorted(row.contents),
            **_preview(row.contents),
        }
        for row in rows
    ]


def _preview(contents: Mapping[str, Any]) -> dict[str, str]:
    parts: Mapping[str, str] = contents.get("en") or next(iter(contents.values()), {})
    return {"subject": parts.get("subject") or "", "preview": (parts.get("body") or "")[:PREVIEW_LENGTH]}


def _segments(session: Session) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Segment.id, Segment.name, Segment.customer_count)
        .where(Segment.is_active)
        .order_by(func.lower(Segment.name))
    )
    return [{"id": str(row.id), "name": row.name, "count": row.customer_count} for row in rows]


def _forms(session: Session) -> list[dict[str, Any]]:
    rows = session.execute(
        select(LandingPage.form_id, LandingPage.title, LandingPage.slug).order_by(LandingPage.title)
    )
    return [{"id": str(row.form_id), "name": row.title, "about": f"/{row.slug}"} for row in rows]


@lru_cache
def _rule_fields() -> dict[str, Any]:
    free = find_field("event.any")
    operators: Iterable[Any] = free.info().operators if free else ()
    return {
        "fields": [asdict(info) for info in segment_fields()],
        "open_operators": [asdict(operator) for operator in operators],
    }
