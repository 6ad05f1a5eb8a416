"""What the configs of a journey's steps may point at, by name: for the builder's lists and suggestions (J3)."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine.channels.interface import Channel
from engine.core.models import Tenant
from engine.events.catalog import event_names
from engine.landing.models import LandingPage
from engine.segments.fields import find_field, segment_fields
from engine.segments.models import Segment
from engine.segments.operators import ALIASES
from engine.segments.segments import field_values
from engine.templates.models import Template

PREVIEW_LENGTH = 600
EVENT_NAMES = 200
SAMPLE = 20

PROPERTIES = text("""
    SELECT wanted.name, array_agg(DISTINCT key.name) AS properties
    FROM unnest(CAST(:names AS text[])) AS wanted(name)
    CROSS JOIN LATERAL (
        SELECT properties FROM events
        WHERE events.name = wanted.name AND jsonb_typeof(properties) = 'object'
        ORDER BY occurred_at DESC LIMIT :sample
    ) AS recent
    CROSS JOIN LATERAL jsonb_object_keys(recent.properties) AS key(name)
    GROUP BY wanted.name
""")
"""The keys of the newest events' properties, for many names at once."""


def load_choices(session: Session) -> dict[str, Any]:
    """Templates, segments, forms, events with their properties, tags, rule fields and the currency, as JSON.

    Lists are `{"id", "name", …}`; `fields` are `engine.segments.field.FieldInfo`, `open_operators` those of
    fields any key names (`event.total`).
    """
    names = event_names(session)[:EVENT_NAMES]
    properties = session.execute(PROPERTIES, {"names": names, "sample": SAMPLE})
    return {
        "channels": [channel.value for channel in Channel],
        "templates": _templates(session),
        "segments": _segments(session),
        "forms": _forms(session),
        "events": [{"name": name} for name in names],
        "properties": {row.name: row.properties for row in properties},
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
        "aliases": {alias: operator.value for alias, operator in ALIASES.items()},
    }
