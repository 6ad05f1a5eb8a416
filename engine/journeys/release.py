"""Letting on only so many an hour: each enrolment takes the next free moment of its node, once (J3)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import transpose, unnest
from engine.journeys.nodes.base import Run
from engine.journeys.plan import Plan

MISSED = timedelta(minutes=5)
"""A moment that passed earlier was missed: its journey was paused, or nobody worked."""

_TAKEN = {"journey_id": "uuid", "node_id": "text", "taken": "double precision"}

TAKE = text(f"""
    INSERT INTO release_rates (tenant_id, journey_id, node_id, next_at)
    SELECT :tenant, journey_id, node_id, CAST(:now AS timestamptz) + make_interval(secs => taken) FROM {unnest(_TAKEN)}
    ORDER BY journey_id, node_id
    ON CONFLICT (tenant_id, journey_id, node_id) DO UPDATE
        SET next_at = greatest(release_rates.next_at, :now) + (excluded.next_at - CAST(:now AS timestamptz))
    RETURNING journey_id, node_id, next_at
""")


def take_slots(
    session: Session, tenant_id: UUID, runs: Sequence[Run], plans: Mapping[UUID, Plan], *, now: datetime
) -> dict[tuple[UUID, int], datetime]:
    """The moments at which these enrolments may go on, by enrolment and visit, for those at a rate-limited wait who
    have none yet, or whose own has passed long ago: after a pause nobody goes on all at once.

    Moments of one node lie its interval apart, whatever the number of workers: they take turns at its row.
    """
    waiting: dict[tuple[UUID, str], list[Run]] = defaultdict(list)
    for run in runs:
        node = plans[run.id].nodes.get(run.node_id)
        if node is not None and node.release_interval() and _needs_moment(run, now):
            waiting[run.journey_id, run.node_id].append(run)
    if not waiting:
        return {}
    intervals = {place: _interval(plans[some[0].id], place[1]) for place, some in waiting.items()}
    rows = [(*place, intervals[place].total_seconds() * len(some)) for place, some in waiting.items()]
    taken = session.execute(TAKE, {"tenant": tenant_id, "now": now, **transpose(_TAKEN, rows)})
    slots: dict[tuple[UUID, int], datetime] = {}
    for row in taken:
        some = sorted(waiting[row.journey_id, row.node_id], key=lambda run: run.arrived_at)
        interval = intervals[row.journey_id, row.node_id]
        first = row.next_at - interval * len(some)
        slots |= {(run.id, run.visit): first + interval * place for place, run in enumerate(some)}
    return slots


def _needs_moment(run: Run, now: datetime) -> bool:
    return run.promised_at is None or run.promised_at < now - MISSED


def _interval(plan: Plan, node_id: str) -> timedelta:
    interval = plan.nodes[node_id].release_interval()
    assert interval is not None
    return interval
