"""Letting customers in by the calendar: birthdays, silence, last days, schedules (J2).

Each calendar trigger of a live journey has a row that says up to when it has let customers in. The clock finds it
due every minute; whoever's moment lies between then and now enters, in chunks that are each committed. What is done
twice, because a worker died or a clock was put back, meets the same keys of entry and does nothing.

What was missed is made up for: after a stand-still of up to a week everybody enters once. But a birthday wish is let
go when the customer's day is over (by more than an hour), and of a schedule's missed times only the last counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.core.bulk import array_literal, insert_many
from engine.core.db import tenant_session
from engine.core.ids import key_of
from engine.core.poison import POISON
from engine.core.tenants import get_tenant
from engine.journeys.calendar_zones import load_window
from engine.journeys.entries import Entry, enrol
from engine.journeys.nodes.base import CalendarTrigger
from engine.journeys.occasions import question_of
from engine.journeys.occasions.question import Occurrence, Question
from engine.journeys.plan import Plan
from engine.journeys.versions import load_plans
from engine.segments.membership import refresh

BATCH = 100
"""Triggers looked at in one go."""

CHUNK = 5_000
"""Customers who enter in one transaction."""

EVERY = timedelta(seconds=60)
CATCH_UP = timedelta(days=7)

log = structlog.get_logger()

CLAIM = text("""
    SELECT run.journey_id, run.node_id, run.done_until, journey.live_version_id
    FROM calendar_runs run JOIN journeys journey ON journey.id = run.journey_id AND journey.status = 'live'
    WHERE run.tenant_id = :tenant AND run.due_at <= :now
    ORDER BY run.due_at LIMIT 1 FOR UPDATE OF run SKIP LOCKED
""")

DONE = text("""
    UPDATE calendar_runs SET done_until = :done_until, due_at = :due_at
    WHERE tenant_id = :tenant AND journey_id = :journey AND node_id = :node
""")

FORGET = text("""
    DELETE FROM calendar_runs
    WHERE tenant_id = :tenant AND journey_id = :journey AND node_id <> ALL(CAST(:nodes AS text[]))
""")

_RUNS = {
    "tenant_id": "uuid",
    "journey_id": "uuid",
    "node_id": "text",
    "done_until": "timestamptz",
    "due_at": "timestamptz",
}


@dataclass(frozen=True, slots=True)
class Due:
    """A trigger that is due, and up to when it has let customers in."""

    plan: Plan
    trigger: CalendarTrigger
    done_until: datetime


def keep_calendar(
    session: Session, tenant_id: UUID, journey_id: UUID, admitting: Plan | None, *, now: datetime
) -> None:
    """Keep a row for each calendar trigger of the version that admits customers; None: the journey admits nobody.

    A trigger that was there before goes on from where it was, so that nothing is lost or done twice when a journey
    is published again; one that is new, or was paused, begins now. Waits while the journey is letting customers in.
    """
    triggers = [each.id for each in _calendar_triggers(admitting)] if admitting else []
    place = {"tenant": tenant_id, "journey": journey_id}
    session.execute(FORGET, {**place, "nodes": array_literal(triggers)})
    rows = [(tenant_id, journey_id, node_id, now, now) for node_id in triggers]
    insert_many(session, "calendar_runs", _RUNS, rows, then="ON CONFLICT DO NOTHING")


def run_calendar(tenant_id: UUID, *, now: datetime, limit: int = BATCH) -> int:
    """Look at a tenant's calendar triggers that are due, and let in whoever's moment has come.

    Returns:
        How many triggers were looked at, at most `limit`; fewer than that: nothing more is due.
    """
    looked = 0
    while looked < limit and _run_next(tenant_id, now):
        looked += 1
    return looked


def _run_next(tenant_id: UUID, now: datetime) -> bool:
    """Take the next trigger that is due and keep it locked while customers enter in transactions of their own."""
    with tenant_session(tenant_id) as session:
        row = session.execute(CLAIM, {"tenant": tenant_id, "now": now}).one_or_none()
        if row is None:
            return False
        done_until = row.done_until
        try:
            with session.begin_nested():
                due = _due(session, row)
                if due is not None:
                    _let_in(session, tenant_id, due, now)
                    done_until = max(done_until, now)
        except POISON:
            log.exception("a calendar trigger failed", journey=str(row.journey_id), node=row.node_id)
        place = {"tenant": tenant_id, "journey": row.journey_id, "node": row.node_id}
        session.execute(DONE, {**place, "done_until": done_until, "due_at": now + EVERY})
    return True


def _due(session: Session, row: Any) -> Due | None:
    """The trigger of a row; None when its version cannot be run by this Safar, and is tried again later."""
    plan = load_plans(session, [row.live_version_id]).get(row.live_version_id)
    found = [each for each in _calendar_triggers(plan) if each.id == row.node_id] if plan else []
    return Due(plan, found[0], row.done_until) if plan and found else None


def _calendar_triggers(plan: Plan) -> list[CalendarTrigger]:
    return [each for each in plan.triggers if isinstance(each, CalendarTrigger)]


def _let_in(session: Session, tenant_id: UUID, due: Due, now: datetime) -> int:
    after = max(due.done_until, now - CATCH_UP)
    if after >= now:
        return 0
    question = question_of(due.trigger, load_window(session, after, now, get_tenant(session).timezone))
    if question is None:
        return 0
    if question.segment_id is not None:
        with tenant_session(tenant_id) as other:
            refresh(other, tenant_id, question.segment_id, now=now)
    return sum(
        _enrol(tenant_id, due, occurrences, now) for occurrences in _chunks(session, tenant_id, question)
    )


def _chunks(session: Session, tenant_id: UUID, question: Question) -> Iterator[list[Occurrence]]:
    """Who is meant, a chunk at a time, so that a million fits into memory."""
    parameters = {"tenant": tenant_id, **question.parameters}
    found = session.execute(question.query, parameters, execution_options={"yield_per": CHUNK})
    for rows in found.partitions(CHUNK):
        yield [each for row in rows if (each := question.read(row)) is not None]


def _enrol(tenant_id: UUID, due: Due, occurrences: Sequence[Occurrence], now: datetime) -> int:
    entries = [
        Entry(
            each.customer_id,
            due.trigger,
            key_of("calendar", due.plan.journey_id, due.trigger.id, each.customer_id, each.which),
            dict(each.data),
        )
        for each in occurrences
    ]
    with tenant_session(tenant_id) as session:
        return enrol(session, tenant_id, due.plan, entries, now=now)
