"""The interpreter's shell: claim a batch of due enrolments, look up the facts, decide, write it all back.

One transaction a batch. The claimed rows stay locked until it commits, so a worker that dies loses nothing and
nobody repeats what it committed; what its nodes wanted done is queued in the same transaction (design decisions 2–5).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal, insert_many, transpose, unnest
from engine.core.db import tenant_session
from engine.core.tenants import get_tenant
from engine.delivery.window import zone_of
from engine.journeys.decide import Decision, decide
from engine.journeys.effects import apply_effects
from engine.journeys.nodes.base import Facts, Run
from engine.journeys.plan import Plan
from engine.journeys.versions import load_plans
from engine.segments.compiler import matching_among

BATCH = 1_000

CLAIM = text("""
    SELECT id, journey_id, version_id, customer_id, node_id, visit, arrived_at, entered_at, entry
    FROM enrolments
    WHERE tenant_id = :tenant AND status = 'active' AND due_at <= :now
    ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
""")

ZONES = text("SELECT id, timezone FROM customers WHERE id = ANY(CAST(:customers AS uuid[]))")

_MOVED = {
    "id": "uuid",
    "node_id": "text",
    "visit": "integer",
    "arrived_at": "timestamptz",
    "status": "text",
    "due_at": "timestamptz",
    "reason": "text",
}

MOVE = text(f"""
    UPDATE enrolments SET node_id = rows.node_id, visit = rows.visit, arrived_at = rows.arrived_at,
        status = rows.status, due_at = rows.due_at, reason = rows.reason,
        finished_at = CASE WHEN rows.due_at IS NULL THEN :now END
    FROM {unnest(_MOVED)} WHERE enrolments.id = rows.id
""")

_STEPS = {
    "enrolment_id": "uuid",
    "visit": "integer",
    "tenant_id": "uuid",
    "version_id": "uuid",
    "node_id": "text",
    "port": "text",
    "at": "timestamptz",
    "why": "text",
}

_COUNTS = {"tenant_id": "uuid", "version_id": "uuid", "node_id": "text", "port": "text", "steps": "integer"}


@dataclass(frozen=True, slots=True)
class Advanced:
    """What one batch did."""

    enrolments: int
    steps: int
    effects: int


def advance_due(tenant_id: UUID, *, now: datetime, limit: int = BATCH) -> Advanced:
    """Advance one batch of due enrolments of a tenant."""
    with tenant_session(tenant_id) as session:
        rows = session.execute(CLAIM, {"tenant": tenant_id, "now": now, "limit": limit}).all()
        if not rows:
            return Advanced(0, 0, 0)
        by_version = load_plans(session, {row.version_id for row in rows})
        plans = {row.id: by_version[row.version_id] for row in rows}
        runs = [_run(row) for row in rows]
        facts = load_facts(session, runs, plans, now=now)
        decisions = [decide(plans[run.id], run, facts, now) for run in runs]
        _store(session, tenant_id, decisions, plans, now=now)
        effects = [effect for decision in decisions for effect in decision.effects]
        apply_effects(session, tenant_id, effects, plans, now=now)
        return Advanced(len(runs), sum(len(decision.steps) for decision in decisions), len(effects))


def load_facts(
    session: Session, runs: Sequence[Run], plans: Mapping[UUID, Plan], *, now: datetime, as_of: bool = False
) -> Facts:
    """Ask every rule that some enrolment of the batch can come to: one query a rule node.

    Args:
        plans: by enrolment.
        as_of: answer from what was known at `now`, for simulations of the past.
    """
    timezone = get_tenant(session).timezone
    zones = _load_zones(session, [run for run in runs if plans[run.id].needs_zone], timezone)
    asking: dict[tuple[UUID, str], list[Run]] = defaultdict(list)
    for run in runs:
        for node_id in plans[run.id].rules_ahead.get(run.node_id, ()):
            asking[plans[run.id].version_id, node_id].append(run)
    matching: dict[str, set[UUID]] = defaultdict(set)
    for (_, node_id), some in asking.items():
        who = matching_among(
            session,
            plans[some[0].id].rules[node_id],
            [run.customer_id for run in some],
            now=now,
            timezone=timezone,
            as_of=as_of,
            entries={run.customer_id: dict(run.entry) for run in some},
        )
        matching[node_id] |= {run.id for run in some if run.customer_id in who}
    return Facts({node_id: frozenset(ids) for node_id, ids in matching.items()}, zones)


def _load_zones(session: Session, runs: Sequence[Run], timezone: str) -> dict[UUID, ZoneInfo]:
    """The customers' zones, the tenant's where theirs is unknown; one query, none when nobody asks."""
    if not runs:
        return {}
    customers = array_literal({run.customer_id for run in runs})
    rows = session.execute(ZONES, {"customers": customers})
    return {row.id: zone_of(row.timezone, timezone) for row in rows}


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
    )


def _store(
    session: Session,
    tenant_id: UUID,
    decisions: Sequence[Decision],
    plans: dict[UUID, Plan],
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
        )
        for each in decisions
    ]
    session.execute(MOVE, {**transpose(_MOVED, moved), "now": now})
    steps = [
        (
            each.run.id,
            step.visit,
            tenant_id,
            plans[each.run.id].version_id,
            step.node_id,
            step.port,
            now,
            step.why,
        )
        for each in decisions
        for step in each.steps
    ]
    insert_many(session, "steps", _STEPS, steps)
    counts = Counter((version_id, node_id, port) for _, _, _, version_id, node_id, port, _, _ in steps)
    insert_many(
        session, "step_counts", _COUNTS, [(tenant_id, *place, number) for place, number in counts.items()]
    )
