"""What the configs of a journey's steps may point at, by name: for the builder's lists and suggestions (J3)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from sqlalchemy import false, func, select, text
from sqlalchemy.orm import Session

from engine.channels.interface import Channel
from engine.core.models import Branch, Tenant
from engine.core.rls import TENANT_NOW
from engine.core.staff import list_staff
from engine.core.tenants import get_tenant
from engine.events.catalog import events_seen
from engine.journeys.models import Journey, JourneyStatus, JourneyVersion
from engine.journeys.values import ATTRIBUTE_PREFIX, DATES, VALUES, value_words
from engine.landing.models import LandingPage
from engine.offers.models import Coupon
from engine.offers.words import day_words, discount_words
from engine.segments.fields import find_field, segment_fields
from engine.segments.models import Segment
from engine.segments.operators import ALIASES
from engine.segments.segments import field_values
from engine.templates.liquid import noting_missing
from engine.templates.models import Template
from engine.templates.rendering import Compiled, TemplateProblem, compile_template, render
from engine.templates.templates import SAMPLE as SAMPLE_CUSTOMER

PREVIEW_LENGTH = 600
EVENT_NAMES = 200
SAMPLE = 20
CUSTOMERS_SAMPLED = 2_000
VALUES_SHOWN = 30
SAMPLES_SHOWN = 3
LONGEST_SAMPLE = 40
PREVIEW_LANGUAGES = 4
MANUAL = {"nodes": [{"type": "trigger.manual"}]}
"""What a graph contains whose customers can be let in by hand or by another journey."""

PROPERTIES = text("""
    SELECT wanted.name, jsonb_object_agg(seen.key, seen.samples ORDER BY seen.key) AS properties
    FROM unnest(CAST(:names AS text[])) AS wanted(name)
    CROSS JOIN LATERAL (
        SELECT pair.key, (array_agg(DISTINCT left(pair.value, :longest))
            FILTER (WHERE pair.value <> ''))[1 : :shown] AS samples
        FROM (
            SELECT properties FROM events
            WHERE events.name = wanted.name AND jsonb_typeof(properties) = 'object'
            ORDER BY occurred_at DESC LIMIT :sample
        ) AS recent
        CROSS JOIN LATERAL jsonb_each_text(recent.properties) AS pair
        GROUP BY pair.key
    ) AS seen
    GROUP BY wanted.name
""")
"""The keys of the newest events' properties with some of their values, for many names at once."""


IN_WORDS = tuple(name for name in VALUES if name not in DATES and name != "first_name")
"""Columns whose values are few, so that the cases of a branch can be chosen from those in use."""

IN_USE = text(f"""
    WITH newest AS (
        SELECT {", ".join(IN_WORDS)}, attributes FROM customers
        WHERE tenant_id = {TENANT_NOW} ORDER BY created_at DESC, id DESC LIMIT :customers
    ), pairs AS (
        SELECT pair.name, pair.value FROM newest
        CROSS JOIN LATERAL (VALUES {", ".join(f"('{name}', {name})" for name in IN_WORDS)}) AS pair(name, value)
        UNION ALL
        SELECT '{ATTRIBUTE_PREFIX}' || pair.key, pair.value
        FROM newest CROSS JOIN LATERAL jsonb_each_text(newest.attributes) AS pair
    ), counted AS (
        SELECT name, value, row_number() OVER (PARTITION BY name ORDER BY count(*) DESC, value) AS place
        FROM pairs WHERE value <> '' GROUP BY name, value
    )
    SELECT name, array_agg(left(value, 100) ORDER BY place) AS values
    FROM counted WHERE place <= :shown GROUP BY name ORDER BY name
""")
"""The most frequent values of the newest customers, by column and attribute: the same cost for any tenant."""


def load_choices(session: Session) -> dict[str, Any]:
    """Templates, segments, forms, events with their properties, tags, rule fields and the currency, as JSON.

    Lists are `{"id", "name", …}`; `lists` are the segments that are lists, `journeys` all that are not archived, with
    `manual` for those that can be started by hand; `previews` of a template are by language; `property_samples` are
    values in use by event and property; `values` are what steps may ask for by name, `samples` the values in use by
    that name. `fields` are `engine.segments.field.FieldInfo`, `open_operators` those of fields any key names
    (`event.total`).
    """
    events = events_seen(session)[:EVENT_NAMES]
    properties = _properties(session, [event.name for event in events])
    segments = list_segments(session)
    samples = _samples(session)
    return {
        "channels": [channel.value for channel in Channel],
        "templates": _templates(session),
        "segments": segments,
        "lists": [segment for segment in segments if segment["is_list"]],
        "branches": list_branches(session),
        "staff": [_named(person) for person in list_staff(session)],
        "journeys": _journeys(session),
        "coupons": _coupons(session),
        "values": _values(samples),
        "samples": samples,
        "forms": _forms(session),
        "events": [
            {"name": event.name, "count": event.count, "last_at": event.last_at.isoformat()}
            for event in events
        ],
        "properties": {name: sorted(seen) for name, seen in properties.items()},
        "property_samples": properties,
        "tags": field_values(session, "tags", limit=100),
        "currency": session.scalar(select(Tenant.currency)),
        **_rule_fields(),
    }


def _properties(session: Session, names: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    limits = {"sample": SAMPLE, "shown": SAMPLES_SHOWN, "longest": LONGEST_SAMPLE}
    rows = session.execute(PROPERTIES, {"names": list(names), **limits})
    return {row.name: {key: values or [] for key, values in row.properties.items()} for row in rows}


def _templates(session: Session) -> list[dict[str, Any]]:
    rows = session.execute(
        select(
            Template.id,
            Template.name,
            Template.description,
            Template.channel,
            Template.version,
            Template.contents,
            Template.whatsapp,
        )
        .where(Template.is_active)
        .order_by(Template.name)
    )
    tenant = get_tenant(session)
    sender = {"name": tenant.name, "timezone": tenant.timezone, "currency": tenant.currency}
    sample = {**SAMPLE_CUSTOMER, "tenant": sender}
    return [
        {
            "id": str(row.id),
            "name": row.name,
            "about": row.description,
            "channel": row.channel,
            "locales": sorted(row.contents),
            "previews": _previews(row, sample),
        }
        for row in rows
    ]


def _previews(row: Any, sample: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """How the message looks for a sample customer, by language, English and Hindi first: `{subject, text, missing}`."""
    compiled = compile_template(row.id, row.version, row.channel, row.contents, row.whatsapp)
    locales = sorted(row.contents, key=lambda locale: (locale != "en", locale != "hi", locale))
    return {locale: _preview(compiled, sample, locale) for locale in locales[:PREVIEW_LANGUAGES]}


def _preview(compiled: Compiled, sample: Mapping[str, Any], locale: str) -> dict[str, Any]:
    with noting_missing() as missing:
        try:
            message = render(compiled, sample, language=locale, default_language=locale)
        except TemplateProblem as problem:
            return {"subject": "", "text": "", "problem": problem.message, "missing": list(missing)}
    return {
        "subject": message.subject or "",
        "text": message.body[:PREVIEW_LENGTH],
        "missing": list(missing),
    }


def _named(row: Any, **more: Any) -> dict[str, Any]:
    return {"id": str(row.id), "name": row.name, **more}


def list_segments(session: Session) -> list[dict[str, Any]]:
    """Segments and lists to choose from: id, name, how many were in it at its last refresh, whether it is a list."""
    rows = session.execute(
        select(Segment.id, Segment.name, Segment.customer_count, Segment.is_dynamic)
        .where(Segment.is_active)
        .order_by(func.lower(Segment.name))
    )
    return [_named(row, count=row.customer_count, is_list=not row.is_dynamic) for row in rows]


def list_branches(session: Session) -> list[dict[str, Any]]:
    """Branches by name: id, name and, where it is another, the city."""
    rows = session.execute(select(Branch.id, Branch.name, Branch.city).order_by(Branch.name))
    return [_named(row, about=row.city if row.city != row.name else "") for row in rows]


def _journeys(session: Session) -> list[dict[str, Any]]:
    manual = (Journey.status == JourneyStatus.LIVE) & JourneyVersion.graph.contains(MANUAL)
    rows = session.execute(
        select(Journey.id, Journey.name, func.coalesce(manual, false()).label("manual"))
        .outerjoin(JourneyVersion, JourneyVersion.id == Journey.live_version_id)
        .where(Journey.status != JourneyStatus.ARCHIVED)
        .order_by(func.lower(Journey.name))
    )
    return [_named(row, manual=row.manual) for row in rows]


def _coupons(session: Session) -> list[dict[str, Any]]:
    """Those that are switched on, with what they give and until when."""
    rows = session.execute(
        select(Coupon, Tenant.currency)
        .join(Tenant, Tenant.id == Coupon.tenant_id)
        .where(Coupon.is_active)
        .order_by(func.lower(Coupon.name))
    )
    return [
        _named(each, about=f"{discount_words(each, currency)}, until {day_words(each.valid_until)}")
        for each, currency in rows
    ]


def _samples(session: Session) -> dict[str, list[str]]:
    rows = session.execute(IN_USE, {"customers": CUSTOMERS_SAMPLED, "shown": VALUES_SHOWN})
    return {row.name: row.values for row in rows}


def _values(samples: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Columns by their kind; of attributes nobody can tell beforehand whether they are dates."""
    columns = [
        {"id": name, "name": label, "about": "Customer", "kind": "date" if name in DATES else "text"}
        for name, label in VALUES.items()
    ]
    attributes = [name for name in samples if name.startswith(ATTRIBUTE_PREFIX)]
    return columns + [
        {"id": name, "name": value_words(name), "about": "Custom attribute", "kind": "any"}
        for name in attributes
    ]


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
