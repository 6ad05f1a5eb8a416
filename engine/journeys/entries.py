"""From event to enrolment: who enters which journey, once.

An event is taken from the queue and its enrolments are written in one transaction, so it is either still
queued or has entered everybody it should. `entry_key` makes a repeated event harmless, the partial unique
index keeps a customer from running through a journey twice at a time, and a lock for each journey makes the
question "was she in it before?" (re-entry, J6) have one answer.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal, as_json, transpose, unnest
from engine.core.db import tenant_session
from engine.core.ids import key_of, new_id
from engine.core.poison import POISON, in_parts
from engine.core.tally import Counted, count
from engine.core.tenants import get_tenant, today_of
from engine.customers.models import Customer
from engine.journeys.firsts import Firsts, first_of, firsts_among
from engine.journeys.graph import ReentryMode
from engine.journeys.hearing import note_finished, wake
from engine.journeys.nodes.base import CalendarTrigger, Trigger
from engine.journeys.plan import Plan
from engine.journeys.versions import live_plans
from engine.segments.compiler import matching_among
from engine.segments.models import SegmentMember
from engine.segments.rules import RuleGroup

BATCH = 1_000

log = structlog.get_logger()

_OPEN = "tenant_id = :tenant AND failed_reason IS NULL"

CLAIM = text(f"""
    DELETE FROM event_queue WHERE seq = ANY(ARRAY(
        SELECT seq FROM event_queue WHERE {_OPEN} ORDER BY seq LIMIT :limit FOR UPDATE SKIP LOCKED))
    RETURNING seq, event_id, customer_id, name, occurred_at, properties
""")
"""`ARRAY(SELECT …)` is asked once, whatever the planner thinks of a queue that was empty a moment ago."""

CLAIM_THESE = text("""
    DELETE FROM event_queue WHERE seq IN (
        SELECT seq FROM event_queue WHERE seq = ANY(CAST(:seqs AS bigint[])) FOR UPDATE SKIP LOCKED)
    RETURNING seq, event_id, customer_id, name, occurred_at, properties
""")

WAITING = text(f"SELECT seq FROM event_queue WHERE {_OPEN} ORDER BY seq LIMIT :limit")

SET_ASIDE = text("UPDATE event_queue SET failed_reason = :reason WHERE seq = :seq")

_COLUMNS = {
    "id": "uuid",
    "customer_id": "uuid",
    "node_id": "text",
    "entry_key": "uuid",
    "entry": "jsonb",
    "cooled_since": "timestamptz",
}

ENROL = text(f"""
    INSERT INTO enrolments (id, tenant_id, journey_id, version_id, customer_id, node_id, trigger_id, arrived_at,
        due_at, entry_key, entry, entered_at)
    SELECT id, :tenant, :journey, :version, customer_id, node_id, node_id, :now, :now, entry_key, entry, :now
    FROM {unnest(_COLUMNS)}
    WHERE (SELECT before.id FROM enrolments before
        WHERE before.journey_id = :journey AND before.customer_id = rows.customer_id AND before.entered_at > :since
        LIMIT 1) IS NULL
    AND (rows.cooled_since IS NULL OR (SELECT before.id FROM enrolments before
        WHERE before.journey_id = :journey AND before.customer_id = rows.customer_id
            AND before.entered_at > rows.cooled_since AND before.trigger_id = rows.node_id
        LIMIT 1) IS NULL)
    ON CONFLICT DO NOTHING
    RETURNING customer_id
""")
"""Asks by index for each customer: as an anti-join PostgreSQL reads all enrolments of the journey for every batch."""

HALF_A_DAY = timedelta(hours=12)
LONG_AGO = datetime.fromisoformat("0001-01-02T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Entry:
    """A customer at the door of a journey: by which trigger, and what the event carried."""

    customer_id: UUID
    trigger: Trigger
    key: UUID
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Routed:
    """What one batch did: events taken, enrolments made."""

    events: int
    enrolled: int


def route_events(tenant_id: UUID, *, now: datetime, limit: int = BATCH) -> Routed:
    """Show one batch of queued events to the journeys: to those under way first, then to those who may enter.

    A batch that cannot be stored is halved until the event that is to blame stands alone: it is set aside with the
    reason, and the others are shown.
    """
    try:
        with tenant_session(tenant_id) as session:
            rows = session.execute(CLAIM, {"tenant": tenant_id, "limit": limit}).all()
            return _route(session, tenant_id, rows, now=now)
    except POISON:
        log.exception("a batch of events failed", tenant=str(tenant_id))
    with tenant_session(tenant_id) as session:
        seqs = session.scalars(WAITING, {"tenant": tenant_id, "limit": limit}).all()
    parts = in_parts(
        seqs,
        lambda some: _route_these(tenant_id, some, now=now),
        lambda seq, reason: _set_aside(tenant_id, seq, reason),
    )
    return Routed(sum(part.events for part in parts), sum(part.enrolled for part in parts))


def _route_these(tenant_id: UUID, seqs: Sequence[int], *, now: datetime) -> Routed:
    with tenant_session(tenant_id) as session:
        rows = session.execute(CLAIM_THESE, {"seqs": array_literal(seqs)}).all()
        return _route(session, tenant_id, rows, now=now)


def _set_aside(tenant_id: UUID, seq: int, reason: str) -> Routed:
    with tenant_session(tenant_id) as session:
        session.execute(SET_ASIDE, {"seq": seq, "reason": reason})
    count(Counted.EVENTS_SET_ASIDE)
    return Routed(1, 0)


def _route(session: Session, tenant_id: UUID, rows: Sequence[Any], *, now: datetime) -> Routed:
    if not rows:
        return Routed(0, 0)
    rows = sorted(rows, key=lambda row: row.seq)
    plans = live_plans(session)
    wake(session, tenant_id, rows, now=now)
    firsts = firsts_among(session, tenant_id, rows, plans)
    enrolled = 0
    for plan in plans:
        note_finished(session, tenant_id, plan, rows, now=now)
        entries = [entry for row in rows for entry in entries_of(plan, row, firsts)]
        enrolled += enrol(session, tenant_id, plan, entries, now=now)
    return Routed(len(rows), enrolled)


def entries_of(plan: Plan, row: Any, firsts: Firsts) -> Iterator[Entry]:
    """The entry that an event is, by the first trigger that takes it; none when no trigger does."""
    for trigger in plan.triggers:
        if row.name not in trigger.events() or not trigger.admits(row.properties):
            continue
        activity = first_of(trigger)
        if activity is None or row.event_id in firsts.get(activity, ()):
            yield Entry(row.customer_id, trigger, row.event_id, row.properties)
            return


def enrol(session: Session, tenant_id: UUID, plan: Plan, entries: Sequence[Entry], *, now: datetime) -> int:
    """Enrol whoever may enter; returns how many did. One query a trigger and rule, one insert, whatever the number."""
    if not entries or not is_open(session, plan, now):
        return 0
    enrolled = 0
    for wave in one_each(entries):
        admitted = admit(session, plan, wave, now=now)
        if not admitted:
            continue
        lock_entries(session, plan.journey_id)
        rows = [
            (
                new_id(),
                each.customer_id,
                each.trigger.id,
                each.key,
                as_json(each.properties),
                cooled_since(each.trigger, now),
            )
            for each in admitted
        ]
        place = {
            "tenant": tenant_id,
            "journey": plan.journey_id,
            "version": plan.version_id,
            "now": now,
            "since": entered_since(plan, now),
        }
        enrolled += len(session.execute(ENROL, {**place, **transpose(_COLUMNS, rows)}).all())
    return enrolled


def lock_entries(session: Session, journey_id: UUID) -> None:
    """Until the transaction ends, nobody else lets customers into this journey."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(:key)"), {"key": journey_id.int & 0x7FFF_FFFF_FFFF_FFFF}
    )


def enrol_members(session: Session, tenant_id: UUID, plan: Plan, *, now: datetime) -> int:
    """Enrol those who are in a trigger's segment already, when it asks for them; used once, at publish."""
    entries = [
        Entry(
            customer_id,
            trigger,
            key_of("member", plan.journey_id, trigger.id, customer_id),
            dict(trigger.expects()),
        )
        for trigger in plan.triggers
        if (segment_id := trigger.existing_members_of()) is not None
        for customer_id in session.scalars(
            select(SegmentMember.customer_id).where(SegmentMember.segment_id == segment_id)
        )
    ]
    return enrol(session, tenant_id, plan, entries, now=now)


def is_open(session: Session, plan: Plan, now: datetime) -> bool:
    """Whether today lies between the journey's first and last day, on the tenant's calendar (J6)."""
    first, last = plan.settings.starts_on, plan.settings.ends_on
    if first is None and last is None:
        return True
    today = today_of(session, now)
    return (first is None or first <= today) and (last is None or today <= last)


def cooled_since(trigger: Trigger, now: datetime) -> datetime | None:
    """Whoever entered by this trigger after this moment may not enter by it again; a first time never comes again.

    The calendar comes round at the same hour, give or take a tick: 365 days let the next birthday in.
    """
    if first_of(trigger):
        return LONG_AGO
    days = trigger.config.cooldown_days
    if not days:
        return None
    grace = HALF_A_DAY if isinstance(trigger, CalendarTrigger) else timedelta(0)
    return now - timedelta(days=days) + grace


def entered_since(plan: Plan, now: datetime) -> datetime:
    """Whoever entered after this moment may not enter again."""
    match plan.settings.reentry:
        case ReentryMode.NEVER:
            return LONG_AGO
        case ReentryMode.AFTER_DAYS:
            return now - timedelta(days=plan.settings.reentry_days)
        case ReentryMode.ALWAYS:
            return now


def one_each(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Waves in which each customer stands once, in order: rules are asked about a customer and one event at a time."""
    by_customer: dict[UUID, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_customer[entry.customer_id].append(entry)
    while by_customer:
        yield [waiting.pop(0) for waiting in by_customer.values()]
        by_customer = defaultdict(list, {who: waiting for who, waiting in by_customer.items() if waiting})


def admit(
    session: Session, plan: Plan, entries: list[Entry], *, now: datetime, as_of: bool = False
) -> list[Entry]:
    """Those of the entries whom branches, entry rules and the triggers' own rules let in; each customer stands once.

    Args:
        as_of: ask the rules of what was known at `now`, for simulations of the past.
    """
    if plan.settings.branch_ids:
        scoped = select(Customer.id).where(
            Customer.id.in_([entry.customer_id for entry in entries]),
            Customer.branch_id.in_(plan.settings.branch_ids),
        )
        here = set(session.scalars(scoped))
        entries = [entry for entry in entries if entry.customer_id in here]
    if plan.entry_rules is not None:
        entries = _fitting(session, plan.entry_rules, entries, now=now, as_of=as_of)
    for trigger in plan.triggers:
        rules = plan.rules.get(trigger.id)
        if rules is not None:
            own = [entry for entry in entries if entry.trigger is trigger]
            fitting = {id(entry) for entry in _fitting(session, rules, own, now=now, as_of=as_of)}
            entries = [entry for entry in entries if entry.trigger is not trigger or id(entry) in fitting]
    return entries


def _fitting(
    session: Session, rules: RuleGroup, entries: list[Entry], *, now: datetime, as_of: bool
) -> list[Entry]:
    if not entries:
        return []
    who = matching_among(
        session,
        rules,
        [entry.customer_id for entry in entries],
        now=now,
        timezone=get_tenant(session).timezone,
        as_of=as_of,
        entries={entry.customer_id: entry.properties for entry in entries},
    )
    return [entry for entry in entries if entry.customer_id in who]
