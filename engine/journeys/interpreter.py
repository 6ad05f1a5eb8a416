"""The interpreter's shell: claim a batch of due enrolments, look up the facts, decide, write it all back.

One transaction a batch. The claimed rows stay locked until it commits, so a worker that dies loses nothing and
nobody repeats what it committed; what its nodes wanted done is queued in the same transaction (design decisions 2–5).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal, as_json, insert_many, transpose, unnest
from engine.core.db import tenant_session
from engine.core.poison import POISON, in_parts, told
from engine.core.tally import Counted, count
from engine.delivery.outbox import skip_enrolments
from engine.journeys.counts import count_converted
from engine.journeys.decide import Decision, decide
from engine.journeys.effects import apply_effects
from engine.journeys.facts import load_facts
from engine.journeys.models import EnrolmentStatus
from engine.journeys.nodes.base import Facts, Run
from engine.journeys.plan import Plan
from engine.journeys.release import take_slots
from engine.journeys.versions import load_plans

BATCH = 1_000
FAILED = "This step could not be done"

log = structlog.get_logger()

_DUE = "tenant_id = :tenant AND status = 'active' AND due_at <= :now"

CLAIM = text(f"""
    SELECT id, journey_id, version_id, customer_id, node_id, visit, arrived_at, entered_at, entry, entry_key,
        promised_at, moved_visit
    FROM enrolments WHERE {_DUE}
    ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
""")

CLAIM_THESE = text(f"""
    SELECT id, journey_id, version_id, customer_id, node_id, visit, arrived_at, entered_at, entry, entry_key,
        promised_at, moved_visit
    FROM enrolments WHERE id = ANY(CAST(:ids AS uuid[])) AND {_DUE}
    ORDER BY id FOR UPDATE SKIP LOCKED
""")

DUE = text(f"SELECT id FROM enrolments WHERE {_DUE} ORDER BY due_at LIMIT :limit")

QUARANTINE = text("""
    UPDATE enrolments SET status = 'quarantined', due_at = NULL, reason = :reason
    WHERE id = :id AND status = 'active'
""")

_MOVED = {
    "id": "uuid",
    "node_id": "text",
    "visit": "integer",
    "arrived_at": "timestamptz",
    "status": "text",
    "due_at": "timestamptz",
    "reason": "text",
    "promised_at": "timestamptz",
    "converted_at": "timestamptz",
}

MOVE = text(f"""
    UPDATE enrolments SET node_id = rows.node_id, visit = rows.visit, arrived_at = rows.arrived_at,
        status = rows.status, due_at = rows.due_at, reason = rows.reason, promised_at = rows.promised_at,
        converted_at = coalesce(enrolments.converted_at, rows.converted_at),
        finished_at = CASE WHEN rows.due_at IS NULL THEN :now END
    FROM {unnest(_MOVED)} WHERE enrolments.id = rows.id
""")

_REACHED = {"id": "uuid", "converted_at": "timestamptz"}

COUNT_CONVERTED = text(f"""
    WITH reached AS (
        SELECT rows.id, rows.converted_at FROM {unnest(_REACHED)}
        JOIN enrolments ON enrolments.id = rows.id AND enrolments.converted_at IS NULL
    )
    {count_converted("reached")}
""")
"""Before they are marked as converted, so that each is counted once."""

_STEPS = {
    "enrolment_id": "uuid",
    "visit": "integer",
    "tenant_id": "uuid",
    "version_id": "uuid",
    "node_id": "text",
    "port": "text",
    "at": "timestamptz",
    "why": "text",
    "found": "jsonb",
}

_COUNTS = {"tenant_id": "uuid", "version_id": "uuid", "node_id": "text", "port": "text", "steps": "integer"}


@dataclass(frozen=True, slots=True)
class Advanced:
    """What one batch did."""

    enrolments: int
    steps: int
    effects: int


def advance_due(tenant_id: UUID, *, now: datetime, limit: int = BATCH) -> Advanced:
    """Advance one batch of due enrolments of a tenant.

    A batch that cannot be stored is halved until the enrolment that is to blame stands alone: it is quarantined with
    the reason, and the others go on.
    """
    try:
        with tenant_session(tenant_id) as session:
            rows = session.execute(CLAIM, {"tenant": tenant_id, "now": now, "limit": limit}).all()
            return _advance(session, tenant_id, rows, now=now)
    except POISON:
        log.exception("a batch of enrolments failed", tenant=str(tenant_id))
    with tenant_session(tenant_id) as session:
        due = session.scalars(DUE, {"tenant": tenant_id, "now": now, "limit": limit}).all()
    parts = in_parts(
        due,
        lambda some: _advance_these(tenant_id, some, now=now),
        lambda one, reason: _quarantine(tenant_id, one, reason),
    )
    return Advanced(
        sum(part.enrolments for part in parts),
        sum(part.steps for part in parts),
        sum(part.effects for part in parts),
    )


def _advance_these(tenant_id: UUID, ids: Sequence[UUID], *, now: datetime) -> Advanced:
    with tenant_session(tenant_id) as session:
        wanted = {"tenant": tenant_id, "now": now, "ids": array_literal(ids)}
        return _advance(session, tenant_id, session.execute(CLAIM_THESE, wanted).all(), now=now)


def _quarantine(tenant_id: UUID, enrolment_id: UUID, reason: str) -> Advanced:
    log.error("enrolment quarantined", tenant=str(tenant_id), enrolment=str(enrolment_id), reason=reason)
    with tenant_session(tenant_id) as session:
        session.execute(QUARANTINE, {"id": enrolment_id, "reason": f"{FAILED}: {reason}"})
    count(Counted.ENROLMENTS_QUARANTINED)
    return Advanced(1, 0, 0)


def _advance(session: Session, tenant_id: UUID, rows: Sequence[Any], *, now: datetime) -> Advanced:
    if not rows:
        return Advanced(0, 0, 0)
    by_version = load_plans(session, {row.version_id for row in rows})
    runnable = [row for row in rows if row.version_id in by_version]
    plans = {row.id: by_version[row.version_id] for row in runnable}
    runs = [_run(row) for row in runnable]
    facts = load_facts(session, runs, plans, now=now)
    slots = take_slots(session, tenant_id, [run for run in runs if run.id not in facts.exits], plans, now=now)
    facts = replace(facts, slots=slots) if slots else facts
    decisions = [decide_safely(plans[run.id], run, facts, now) for run in runs]
    decisions += [_unrunnable(row) for row in rows if row.version_id not in by_version]
    _store(session, tenant_id, decisions, {row.id: row.version_id for row in rows}, now=now)
    effects = [effect for decision in decisions for effect in decision.effects]
    apply_effects(session, tenant_id, effects, plans, now=now)
    _skip_messages(session, tenant_id, decisions)
    broken = sum(each.status is EnrolmentStatus.QUARANTINED for each in decisions)
    count(Counted.ENROLMENTS_QUARANTINED, broken)
    return Advanced(len(rows), sum(len(decision.steps) for decision in decisions), len(effects))


def decide_safely(plan: Plan, run: Run, facts: Facts, now: datetime) -> Decision:
    """As `decide`; an enrolment at which a node breaks is quarantined, and keeps nobody else from going on."""
    try:
        return decide(plan, run, facts, now)
    except POISON as error:
        log.exception("a step failed", node=run.node_id, enrolment=str(run.id))
        return Decision(run, EnrolmentStatus.QUARANTINED, None, f"{FAILED}: {told(error)}", (), ())


def _unrunnable(row: Any) -> Decision:
    reason = "This version of the journey cannot be run by this Safar"
    return Decision(_run(row), EnrolmentStatus.QUARANTINED, None, reason, (), ())


def _skip_messages(session: Session, tenant_id: UUID, decisions: Sequence[Decision]) -> None:
    """What those who had to leave still had in the outbox is not sent; the reasons are few."""
    for reason in {each.reason for each in decisions if each.left}:
        leaving = [
            (each.run.customer_id, each.run.id) for each in decisions if each.left and each.reason == reason
        ]
        skip_enrolments(session, tenant_id, leaving, reason or "Left the journey")


def _run(row: Any) -> Run:
    return Run(
        id=row.id,
        journey_id=row.journey_id,
        customer_id=row.customer_id,
        node_id=row.node_id,
        visit=row.visit,
        arrived_at=row.arrived_at,
        entered_at=row.entered_at,
        entry=row.entry,
        entry_key=row.entry_key,
        promised_at=row.promised_at,
        moved_visit=row.moved_visit,
    )


def _store(
    session: Session,
    tenant_id: UUID,
    decisions: Sequence[Decision],
    versions: Mapping[UUID, UUID],
    *,
    now: datetime,
) -> None:
    moved = [
        (
            each.run.id,
            each.run.node_id,
            each.run.visit,
            each.run.arrived_at,
            each.status.value,
            each.due_at,
            each.reason,
            each.promised_at,
            each.converted_at,
        )
        for each in decisions
    ]
    reached = [(each.run.id, each.converted_at) for each in decisions if each.converted_at]
    if reached:
        session.execute(COUNT_CONVERTED, {"tenant": tenant_id, **transpose(_REACHED, reached)})
    session.execute(MOVE, {**transpose(_MOVED, moved), "now": now})
    steps = [
        (
            each.run.id,
            step.visit,
            tenant_id,
            versions[each.run.id],
            step.node_id,
            step.port,
            now,
            step.why,
            as_json(step.found) if step.found else None,
        )
        for each in decisions
        for step in each.steps
    ]
    insert_many(session, "steps", _STEPS, steps)
    counts = Counter((version_id, node_id, port) for _, _, _, version_id, node_id, port, *_ in steps)
    insert_many(
        session, "step_counts", _COUNTS, [(tenant_id, *place, number) for place, number in counts.items()]
    )
